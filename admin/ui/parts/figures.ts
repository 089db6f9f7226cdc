/** Numbers, times and sizes as people read them. */
import { type Html, html } from '../../../gateway/html.ts';

/** @example bytesText(1_234_567) // '1.2 MB' */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return 'not known';
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** @example countText(12_345) // '12,345' */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** @param ratio 0 to 1; `null` where nothing was asked. */
export function percentText(ratio: number | null): string {
  return ratio === null ? 'none asked' : `${(ratio * 100).toFixed(ratio > 0 && ratio < 0.1 ? 1 : 0)} %`;
}

/** @example durationText(93_784) // '1 d 2 h' */
export function durationText(seconds: number): string {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days! > 0) return `${days} d ${hours} h`;
  if (hours! > 0) return `${hours} h ${minutes} min`;
  return minutes! > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** A moment, milliseconds since 1970, in UTC. */
export function timeMark(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`;
}
