/**
 * Requests of many clients interleaved at random (threat 27): each reply is held, byte for byte, against what this client
 * must get of this resource. What the gateway makes of a page for a sort of client is learned first, one request at a time,
 * of resources that nothing keeps; of all others only mark and path differ.
 */
import { type Answered, makeAsk, type Place } from './ask.ts';
import { askerOf, type ClientSort, CODINGS, LANGUAGES, MODES, type Mode, SORTS, USERS, userName } from './clients.ts';
import { type Family, KINDS, type Kind, markOf, pathOf } from './resource-origin.ts';

export interface InterleavingOptions {
  readonly requests: number;
  /** Under way at the same time. */
  readonly concurrency: number;
  /** Same seed, same requests in the same order; how they overlap is up to the machine. */
  readonly seed: number;
  /** Resources of each kind and family: few, so that clients meet. */
  readonly places: number;
}

export interface Interleaving {
  /** Replies with what was made for somebody else, or for another resource; the first few in words. */
  readonly crossed: number;
  /** Replies that were none: errors of any kind. */
  readonly failed: number;
  readonly examples: readonly string[];
  readonly byStatus: Readonly<Record<number, number>>;
}

const FAMILIES: readonly Family[] = ['page', 'text'];
const MAX_EXAMPLES = 5;
/** Kinds whose answers depend on the user; of the others most askers are nobody, so that caches have something to do. */
const PERSONAL: ReadonlySet<Kind> = new Set(['priv', 'care', 'auth']);
const NOBODY = { user: 'u00', language: 'xx', agent: 'a0' };

interface Turn {
  readonly mode: Mode;
  readonly sort: ClientSort;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  /** What the body must be. */
  readonly expected: string;
  /** Tags under which a body of this address was given out before. */
  readonly tags: Map<string, string>;
}

export async function interleave(place: Place, options: InterleavingOptions): Promise<Interleaving> {
  const { ask, close } = makeAsk(place);
  try {
    const learned = await learn(ask);
    const jars = await logIn(ask);
    const makeTurn = makeTurns({ learned, jars, places: options.places, random: makeRandom(options.seed) });
    const examples: string[] = [];
    const byStatus: Record<number, number> = {};
    let [left, crossed, failed] = [options.requests, 0, 0];
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        const turn = makeTurn();
        const answered = await ask(turn.mode, turn.path, turn.fields);
        byStatus[answered.status] = (byStatus[answered.status] ?? 0) + 1;
        const fault = faultOf(turn, answered);
        if (fault === undefined) continue;
        if (fault.isCrossed) crossed += 1;
        else failed += 1;
        if (examples.length < MAX_EXAMPLES)
          examples.push(`${turn.mode} ${turn.path} ${JSON.stringify(turn.fields)}: ${fault.says}`);
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    return { crossed, failed, examples, byStatus };
  } finally {
    close();
  }
}

type Ask = ReturnType<typeof makeAsk>['ask'];
type Learned = ReadonlyMap<string, string>;

const keyOf = (mode: Mode, sort: ClientSort, family: Family) => JSON.stringify([mode, sort.name, family]);

/** What each sort of client gets, in each mode, of a page and of a text. */
async function learn(ask: Ask): Promise<Learned> {
  const learned = new Map<string, string>();
  for (const mode of MODES)
    for (const sort of SORTS)
      for (const family of FAMILIES) {
        const path = pathOf('refr', family, 0);
        const { status, body } = await ask(mode, path, sort.fields);
        const mark = markOf(path, NOBODY);
        if (status !== 200 || !body.includes(mark))
          throw new Error(`${sort.name} got ${status} in ${mode} mode: ${body}`);
        learned.set(keyOf(mode, sort, family), body);
      }
  return learned;
}

/** The field by which the gateway knows the jar with each user's cookie, in prefix mode. */
async function logIn(ask: Ask): Promise<ReadonlyMap<string, string>> {
  const jars = new Map<string, string>();
  for (let number = 1; number <= USERS; number++) {
    const user = userName(number);
    const { fields } = await ask('prefix', `/login/${user}`, SORTS[0]!.fields);
    const jar = /format-jar=[^;]+/.exec([fields['set-cookie']].flat().join('; '))?.[0];
    if (jar === undefined) throw new Error(`no jar for ${user}`);
    jars.set(user, jar);
  }
  return jars;
}

