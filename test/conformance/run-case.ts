/** Runs one case at a proxy, in one mode. */
import { setTimeout } from 'node:timers/promises';
import type { Case, CaseMode, Question, Seen, Turn } from './case.ts';
import { type Reply, sendBytes, sendRequest } from './client.ts';
import { judge } from './judge.ts';
import type { CaseOrigin, Stage } from './origin.ts';

/** The proxy that is asked. */
export interface Subject {
  readonly proxy: URL;
  /** Host names of the reverse-mode sites in front of the origin. */
  readonly hosts: { readonly plain: string; readonly personal: string };
  readonly mode: CaseMode;
}

/** What became of a case: `void` where the proxy did not change what the case is about. */
export interface Outcome {
  readonly outcome: 'held' | 'broken' | 'void';
  readonly faults: readonly string[];
}

/** The client of a question that says nothing of itself: a phone whose pages are made simpler. */
const PHONE = {
  'user-agent': 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-encoding': 'gzip',
};

export async function runCase(each: Case, subject: Subject, origin: CaseOrigin): Promise<Outcome> {
  const stage = origin.stage();
  const before: Seen[] = [];
  const faults: string[] = [];
  for (const [index, turn] of each.turns.entries()) {
    if (turn.answer !== undefined) stage.answer = turn.answer;
    try {
      const found = await playTurn(turn, { subject, stage, before, origin });
      if (found === 'unchanged') return { outcome: 'void', faults: ['nothing was changed'] };
      faults.push(...found.map((fault) => `turn ${index + 1}: ${fault}`));
    } catch (error) {
      return { outcome: 'broken', faults: [...faults, `turn ${index + 1}: ${(error as Error).message}`] };
    }
  }
  return { outcome: faults.length === 0 ? 'held' : 'broken', faults };
}

interface Scene {
  readonly subject: Subject;
  readonly stage: Stage;
  readonly before: Seen[];
  readonly origin: CaseOrigin;
}

/** Times that a turn is taken which must hold in the end, and milliseconds between. */
const ATTEMPTS = 100;
const PAUSE_MS = 50;

// What is wrong with the turn. A law about what a proxy changes says nothing of one that changes nothing.
async function playTurn(turn: Turn, scene: Scene): Promise<string[] | 'unchanged'> {
  const { holds = {}, eventually } = turn;
  const { before, stage } = scene;
  for (let attempt = 1; ; attempt++) {
    const seen = await take(turn, scene);
    if (holds.body === 'changed' && seen.some((one) => isUnchanged(one, stage))) return 'unchanged';
    const faults = seen.flatMap((one) => judge(holds, one, { before, origin: stage.sent.body }));
    if (faults.length === 0 || eventually === undefined || attempt === ATTEMPTS) {
      before.push(...seen);
      return faults;
    }
    await setTimeout(PAUSE_MS);
  }
}

async function take({ ask = {} }: Turn, { subject, stage, before, origin }: Scene): Promise<Seen[]> {
  const target = `${origin.url}${stage.path}${ask.suffix ?? ''}`;
  const fill = (text: string) =>
    text
      .replace(/\{was:([\w-]+)\}/g, (_, name: string) => before.at(-1)?.fields.get(name) ?? '')
      .replaceAll('{origin}', origin.url)
      .replaceAll('{target}', target);
  const fields = Object.fromEntries(
    Object.entries(ask.fields ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? fill(value) : value?.map(fill),
    ]),
  );
  const replies = await Promise.all(
    Array.from({ length: ask.times ?? 1 }, () => send({ ...ask, fields }, subject, target)),
  );
  return replies.map((reply) => ({ ...reply, target, upstream: [...stage.upstream] }));
}

function isUnchanged({ status, body }: Seen, stage: Stage): boolean {
  return status < 300 && body.equals(stage.sent.body);
}

async function send(ask: Question, { proxy, hosts, mode }: Subject, target: string): Promise<Reply> {
  const url = new URL(target);
  const pathAndQuery = target.slice(url.origin.length);
  // In prefix mode the address rides in our path, in reverse mode it is a path of the site.
  const place = mode === 'reverse' ? pathAndQuery : mode === 'prefix' ? `/${target}` : target;
  const host = mode === 'reverse' ? hosts[ask.site ?? 'plain'] : mode === 'prefix' ? proxy.host : url.host;
  const path = ask.path?.replaceAll('{target}', mode === 'reverse' ? pathAndQuery.slice(1) : target) ?? place;
  if (ask.raw !== undefined) {
    const lead = mode === 'prefix' ? '/' : '';
    const filled = { '{target}': path, '{host}': host, '{own}': proxy.host, '{lead}': lead };
    return await sendBytes(
      proxy,
      Object.entries(filled).reduce((raw, [name, value]) => raw.replaceAll(name, value), ask.raw),
    );
  }
  return await sendRequest({
    proxy,
    method: ask.method ?? 'GET',
    target: path,
    fields: { host: mode === 'forward' && path.startsWith('/') ? proxy.host : host, ...PHONE, ...ask.fields },
    body: ask.body,
  });
}
