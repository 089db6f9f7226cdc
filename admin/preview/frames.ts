/** Bodies of previews, kept for the frames that show them: by unguessable ids, for minutes, within a bound of memory. */
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { Explained, Shown } from '../../gateway/explain.ts';
import { html } from '../../gateway/html.ts';
import type { Reply } from '../../gateway/reply.ts';

const MAX_BYTES = 64_000_000;
const LIFE_MS = 600_000;

/** Which of the two bodies a frame shows. */
export type Side = 'original' | 'adapted';

export interface PreviewFrames {
  /** Keeps the bodies of a preview; gives the id under which frames find them for ten minutes. */
  keep(explained: Pick<Explained, 'original' | 'adapted'>): string;
  /** What a frame shows, or `undefined` when it is not kept any more. */
  show(id: string, side: Side): Reply | undefined;
}

interface Kept {
  readonly sides: Readonly<Record<Side, Shown | undefined>>;
  readonly until: number;
}

export function makePreviewFrames(clock: Clock): PreviewFrames {
  const kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ sides }) =>
      1_024 + (sides.original?.body.byteLength ?? 0) + (sides.adapted?.body.byteLength ?? 0),
  });
  return {
    keep({ original, adapted }) {
      const id = randomBytes(18).toString('base64url');
      kept.set(id, { sides: { original, adapted }, until: clock.now() + LIFE_MS });
      return id;
    },
    show(id, side) {
      const found = kept.get(id);
      return found === undefined || clock.now() > found.until ? undefined : showBody(found.sides[side]);
    },
  };
}

/**
 * Threats 24, 26: an origin of its own by `sandbox`, no scripts, no forms, nothing from the network; only pages of this
 * listener may frame it.
 */
const POLICY =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";
/** Shown as they are: no browser runs anything in them. */
const PICTURES: ReadonlySet<string> = new Set([
  'image/avif',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/bmp',
]);
const PAGES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);
/** Characters of a text that are shown. */
const MAX_TEXT = 500_000;

function showBody(shown: Shown | undefined): Reply {
  if (shown === undefined) return textFrame('There is nothing to show: the resource is larger than what is formatted.');
  const type = readMediaType(shown.type);
  const essence = type?.essence ?? '';
  const charset = /^[\w:.-]{1,40}$/.exec(type?.parameters.get('charset') ?? '')?.[0];
  if (PICTURES.has(essence)) return frame(essence, shown.body);
  // XHTML is shown by the forgiving parser: one mistake must not hide a page.
  if (PAGES.has(essence)) return frame(`text/html${charset === undefined ? '' : `; charset=${charset}`}`, shown.body);
  if (essence.startsWith('text/') || /[+/](?:json|xml)$/.test(essence)) return textFrame(readText(shown.body, charset));
  return textFrame(`${shown.body.byteLength} bytes of ${essence || 'no stated type'}.`);
}

function readText(body: Uint8Array, charset: string | undefined): string {
  const start = body.subarray(0, 4 * MAX_TEXT);
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(start).slice(0, MAX_TEXT);
  } catch {
    // A charset nobody knows: what can be read is shown.
    return new TextDecoder().decode(start).slice(0, MAX_TEXT);
  }
}

function textFrame(text: string): Reply {
  const page = html`<!DOCTYPE html><meta charset="utf-8"><title>Preview</title>
<style>body{font:13px/1.4 monospace;margin:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}</style><body>${text}</body>`;
  return frame('text/html; charset=utf-8', Buffer.from(page.text));
}

function frame(type: string, body: Uint8Array): Reply {
  const fields = Fields.from({
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  });
  return { status: 200, fields, body };
}
