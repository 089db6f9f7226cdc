/**
 * The program that runs the suite once: `run-mode.ts MODE FOLDER`. The gateway stands in front of the suite's own server,
 * with formatting off for what that sends (threat 33). Prints what came of each test as JSON.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProgram } from '../program.ts';
import type { TestOutcome } from './outcome.ts';
import { loadSuite, type Suite } from './suite.ts';
import { makeSuiteFetch } from './suite-fetch.ts';

/** Reverse mode serves the sites that it knows by name. */
const SITE = 'suite.test';

async function main(mode: string, suiteFolder: string): Promise<void> {
  // What the suite remarks by the way is no result.
  console.log = () => undefined;
  const suite = await loadSuite(suiteFolder);
  const folder = await mkdtemp(join(tmpdir(), 'cache-tests-'));
  const origin = await openOrigin(suite);
  await writeFile(join(folder, 'sites.json'), JSON.stringify([{ host: SITE, upstream: origin.url, personal: false }]));
  const program = await openProgram({
    DATA_DIR: join(folder, 'data'),
    SITES: join(folder, 'sites.json'),
    UPSTREAM_ALLOW: '127.0.0.1',
    FORMATS_OFF: 'text/plain',
    // The suite asks a hundred things at once, and breaks off connections on purpose.
    ORIGIN_CONNECTIONS: '100',
    BREAKER_FAILURES: '1000',
    LOG_LEVEL: 'silent',
  });
  try {
    const isForward = mode === 'forward';
    const fetch = makeSuiteFetch(new URL(program.origin), isForward);
    const results = await suite.run(fetch, isForward ? origin.url : `http://${SITE}`);
    process.stdout.write(JSON.stringify(outcomesOf(suite, results)));
  } finally {
    await program.close();
    origin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function outcomesOf(suite: Suite, results: Awaited<ReturnType<Suite['run']>>): TestOutcome[] {
  return suite.groups
    .flatMap(({ tests }) => tests)
    .filter(({ browser_only: isForBrowsers = false }) => !isForBrowsers)
    .map(({ id, name, kind = 'required' }) => {
      const result = results[id] ?? ['Run', 'it was not run'];
      const hasPassed = ['✅', 'Y'].includes(suite.symbolOf(id, results));
      return { id, name, kind, hasPassed, said: result === true ? 'a test it depends on failed' : result.join(': ') };
    });
}

// The suite's own server would listen to the whole network.
async function openOrigin({ handlers }: Suite): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const [first = '', ...path] = new URL(request.url ?? '/', 'http://origin').pathname.slice(1).split('/');
    const handle = handlers[first];
    if (handle === undefined) response.writeHead(404).end();
    else handle(path, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

await main(process.argv[2]!, process.argv[3]!);
process.exit(0);
