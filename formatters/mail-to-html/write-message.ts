/** A mail as HTML: who wrote to whom, what, and what is attached. */
import { type Element, isTag } from 'domhandler';
import { stripControls } from '../document/control-sequences.ts';
import { editTree, isHtml } from '../document/edit-tree.ts';
import { embedMarkup } from '../document/foreign-markup.ts';
import { linkAddresses } from '../document/link-addresses.ts';
import { oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { writeTime } from '../document/write-time.ts';
import { type MailPart, textOfPart } from './parse-message.ts';

const SHOWN_FIELDS = ['from', 'to', 'cc', 'date'];
const SHOWN_PICTURES = /^image\/(?:png|jpe?g|gif|webp)$/;
/** Bytes of one picture, and of all, that the page holds. */
const MAX_PICTURE = 32_768;
const MAX_PICTURES = 262_144;
/** Characters of text that are shown. */
const MAX_TEXT = 2_000_000;
const MAX_LINKS = 5000;
/** Quotes within quotes. */
const MAX_QUOTES = 6;

interface State {
  readonly url: string;
  readonly attachments: string[];
  /** Pictures by Content-ID (RFC 2392). */
  readonly pictures: Map<string, MailPart>;
  readonly budget: { text: number; links: number; pictures: number };
}

/** Subject, or nothing. */
export function subjectOf({ fields }: MailPart): string | undefined {
  return oneLine(fields.get('subject'));
}

/** Writes the mail below its subject. */
export function writeMessage(message: MailPart, url: string): string {
  const state: State = {
    url,
    attachments: [],
    pictures: new Map(),
    budget: { text: MAX_TEXT, links: MAX_LINKS, pictures: MAX_PICTURES },
  };
  collectPictures(message, state.pictures);
  const body = writeFields(message) + writePart(message, state);
  const { attachments } = state;
  return attachments.length === 0 ? body : `${body}<h2>Attached</h2><ul>${attachments.join('')}</ul>`;
}

function writeFields({ fields }: MailPart): string {
  const shown = SHOWN_FIELDS.map((name) => [name, oneLine(fields.get(name))] as const).filter(([, value]) => value);
  if (shown.length === 0) return '';
  const items = shown.map(
    ([name, value]) =>
      `<dt>${name[0]!.toUpperCase()}${name.slice(1)}</dt><dd>${name === 'date' ? writeTime(value!) : escapeText(value!)}</dd>`,
  );
  return `<dl>${items.join('')}</dl>`;
}

function writePart(part: MailPart, state: State): string {
  const { type, disposition, parts } = part;
  if (type.value === 'multipart/alternative') {
    const best = parts.findLast((each) => isReadable(each));
    return best === undefined ? '' : writePart(best, state);
  }
  if (type.value.startsWith('multipart/')) return parts.map((each) => writePart(each, state)).join('');
  if (type.value === 'message/rfc822') return writeInner(parts[0], state);
  const isShown = disposition.value !== 'attachment' && (type.value === 'text/plain' || type.value === 'text/html');
  if (isShown && part.bytes.byteLength <= state.budget.text) {
    state.budget.text -= part.bytes.byteLength;
    return type.value === 'text/html' ? writeHtml(part, state) : writeText(textOfPart(part), state);
  }
  const isWithin =
    part.contentId !== undefined && disposition.value !== 'attachment' && type.value.startsWith('image/');
  if (!isWithin) state.attachments.push(writeAttachment(part));
  return '';
}

/** True for what is shown in the place of its alternatives. */
function isReadable({ type, parts, bytes }: MailPart): boolean {
  if (type.value.startsWith('multipart/')) return parts.some(isReadable);
  return (type.value === 'text/html' || type.value === 'text/plain') && bytes.byteLength > 0;
}

function writeInner(message: MailPart | undefined, state: State): string {
  if (message === undefined) return '';
  const heading = `<h2>${escapeText(subjectOf(message) ?? 'Message')}</h2>`;
  return `<section>${heading}${writeFields(message)}${writePart(message, state)}</section>`;
}

function writeAttachment({ type, disposition, bytes }: MailPart): string {
  const name = oneLine(disposition.parameters.get('filename') ?? type.parameters.get('name')) ?? 'without a name';
  const kind = oneLine(type.value) ?? '';
  return `<li>${escapeText(name)} (${escapeText(kind)}, ${bytes.byteLength} bytes)</li>`;
}

/** What a picture from elsewhere would tell its sender is nobody's business: only those that came along are shown. */
function writeHtml(part: MailPart, { url, pictures, budget }: State): string {
  const withData = (img: Element): Element => {
    const cid = /^cid:(.+)$/is.exec(img.attribs['src'] ?? '')?.[1];
    const picture = cid === undefined ? undefined : pictures.get(decodeURIComponentOr(cid));
    delete img.attribs['srcset'];
    delete img.attribs['src'];
    if (picture === undefined || picture.bytes.byteLength > Math.min(MAX_PICTURE, budget.pictures)) return img;
    budget.pictures -= picture.bytes.byteLength;
    img.attribs['src'] = `data:${picture.type.value};base64,${Buffer.from(picture.bytes).toString('base64')}`;
    return img;
  };
  return embedMarkup(textOfPart(part), {
    pageUrl: url,
    topHeading: 2,
    before: (root) => {
      editTree(root, {
        leave: (node) => (isTag(node) && isHtml(node) && node.name === 'img' ? withData(node) : node),
      });
    },
  });
}

function collectPictures(part: MailPart, pictures: Map<string, MailPart>): void {
  if (part.contentId !== undefined && SHOWN_PICTURES.test(part.type.value)) pictures.set(part.contentId, part);
  for (const each of part.parts) collectPictures(each, pictures);
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Written without percent signs in mind.
    return text;
  }
}

/** Paragraphs with their lines; what is quoted with `>` as quotes; bare addresses as links. */
function writeText(text: string, { budget }: State): string {
  return writeLines(stripControls(text.replace(/\r\n?/g, '\n')).split('\n'), budget, 0);
}

function writeLines(lines: readonly string[], budget: { links: number }, level: number): string {
  let html = '';
  let open: string[] = [];
  let isQuote = false;
  const flush = (): void => {
    if (isQuote) html += `<blockquote>${writeLines(open.map(unquoted), budget, level + 1)}</blockquote>`;
    else if (open.some((line) => line.trim() !== ''))
      html += `<p>${linkAddresses(open.join('\n').trim(), budget).replaceAll('\n', '<br>\n')}</p>\n`;
    open = [];
  };
  for (const line of lines) {
    const next = level < MAX_QUOTES && line.startsWith('>');
    if (next !== isQuote || (!next && line.trim() === '')) flush();
    isQuote = next;
    open.push(line);
  }
  flush();
  return html;
}

function unquoted(line: string): string {
  return line.replace(/^> ?/, '');
}
