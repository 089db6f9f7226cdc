/** Pictures asked for in many ways: what came, whether its client can decode it, and whether caches keep it apart. */
import type { ExecutionContext } from 'ava';
import sharp from 'sharp';
import { parseVary } from '../../core/vary.ts';
import { readWbmpHeader } from '../../formatters/image/wbmp.ts';
import type { Answer } from './client.ts';
import type { World } from './gateway.ts';
import { readHalfBlocks, readSixel } from './terminal-pictures.ts';

export type FieldSet = Readonly<Record<string, string>>;

/** What was asked and what came. */
export interface Exchange {
  /** Path as the gateway is asked for it. */
  readonly path: string;
  readonly asked: FieldSet;
  readonly answer: Answer;
}

/** One after the other: who has to wait is sent what was made in haste. */
export async function askAll(world: World, path: string, ways: readonly FieldSet[]): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for (const asked of ways) exchanges.push({ path, asked, answer: await world.get(path, { fields: asked }) });
  return exchanges;
}

/** As the client that was told this type would decode it. */
export async function decodes(type: string, body: Buffer): Promise<boolean> {
  if (type.startsWith('text/plain')) return readHalfBlocks(body.toString()).width > 0;
  if (type === 'image/x-sixel') return readSixel(body.toString('latin1')).width > 0;
  if (type === 'image/vnd.wap.wbmp') return readWbmpHeader(body).width > 0;
  const { format, compression } = await sharp(body, { failOn: 'error' }).metadata();
  await sharp(body, { failOn: 'error' }).raw().toBuffer();
  return (
    type === (format === 'heif' ? 'image/avif' : `image/${format}`) && (format !== 'heif' || compression === 'av1')
  );
}

export function varyOf(answer: Answer): readonly string[] {
  const vary = parseVary(answer.fields.vary);
  return vary === '*' ? [] : vary;
}

/**
 * A cache that holds one answer gives it to whoever asks alike in what its Vary names (RFC 9111 4.1): who would be answered
 * with something else must differ in that.
 */
export function findConfusion(exchanges: readonly Exchange[]): string | undefined {
  for (const { asked, answer } of exchanges) {
    const names = varyOf(answer);
    const confused = exchanges.find(
      (other) =>
        other.answer.fields.etag !== answer.fields.etag && names.every((name) => other.asked[name] === asked[name]),
    );
    if (confused !== undefined) return `${JSON.stringify(asked)} and ${JSON.stringify(confused.asked)} by ${names}`;
  }
  return undefined;
}

/** P-13: a 304 selects as the 200 would have. */
export async function checkNotModified(
  t: ExecutionContext,
  world: World,
  exchanges: readonly Exchange[],
): Promise<void> {
  for (const { path, asked, answer: before } of exchanges) {
    const tag = String(before.fields.etag);
    const answer = await world.get(path, { fields: { ...asked, 'if-none-match': tag } });
    const about = `${path} ${JSON.stringify(asked)}`;
    t.deepEqual([answer.status, answer.body.length, answer.fields.etag], [304, 0, tag], about);
    t.deepEqual([...varyOf(answer)].sort(), [...varyOf(before)].sort(), about);
  }
}
