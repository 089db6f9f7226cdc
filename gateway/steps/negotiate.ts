/** Step `negotiate`: what the client would take, before anything is known of the original. */
import { type AcceptField, isScriptAccept, parseAccept } from '../../core/accept.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { ClientClass } from '../../profiles/client-class.ts';
import type { MergedPreferences, NetworkSignals } from '../../profiles/merge.ts';
import type { PartialPreferences } from '../../profiles/preferences.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { isStoredLayer, resolvePreferences } from '../../profiles/resolve.ts';
import type { Received } from '../received.ts';
import type { Target } from '../target.ts';
import type { Client } from './identify.ts';

/** What was found out about wishes. */
export interface Negotiation extends MergedPreferences {
  readonly accept: AcceptField;
  /** The field as sent; `undefined` when missing. */
  readonly acceptText: string | undefined;
  /** True for clients that are served in their preset without asking: browsers of people (CT-3), all where `default` was made to say more. */
  readonly unasked: boolean;
  /** True when a stored profile or the person's own setting names the presentation: decides before Accept. */
  readonly storedDecides: boolean;
}

/** Classes that get the original unless their Accept, their profile or the URL asks for something else. */
const ASKING_CLASSES: ReadonlySet<ClientClass> = new Set(['bot', 'tool', 'unknown', 'agent']);

export interface NegotiateParts {
  readonly read: VaryRecorder;
  readonly profiles: Profiles;
  /** Preferences of this one request. Default: none. */
  readonly request?: PartialPreferences | undefined;
  /** Megabits a second of the link to the back-end, where there is one and it is known. */
  readonly linkMbps?: number | undefined;
}

/** Merges all that is known into preferences. */
export function negotiate(received: Received, target: Target, client: Client, parts: NegotiateParts): Negotiation {
  const { read, profiles } = parts;
  const acceptText = read.get('accept');
  const accept = parseAccept(acceptText);
  const host = target.site?.host ?? target.url.hostname;
  const merged = resolvePreferences({
    profiles,
    detection: client.detection,
    stored: client.profile?.name,
    settings: client.record?.settings,
    siteSettings: client.record?.sites[host],
    host,
    request: parts.request,
    network: readNetwork(read, target, parts.linkMbps),
  });
  const storedDecides = isStoredLayer(merged.values['presentation']?.layer);
  const isScript = isScriptRequest(received, read, accept);
  return {
    ...merged,
    accept,
    acceptText,
    storedDecides: storedDecides && !isScript,
    unasked: !isScript && (storedDecides || client.profile !== undefined || isServedUnasked(client, merged)),
  };
}

// Design part 4: `default` is the editable base of all; what an operator makes it say those get who have nothing else.
function isServedUnasked({ detection }: Client, { values, preferences }: MergedPreferences): boolean {
  const saysMore = values['presentation']?.layer === 'default' && preferences.presentation[0] !== 'original';
  return saysMore || !ASKING_CLASSES.has(detection.class);
}

// CT-3: what a page's script fetches is data to it, whatever browser it runs in.
function isScriptRequest(received: Received, read: VaryRecorder, accept: AcceptField): boolean {
  if (read.get('sec-fetch-dest') === 'empty') return true;
  return read.has('x-requested-with') || (received.method !== 'HEAD' && isScriptAccept(accept));
}

function readNetwork(read: VaryRecorder, target: Target, linkMbps: number | undefined): NetworkSignals {
  const ect = read.get('ect');
  const downlinkMbps = readNumber(read.get('downlink'));
  return {
    saveData: /^\s*on\b/i.test(read.get('save-data') ?? ''),
    ect: ect === 'slow-2g' || ect === '2g' || ect === '3g' || ect === '4g' ? ect : undefined,
    rttMs: readNumber(read.get('rtt')),
    // What a client cannot see: its own connection ends at the front-end, and behind that the link begins.
    downlinkMbps: linkMbps === undefined ? downlinkMbps : Math.min(linkMbps, downlinkMbps ?? linkMbps),
    mayTightenPresentation: target.mode === 'prefix',
  };
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}(?:\.\d{1,4})?$/.test(text.trim()) ? Number(text) : undefined;
}
