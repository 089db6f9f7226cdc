import type { FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { composePage } from '../document/compose-page.ts';
import { oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { isoTime } from '../document/write-time.ts';
import { parseMessage } from './parse-message.ts';
import { subjectOf, writeMessage } from './write-message.ts';

/**
 * A mail as a page: who wrote to whom and when, what is written, and a list of what is attached.
 *
 * Where a mail says the same in HTML and in text the HTML is shown, by an allow-list; text keeps its lines, quotes and links. Pictures
 * that came along are shown where they are small; those from elsewhere, which tell their sender that the mail is read, are not. Mails
 * within the mail are sections.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'mail-to-html',
  version: '1.0.0',
  title: 'Mails as pages',
  reads: 'bytes',
  edges: [{ from: 'message/rfc822', to: 'text/html', keeps: 0.9, cost: 8 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want): FormatResult {
  const message = parseMessage(input.body as Uint8Array);
  const title = subjectOf(message) ?? 'Message without a subject';
  const document = composePage(
    {
      title,
      author: oneLine(message.fields.get('from')),
      date: isoTime(message.fields.get('date') ?? ''),
      language: message.fields.get('content-language')?.split(',')[0],
      body: `<main><h1>${escapeText(title)}</h1>${writeMessage(message, input.url)}</main>`,
    },
    want,
  );
  return { mediaType: want.mediaType, document };
}
