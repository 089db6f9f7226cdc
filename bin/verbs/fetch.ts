/** `fetch URL`: the whole pipeline without a server; the body on standard output, the trace on standard error. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/config.ts';
import { Fields } from '../../core/fields.ts';
import { silentLog } from '../../core/log.ts';
import { isPresentation, PRESENTATIONS } from '../../core/presentation.ts';
import { makeRequestId, type Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import { readSettings } from '../../server/read-settings.ts';

interface Options {
  readonly profile?: string;
  readonly as?: string;
  readonly accept?: string;
  readonly userAgent?: string;
  readonly trace?: boolean;
  readonly json?: boolean;
}

export function addFetchVerb(program: Command): void {
  program
    .command('fetch <url>')
    .description('Fetch an address through the whole chain, without a server. Exit code 1 when the reply is an error.')
    .option('--profile <name>', 'profile to be served as')
    .addOption(new Option('--as <presentation>', 'presentation').choices([...PRESENTATIONS]))
    .option('--accept <field>', 'Accept field to send', '*/*')
    .option('--user-agent <text>', 'User-Agent to be detected by', 'format-gateway')
    .option('--trace', 'tell the steps on standard error')
    .option('--json', 'print status, fields, body and explanation as JSON')
    .action(runFetch);
}

async function runFetch(url: string, options: Options): Promise<void> {
  const settings = readSettings({ ...readEnvironment(), WORKERS: '1', POOL: '1' });
  const [{ openParts }, { serve }] = await Promise.all([
    import('../../server/parts.ts'),
    import('../../gateway/serve.ts'),
  ]);
  const parts = await openParts(settings, { clock: systemClock, log: silentLog });
  try {
    const lead = options.as !== undefined && isPresentation(options.as) ? `/-/as/${options.as}/` : '/';
    const reply = await serve(request(`${lead}${url}`, options), parts.gateway);
    const explanation =
      options.trace || options.json
        ? await explanationOf(url, options, (asked) => serve(asked, parts.gateway))
        : undefined;
    if (options.trace) printTrace(reply, explanation);
    if (options.json) await printJson(reply, explanation);
    else await printBody(reply);
    if (reply.status >= 400) process.exitCode = 1;
  } finally {
    await parts.close();
  }
}

function request(
  path: string,
  { profile, accept, userAgent }: Options,
  explained?: Readonly<Record<string, string>>,
): Received {
  const fields = Fields.from({
    host: 'localhost',
    'user-agent': userAgent,
    accept,
    ...(profile === undefined ? {} : { 'format-profile': profile }),
    ...explained,
  });
  return {
    id: makeRequestId(),
    method: 'GET',
    fields,
    authority: 'localhost',
    form: 'origin',
    path,
    absolute: undefined,
    peer: { address: '127.0.0.1', secure: false, trusted: false, localAddress: '127.0.0.1', localPort: 0 },
    httpVersion: '1.1',
    body: Readable.from([]),
    hasBody: false,
    connection: new AbortController(),
  };
}

async function explanationOf(
  url: string,
  options: Options,
  answer: (asked: Received) => Promise<Reply>,
): Promise<unknown> {
  const lead = options.as === undefined ? '/-/explain/' : `/-/explain/-/as/${options.as}/`;
  const reply = await answer(
    request(`${lead}${url}`, options, { accept: 'application/json', 'explain-accept': options.accept ?? '*/*' }),
  );
  return JSON.parse((await bodyOf(reply)).toString('utf8')) as unknown;
}

function printTrace(reply: Reply, explanation: unknown): void {
  console.error(`status ${reply.status}`);
  for (const [name, value] of reply.fields) console.error(`${name}: ${value}`);
  console.error(JSON.stringify(explanation, null, 2));
}

async function printJson(reply: Reply, explanation: unknown): Promise<void> {
  const body = (await bodyOf(reply)).toString('utf8');
  console.log(JSON.stringify({ status: reply.status, fields: reply.fields.entries(), body, explanation }, null, 2));
}

async function printBody({ body }: Reply): Promise<void> {
  if (body instanceof Readable) await pipeline(body, process.stdout, { end: false });
  else if (body !== undefined) await new Promise((resolve) => process.stdout.write(body, resolve));
}

async function bodyOf({ body }: Reply): Promise<Buffer> {
  return body instanceof Readable ? await buffer(body) : Buffer.from(body ?? '');
}
