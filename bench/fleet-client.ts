/** A client of a fleet: some requests at a time over kept connections, each of them with an answer of its own. */
import { Agent, get } from 'node:http';
import { systemClock } from '../core/clock.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
  /** Server that made it, as it says. */
  readonly maker: string | undefined;
}

const TIMEOUT_MS = 30_000;

/** Asks once. Rejects where the connection breaks or nothing comes for 30 seconds. */
export function ask(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { accept: 'text/csv, */*;q=0.1' }, timeout: TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { location, 'format-server': maker } = response.headers;
        const body = Buffer.concat(parts).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          body,
          location,
          maker: String(maker ?? '').split(';')[0] || undefined,
        });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
  });
}

/** What a client saw. */
export interface Count {
  readonly asked: number;
  /** Why, of each request without the right answer. */
  readonly lost: readonly string[];
  readonly ms: readonly number[];
  readonly makers: ReadonlyMap<string, number>;
}

export interface Load {
  /** Requests that have been answered or lost. */
  readonly asked: number;
  /** Goes on until this many have been asked, at least, then stops. */
  finish(atLeast: number): Promise<Count>;
}

/** Number `n` of the database, as the set answers it; every request is another. */
export function startLoad(origin: string, concurrency: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const count = { asked: 0, lost: [] as string[], ms: [] as number[], makers: new Map<string, number>() };
  let sent = 0;
  let enough = Number.POSITIVE_INFINITY;
  const askOnce = async () => {
    sent += 1;
    const n = sent;
    const began = systemClock.monotonic();
    try {
      const {
        status,
        body,
        maker = 'front',
      } = await ask(`${origin}/data/query.csv?sql=SELECT+:n+AS+n,square+FROM+numbers+WHERE+n=4&n=${n}`, agent);
      count.makers.set(maker, (count.makers.get(maker) ?? 0) + 1);
      if (status !== 200) count.lost.push(`${status} ${body.slice(0, 200)}`);
      else if (body.trim() !== `n,square\r\n${n},16`) count.lost.push(`wrong answer: ${body.slice(0, 200)}`);
    } catch (error) {
      count.lost.push((error as Error).message);
    }
    count.ms.push(systemClock.monotonic() - began);
    count.asked += 1;
  };
  const runs = Array.from({ length: concurrency }, async () => {
    while (sent < enough) await askOnce();
  });
  return {
    get asked() {
      return count.asked;
    },
    async finish(atLeast) {
      enough = atLeast;
      await Promise.all(runs);
      agent.destroy();
      return count;
    },
  };
}
