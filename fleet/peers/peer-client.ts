/** Asking other servers of the fleet: one warm session to each (design part 7, Channel). */
import { deadline } from '../../core/clock.ts';
import type { SessionResponse } from '../../egress/peer-session.ts';
import {
  AUTH_FIELD,
  digestOfBody,
  ERROR_FIELD,
  formatAuth,
  PEER_PREFIX,
  REFUSED_FIELD,
  requestText,
} from './handshake.ts';
import { type LinkParts, MemberLink, type Warm } from './member-link.ts';
import { PeerLost, PeerRefused, PeerUnreachable } from './peer-errors.ts';
import type { PeerAddress, PeerReply, PeerRequest, Peers } from './peers.ts';
import { readAll } from './read-all.ts';
import { reviveError } from './remote-error.ts';

export interface PeersParts extends LinkParts {
  /** Those there are now; asked anew for each request. */
  readonly members: () => readonly PeerAddress[];
}

/** How often it is looked for members that are gone or have moved. */
const SWEEP_MS = 1_000;
const MAX_REASON_BYTES = 65_536;

export function makePeers(parts: PeersParts): Peers {
  const links = new Map<string, MemberLink>();
  const listeners = new Set<(name: string, isUp: boolean) => void>();
  const tell = (name: string, isUp: boolean) => {
    for (const listener of listeners) listener(name, isUp);
  };
  const windows = new Map<string, number>();
  let warmNames: readonly string[] = [];
  const linkTo = (name: string): MemberLink => {
    const member = findMember(parts, name);
    const held = links.get(name);
    if (member !== undefined && held !== undefined && isSame(held.address, member)) return held;
    held?.end('in order');
    links.delete(name);
    if (member === undefined) throw new PeerUnreachable(`${name} is no member of this fleet`);
    const link = new MemberLink(member, parts, (isUp) => tell(name, isUp));
    link.isKeptWarm = warmNames.includes(name);
    link.pace(windows.get(name));
    links.set(name, link);
    return link;
  };
  const warmUp = () => {
    for (const name of warmNames)
      if (findMember(parts, name) !== undefined && !links.has(name))
        linkTo(name)
          .open()
          .catch(() => undefined);
  };
  const sweep = parts.clock.every(SWEEP_MS, () => {
    endOutdated(links, parts);
    warmUp();
  });
  return {
    send: (name, request) => send(parts, () => linkTo(name), request),
    async ping(name) {
      return await (await linkTo(name).open()).session.ping();
    },
    isUp: (name) => links.get(name)?.isUp ?? true,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    pace(name, bytes) {
      windows.set(name, bytes);
      links.get(name)?.pace(bytes);
    },
    keepWarm(names) {
      warmNames = [...names];
      for (const [name, link] of links) link.isKeptWarm = warmNames.includes(name);
      warmUp();
    },
    async close() {
      sweep.cancel();
      for (const link of links.values()) link.end('now');
      links.clear();
    },
  };
}

function endOutdated(links: Map<string, MemberLink>, parts: PeersParts): void {
  for (const [name, link] of links) {
    const member = findMember(parts, name);
    if (member !== undefined && isSame(link.address, member)) continue;
    link.end('in order');
    links.delete(name);
  }
}

function findMember({ members, self }: PeersParts, name: string): PeerAddress | undefined {
  return name === self.name ? undefined : members().find((each) => each.name === name);
}

function isSame(a: PeerAddress, b: PeerAddress): boolean {
  return a.url === b.url && a.key === b.key;
}

async function send(parts: PeersParts, linkTo: () => MemberLink, request: PeerRequest): Promise<PeerReply> {
  const { clock } = parts;
  const limit = deadline(clock, request.timeoutMs, request.signal);
  try {
    for (let tries = 1; ; tries += 1) {
      const link = linkTo();
      const warm = await waitFor(link.open(), { limit: limit.signal, signal: request.signal });
      try {
        return await exchange({ link, warm, request, limit: limit.signal }, parts);
      } catch (error) {
        // A session that the other side was just ending took nothing: a new one may.
        if (!(error instanceof PeerUnreachable) || tries > 1 || limit.signal.aborted) throw error;
      }
    }
  } finally {
    limit.done();
  }
}

// The session is opened for all who wait; each waits no longer than it may.
function waitFor(
  opening: Promise<Warm>,
  { limit, signal }: { limit: AbortSignal; signal: AbortSignal },
): Promise<Warm> {
  const { promise, resolve, reject } = Promise.withResolvers<Warm>();
  const abort = () =>
    reject(
      signal.aborted ? signal.reason : new PeerUnreachable('there was no session in time', { cause: limit.reason }),
    );
  if (limit.aborted) abort();
  limit.addEventListener('abort', abort, { once: true });
  opening.then(resolve, reject);
  return promise.finally(() => limit.removeEventListener('abort', abort));
}

interface Exchange {
  readonly link: MemberLink;
  readonly warm: Warm;
  readonly request: PeerRequest;
  readonly limit: AbortSignal;
}

async function exchange({ link, warm, request, limit }: Exchange, { self }: PeersParts): Promise<PeerReply> {
  const { body, signal } = request;
  const method = request.method ?? (body === undefined ? 'GET' : 'POST');
  const path = `${PEER_PREFIX}${request.path}`;
  const { [AUTH_FIELD]: _, ...fields } = lowerCased(request.fields ?? {});
  const bodyDigest = digestOfBody(body);
  warm.counter += 1;
  const { counter } = warm;
  const text = requestText(warm.greeted, { counter, method, path, fields, bodyDigest });
  const node = encodeURIComponent(self.name);
  const auth = formatAuth({ node, counter, bodyDigest, signature: self.sign(text) });
  let response: SessionResponse;
  try {
    response = await warm.session.request({
      method,
      path,
      fields: { ...fields, [AUTH_FIELD]: auth },
      body,
      signal: limit,
    });
  } catch (error) {
    if (limit.aborted && !signal.aborted) throw new PeerLost('there was no answer in time', { cause: error });
    throw error;
  }
  if (response.fields[REFUSED_FIELD] !== undefined) {
    // What is refused once would be refused again: the next request begins anew.
    link.leave();
    throw new PeerRefused((await readAll(response.body, MAX_REASON_BYTES)).toString('utf8').trim());
  }
  if (response.fields[ERROR_FIELD] !== undefined) throw reviveError(await readAll(response.body, MAX_REASON_BYTES));
  return { ...response, readAll: (maxBytes) => readAll(response.body, maxBytes) };
}

function lowerCased(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}
