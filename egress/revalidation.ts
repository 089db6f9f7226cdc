/** A 304 to a request the cache itself made conditional: the stored response, renewed (RFC 9111 4.3.4, C-3). */
import type { Dispatcher } from 'undici';
import { isWeakMatch, readEntityTag } from '../core/etag.ts';
import { Fields } from '../core/fields.ts';
import { formatHttpDate, readHttpDate } from '../core/http-date.ts';
import type { Exchange } from './exchange.ts';
import { toFieldRecord } from './field-record.ts';

// RFC 9111 3.2: these describe how the stored bytes are to be read, and a 304 has none.
const KEPT = new Set(['content-encoding', 'content-length', 'content-range']);

interface Replay {
  readonly controller: Dispatcher.DispatchController;
  readonly exchange: Exchange;
  /** Fields of the 304. */
  readonly fields: Fields;
  readonly above: Dispatcher.DispatchHandler;
}

/**
 * Gives the layers above the stored response with the fields of the 304 laid over it, as if the origin had sent it whole.
 * undici itself would serve the old fields and leave the entry stale for ever; this way it is stored anew.
 *
 * @returns false when there is nothing to replay: another representation, or a body that can be read only once.
 */
export function replayStored({ controller, exchange, fields, above }: Replay): boolean {
  const { entry } = exchange;
  if (entry === undefined) return false;
  const chunks = chunksOf(entry.body);
  if (chunks === undefined || !isSameRepresentation(fields, Fields.from(entry.headers))) return false;
  const renewed = Fields.from(entry.headers).delete('age');
  // The old Date would make the renewed response look as old as the stored one.
  renewed.set('date', formatHttpDate(readHttpDate(fields.get('date')) ?? exchange.now()));
  for (const name of fields.names()) {
    if (KEPT.has(name)) continue;
    renewed.delete(name);
    for (const line of fields.getAll(name)) renewed.append(name, line);
  }
  above.onResponseStart?.(controller, entry.statusCode, toFieldRecord(renewed), entry.statusMessage);
  for (const chunk of chunks) if (!controller.aborted) above.onResponseData?.(controller, chunk);
  return true;
}

function isSameRepresentation(fields: Fields, stored: Fields): boolean {
  const [fresh, old] = [readEntityTag(fields.get('etag')), readEntityTag(stored.get('etag'))];
  return fresh === undefined || (old !== undefined && isWeakMatch(fresh, old));
}

function chunksOf(body: unknown): Buffer[] | undefined {
  if (body === undefined || body === null) return [];
  if (Buffer.isBuffer(body)) return [body];
  return Array.isArray(body) && body.every((each) => Buffer.isBuffer(each)) ? body : undefined;
}
