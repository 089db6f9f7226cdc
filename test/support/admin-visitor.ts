/** Somebody who uses the admin UI over plain HTTP, as a browser without scripts does: a cookie, and the forms of pages. */
import * as cheerio from 'cheerio';
import { type Answer, type Ask, ask } from './client.ts';

export interface Visitor {
  /** What the browser sends back; empty before sign-in. */
  cookie: string;
  get(path: string, fields?: Ask['fields']): Promise<Answer>;
  /** Posts fields as they are, with no token but what is given. */
  post(path: string, form: Iterable<readonly [string, string]>, fields?: Ask['fields']): Promise<Answer>;
  /** Opens a page, fills its form and presses the button named; other fields stay as they are. */
  submit(page: string, fill: Readonly<Record<string, string>>, options?: { form?: string }): Promise<Answer>;
  /** Signs in with the token. */
  signIn(token: string): Promise<Answer>;
}

/** @param origin Of the admin listener. */
export function makeVisitor(origin: string): Visitor {
  const visitor: Visitor = {
    cookie: '',
    get: (path, fields) => ask(origin, path, { fields: { ...cookieOf(visitor), ...fields } }),
    async post(path, form, fields) {
      const answer = await ask(origin, path, {
        method: 'POST',
        fields: {
          'content-type': 'application/x-www-form-urlencoded',
          origin,
          'sec-fetch-site': 'same-origin',
          ...cookieOf(visitor),
          ...fields,
        },
        body: new URLSearchParams([...form].map(([name, value]) => [name, value])).toString(),
      });
      const set = answer.fields['set-cookie']?.[0];
      if (set !== undefined) visitor.cookie = set.split(';')[0]!;
      return answer;
    },
    async submit(page, fill, { form = 'main form[method=post]' } = {}) {
      const { action, fields } = fieldsOf((await visitor.get(page)).text, form);
      return await visitor.post(action, [...fields.filter(([name]) => !(name in fill)), ...Object.entries(fill)]);
    },
    signIn: (token) => visitor.submit('/', { token }),
  };
  return visitor;
}

function cookieOf({ cookie }: Visitor): Record<string, string> {
  return cookie === '' ? {} : { cookie };
}

/** The successful controls of the first form that a selector finds (WHATWG HTML 4.10.21.4), without its buttons. */
export function fieldsOf(page: string, selector: string): { action: string; fields: [string, string][] } {
  const $ = cheerio.load(page);
  const form = $(selector).first();
  const fields = form.serializeArray().map(({ name, value }): [string, string] => [name, value]);
  return { action: form.attr('action') ?? '', fields };
}
