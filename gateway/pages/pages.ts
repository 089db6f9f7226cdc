/** The gateway's own pages, by name. */
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { OwnPage } from '../target.ts';
import { makeTextReply } from './layout.ts';
import type { PageForms } from './page-forms.ts';

/** Answers one page. */
export type PageHandler = (received: Received, page: OwnPage, read: VaryRecorder) => Promise<Reply> | Reply;

export interface Pages {
  /** @throws GatewayError NOT_FOUND for a page this server does not have, METHOD_NOT_ALLOWED. */
  answer(received: Received, page: OwnPage, read: VaryRecorder): Promise<Reply>;
}

/** A page with the methods it answers. */
export interface PageEntry {
  readonly methods: readonly string[];
  readonly handle: PageHandler;
  /** True where a component answers: its bytes are its own. */
  readonly foreign?: boolean;
}

/** Puts pages behind one front: methods checked, each in the form that is asked for, HEAD without a body. */
export function makePages(entries: Readonly<Record<string, PageEntry>>, inForm: PageForms): Pages {
  return {
    async answer(received, page, read) {
      const entry = Object.hasOwn(entries, page.name) ? entries[page.name] : undefined;
      if (entry === undefined) throw new GatewayError('NOT_FOUND', { path: `${page.gatewayPath}${page.name}` });
      const allowed = entry.methods.includes('GET') ? ['HEAD', ...entry.methods] : entry.methods;
      if (!allowed.includes(received.method)) {
        const list = allowed.join(', ');
        throw new GatewayError(
          'METHOD_NOT_ALLOWED',
          { method: received.method, allowed: list },
          { fields: Fields.from({ allow: list }) },
        );
      }
      const answer = await entry.handle(received, page, read);
      const reply = entry.foreign === true ? answer : await inForm(answer, received, read);
      reply.fields.set('x-request-id', received.id);
      if (!reply.fields.has('vary')) reply.fields.set('vary', read.vary());
      return received.method === 'HEAD' ? { ...reply, body: undefined } : reply;
    },
  };
}

/** `/robots.txt` of an own host: nobody's pages are to be indexed under our name. */
export const robotsPage: PageEntry = {
  methods: ['GET'],
  handle: () => makeTextReply(200, 'text/plain; charset=utf-8', 'User-agent: *\nDisallow: /\n'),
};