interface Makings {
  readonly learned: Learned;
  readonly jars: ReadonlyMap<string, string>;
  readonly places: number;
  readonly random: (below: number) => number;
}

function makeTurns({ learned, jars, places, random }: Makings): () => Turn {
  const tags = new Map<string, Map<string, string>>();
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  return () => {
    const [mode, sort, family] = [pick(MODES), pick(SORTS), pick(FAMILIES)];
    const kind = pick(KINDS.slice(0, -1));
    const path = pathOf(kind, family, random(places));
    const user = random(5) < (PERSONAL.has(kind) ? 1 : 4) ? 'u00' : userName(1 + random(USERS));
    const language = pick(LANGUAGES);
    const coding = pick(CODINGS);
    const fields: Record<string, string> = {
      ...sort.fields,
      'accept-language': language,
      ...credentialsOf(kind, user, { mode, jars }),
    };
    if (coding !== undefined) fields['accept-encoding'] = coding;
    const known = tags.get(`${mode} ${path}`) ?? new Map<string, string>();
    tags.set(`${mode} ${path}`, known);
    const wish = random(6);
    if (wish === 2) {
      fields['range'] = `bytes=${random(200)}-${200 + random(400)}`;
      fields['accept-encoding'] = 'identity';
      if (random(2) === 0 && known.size > 0) fields['if-range'] = pick([...known.keys()]);
    }
    const mark = markOf(path, askerOf(sort, user, language));
    const reference = pathOf('refr', family, 0);
    const expected = learned
      .get(keyOf(mode, sort, family))!
      .replaceAll(markOf(reference, NOBODY), mark)
      .replaceAll(reference.slice(1), path.slice(1));
    // Anybody's tag of this address, or the client's own: a 304 depends on what the tag stands for, not on who sends it.
    const own = [...known].filter(([, body]) => body === expected).map(([tag]) => tag);
    const tagsToSend = wish === 0 ? own : wish === 1 ? [...known.keys()] : [];
    if (tagsToSend.length > 0) fields['if-none-match'] = pick(tagsToSend);
    return { mode, sort, path, fields, expected, tags: known };
  };
}

function credentialsOf(
  kind: Kind,
  user: string,
  { mode, jars }: { mode: Mode; jars: ReadonlyMap<string, string> },
): Readonly<Record<string, string>> {
  if (user === 'u00') return {};
  if (kind === 'auth') return { authorization: `Basic ${Buffer.from(`${user}:x`).toString('base64')}` };
  if (mode === 'prefix') return { cookie: jars.get(user)! };
  return { cookie: `site-user=${user}` };
}

interface Fault {
  readonly isCrossed: boolean;
  readonly says: string;
}

function faultOf({ expected, tags, fields }: Turn, { status, fields: said, body }: Answered): Fault | undefined {
  const etag = said['etag']?.replace(/^W\//, '');
  const crossed = (says: string): Fault => ({ isCrossed: true, says });
  if (status === 200) {
    if (etag !== undefined && tags.size < 64) tags.set(etag, body);
    return body === expected ? undefined : crossed(`got ${JSON.stringify(body.slice(0, 200))}`);
  }
  if (status === 206) {
    const part = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(said['content-range'] ?? '');
    if (part === null) return crossed(`a part without a place: ${said['content-range']}`);
    const cut = Buffer.from(expected)
      .subarray(Number(part[1]), Number(part[2]) + 1)
      .toString('utf8');
    return body === cut ? undefined : crossed(`got the part ${JSON.stringify(body)}`);
  }
  if (status === 304) {
    const meant = tags.get(etag ?? fields['if-none-match'] ?? '');
    return meant === expected ? undefined : crossed(`304 for ${JSON.stringify(meant?.slice(0, 200))}`);
  }
  return { isCrossed: false, says: `status ${status}: ${body.slice(0, 200)}` };
}

/** Numbers below a bound, the same for the same seed (mulberry32). */
function makeRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
