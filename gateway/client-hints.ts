/** Client hints of a gateway: asked for where they may be (H-1), and kept from those they were not meant for (H-6). */
import type { Fields } from '../core/fields.ts';

/** Hints that make a picture fit; all are in Vary wherever a picture is sized by them. */
const WANTED = 'Sec-CH-Viewport-Width, Sec-CH-Width, Sec-CH-DPR, ECT, RTT, Downlink';

/** Hints a browser sends to every origin unasked: what they tell is told anyway (H-2). */
const LOW_ENTROPY = new Set(['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'save-data']);
/** Hints from before the prefix `Sec-CH-` was made. */
const OLD_NAMES = new Set(['dpr', 'width', 'viewport-width', 'device-memory', 'ect', 'rtt', 'downlink']);

/**
 * Asks for hints with a page: over TLS alone, as no browser sends them otherwise (RFC 8942 2.2). An origin's own list, which
 * reverse mode lets through, comes first. Critical-CH is never sent: it costs a request more (H-3).
 */
export function askForHints(fields: Fields, essence: string): void {
  if (!/html/.test(essence)) return;
  fields.set('accept-ch', [fields.get('accept-ch'), WANTED].filter(Boolean).join(', '));
}

/** Takes away what a browser told this gateway alone, and not the third party behind it (RFC 8942 4.1). */
export function dropForeignHints(fields: Fields): void {
  for (const name of fields.names())
    if ((name.startsWith('sec-ch-') && !LOW_ENTROPY.has(name)) || OLD_NAMES.has(name)) fields.delete(name);
}
