/** Pages of our own in the form that a client asks for by name: Markdown for agents, text for terminals, decks for WAP phones. */
import { type Executor, FormatFailure } from '../../core/executor.ts';
import type { Log } from '../../core/log.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { FormatterRegistry } from '../../formatters/registry.ts';
import { chooseNamedFormat } from '../own-format.ts';
import { findPlansOf } from '../plan-memo.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';

/** What makes the forms: the same formatters as for any page. */
export interface PageFormParts {
  readonly executor: Executor;
  readonly registry: () => FormatterRegistry;
  readonly suspended: () => ReadonlySet<string>;
  readonly log: Log;
}

/** The page a reply holds, in the form that the client asks for. */
export type PageForms = (reply: Reply, received: Received, read: VaryRecorder) => Promise<Reply>;

const MEDIA_TYPES = { markdown: 'text/markdown', text: 'text/plain', wml: 'text/vnd.wap.wml' } as const;

/**
 * Who names none of these forms, or HTML before them, gets the page as it is; so does everybody where no formatter can make
 * the form, for a page in the wrong form is better than none.
 */
export function makePageForms(parts: PageFormParts): PageForms {
  return async (reply, received, read) => {
    if (!/^text\/html\b/.test(reply.fields.get('content-type') ?? '') || !(reply.body instanceof Uint8Array))
      return reply;
    const format = chooseNamedFormat(read, ['html', 'markdown', 'text', 'wml']);
    if (format === undefined || format === 'html' || format === 'json') return reply;
    try {
      return await inForm(reply, reply.body, { received, mediaType: MEDIA_TYPES[format], parts });
    } catch (error) {
      if (!(error instanceof FormatFailure)) throw error;
      parts.log.warn('formatting failed', { formatter: error.formatter, kind: error.kind, reason: error.message });
      return reply;
    }
  };
}

interface Wanted {
  readonly received: Received;
  readonly mediaType: string;
  readonly parts: PageFormParts;
}

/** @throws FormatFailure */
async function inForm(reply: Reply, body: Uint8Array, { received, mediaType, parts }: Wanted): Promise<Reply> {
  const wish = { mediaType, rank: [0], required: {}, optional: {}, presentation: 'full' };
  const without = parts.suspended();
  const found = findPlansOf(parts.registry(), { from: 'text/html', wishes: [wish], without, limit: 1 }).plans[0];
  if (found === undefined) return reply;
  const { authority, path, peer, connection } = received;
  const url = `${peer.secure ? 'https' : 'http'}://${authority || 'localhost'}${path}`;
  const job = { plan: found.plan, body, mediaType: 'text/html', charset: 'utf-8', url, fields: {} };
  const outcome = await parts.executor.run(job, connection.signal);
  const fields = reply.fields.clone();
  fields.set('content-type', `${outcome.mediaType}; charset=${outcome.charset ?? 'utf-8'}`);
  for (const note of outcome.notes)
    if (note.event === 'fields')
      for (const [name, value] of Object.entries(note.fields)) fields.set(name, String(value));
  return { ...reply, fields, body: Buffer.from(outcome.body) };
}
