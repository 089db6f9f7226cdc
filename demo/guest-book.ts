/** The demo's guest book: a form, a cookie and a redirect, to see that all three work through the gateway. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { DemoAnswer } from './demo-files.ts';
import { escapeText, makeDemoPage } from './page.ts';

export interface GuestBook {
  answer(request: IncomingMessage): Promise<DemoAnswer>;
}

interface Entry {
  readonly name: string;
  readonly text: string;
  readonly day: string;
}

const MAX_ENTRIES = 50;
const MAX_BODY_BYTES = 8_192;
const MAX_NAME = 60;
const MAX_TEXT = 500;
const HTML = 'text/html; charset=utf-8';

/** Kept in memory and forgotten with the process. */
export function makeGuestBook(clock: Clock): GuestBook {
  const entries: Entry[] = [
    { name: 'The harbour master', text: 'Welcome. Mind the third step.', day: '2026-09-14' },
    { name: 'Ødegård', text: 'Søndag kommer vi igjen – 日曜日にまた!', day: '2026-09-13' },
  ];
  return {
    async answer(request) {
      const known = readName(request.headers.cookie);
      if (request.method === 'GET' || request.method === 'HEAD')
        return { status: 200, type: HTML, body: showBook(entries, known) };
      if (request.method !== 'POST')
        return { status: 405, type: 'text/plain; charset=utf-8', body: 'Read or write.\n', allow: 'GET, HEAD, POST' };
      const form = await readForm(request);
      const name = form?.get('name')?.trim().slice(0, MAX_NAME) ?? '';
      const text = form?.get('text')?.trim().slice(0, MAX_TEXT) ?? '';
      if (name === '' || text === '')
        return {
          status: 422,
          type: HTML,
          body: makeDemoPage(
            'Not quite',
            '<h1>Not quite</h1><p>A name and a line are needed. <a href="/guest-book">Back</a></p>',
          ),
        };
      entries.unshift({ name, text, day: new Date(clock.now()).toISOString().slice(0, 10) });
      entries.splice(MAX_ENTRIES);
      return {
        status: 303,
        type: 'text/plain; charset=utf-8',
        body: 'Thank you.\n',
        location: '/guest-book',
        cookie: `name=${encodeURIComponent(name)}; Path=/; SameSite=Lax; HttpOnly`,
      };
    },
  };
}

function showBook(entries: readonly Entry[], known: string | undefined): string {
  const welcome = known === undefined ? '' : `<p>Good to see you again, <strong>${escapeText(known)}</strong>.</p>`;
  const list = entries
    .map(
      ({ name, text, day }) =>
        `<li><strong>${escapeText(name)}</strong>, <time>${day}</time>: ${escapeText(text)}</li>`,
    )
    .join('\n');
  return makeDemoPage(
    'Guest book',
    `<h1>Guest book</h1>${welcome}
<form action="/guest-book" method="post"><p><label for="name">Name</label><input id="name" name="name" maxlength="${MAX_NAME}" value="${escapeText(known ?? '')}" required></p>
<p><label for="text">Your line</label><textarea id="text" name="text" rows="3" maxlength="${MAX_TEXT}" required></textarea></p><p><button>Write it down</button></p></form>
<h2>Who was here</h2><ul>${list}</ul>`,
  );
}

function readName(cookies: string | undefined): string | undefined {
  const value = /(?:^|;\s*)name=([^;]*)/.exec(cookies ?? '')?.[1];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value).slice(0, MAX_NAME);
  } catch {
    // Not our cookie's spelling: nobody we know.
    return undefined;
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}
