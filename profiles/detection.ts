/** Detection: the class of a client and the preset it starts with, from its own fields, each finding with its evidence. */
import { LRUCache } from 'lru-cache';
import type { ClientClass } from './client-class.ts';
import { findByUserAgent } from './user-agent-rules.ts';

/** What was found out about a client. */
export interface Detection {
  readonly class: ClientClass;
  /** Name of the preset this kind of client starts with. */
  readonly preset: string;
  /** Why, in words for people. */
  readonly evidence: readonly string[];
}

/** Reads a request field; reading makes it part of Vary. */
export type ReadField = (fieldName: string) => string | undefined;

/** Characters of a User-Agent that are looked at (threat 46). */
const MAX_USER_AGENT = 512;

/** Characters of Accept, and of any other field, that are looked at. */
const MAX_ACCEPT = 2048;
const MAX_HINT = 256;

/**
 * Makes a detector.
 *
 * Reads `user-agent`, and beside it only what could change the answer for that User-Agent: client hints of Chromium,
 * the phone behind Opera Mini, what a feature phone accepts, whether an unknown client has a WAP profile. The address of
 * a WAP profile is never dereferenced (H-7). What it returns is shared between calls: it is not to be changed.
 *
 * @param options.cacheSize User-Agents whose class is remembered. Default 5,000.
 */
export function makeDetector({ cacheSize = 5_000 }: { readonly cacheSize?: number }): (read: ReadField) => Detection {
  const byUserAgent = new LRUCache<string, Detection>({ max: cacheSize });
  const detect = (userAgent: string): Detection => {
    const held = byUserAgent.get(userAgent);
    if (held !== undefined) return held;
    const detection = findByUserAgent(userAgent);
    byUserAgent.set(userAgent, detection);
    return detection;
  };
  return (read) => {
    const userAgent = bounded(read('user-agent'));
    const detection = detect(userAgent);
    if (detection.preset === 'opera-mini') return refineByPhone(detection, read, detect);
    if (detection.preset === 'feature-phone') return refineByAccept(detection, read);
    if (mayBeOddPhone(detection, userAgent)) return refineByWapProfile(detection, read);
    return CHROMIUM.test(userAgent) ? refineByHints(detection, userAgent, read) : detection;
  };
}

// A slice of a string keeps the whole of it alive in V8; what is remembered is a copy.
function bounded(userAgent = ''): string {
  return userAgent.length <= MAX_USER_AGENT
    ? userAgent
    : Buffer.from(userAgent.slice(0, MAX_USER_AGENT), 'utf16le').toString('utf16le');
}

const CHROMIUM = /\b(?:Chrome|Chromium)\/\d/;

// Chromium says more of itself than its frozen User-Agent does (H-2).
function refineByHints(detection: Detection, userAgent: string, read: ReadField): Detection {
  if (detection.class !== 'smartphone' && detection.class !== 'tablet' && detection.class !== 'desktop')
    return detection;
  const factors = readHint(read, 'sec-ch-ua-form-factors');
  if (/"EInk"/i.test(factors)) return refined(detection, 'e-reader', 'e-reader', 'Sec-CH-UA-Form-Factors says EInk');
  if (/"Tablet"/i.test(factors)) return refined(detection, 'tablet', 'tablet', 'Sec-CH-UA-Form-Factors says Tablet');
  if (/\bX11; Linux\b/.test(userAgent) && detection.class === 'desktop')
    return /^"Android"$/i.test(readHint(read, 'sec-ch-ua-platform'))
      ? refined(detection, 'tablet', 'tablet', 'Sec-CH-UA-Platform says Android behind the User-Agent of a desktop')
      : detection;
  if (!userAgent.includes('Android') || detection.class === 'desktop') return detection;
  const mobile = readHint(read, 'sec-ch-ua-mobile');
  if (mobile === '?0' && detection.class === 'smartphone')
    return refined(detection, 'tablet', 'tablet', 'Sec-CH-UA-Mobile says ?0 on Android');
  // A tablet known by its model may ask for the pages of phones and stays a tablet.
  if (mobile === '?1' && detection.class === 'tablet' && !userAgent.includes('Mobile'))
    return refined(detection, 'smartphone', 'phone', 'Sec-CH-UA-Mobile says ?1');
  return detection;
}

// Opera Mini's servers name the phone in a field of their own.
function refineByPhone(detection: Detection, read: ReadField, detect: (userAgent: string) => Detection): Detection {
  const phone = detect(bounded(read('x-operamini-phone-ua')));
  const isDevice = phone.class === 'smartphone' || phone.class === 'tablet' || phone.class === 'feature-phone';
  return isDevice
    ? refined(detection, phone.class, detection.preset, `X-OperaMini-Phone-UA: ${phone.evidence.join(', ')}`)
    : detection;
}

const [WML, WBMP] = [/\btext\/vnd\.wap\.wml\b/i, /\bimage\/vnd\.wap\.wbmp\b/i];
const LATER_PAGE = /\b(?:text\/html|application\/(?:xhtml|vnd\.wap\.xhtml)\+xml)\b/i;
const LATER_PICTURE = /\bimage\/(?:jpe?g|png|webp)\b/i;

// Old names of phones were given on after the WAP 1 time: what one takes tells.
function refineByAccept(detection: Detection, read: ReadField): Detection {
  const accept = (read('accept') ?? '').slice(0, MAX_ACCEPT);
  const isOld = WML.test(accept) || (WBMP.test(accept) && !LATER_PICTURE.test(accept));
  if (!isOld || LATER_PAGE.test(accept)) return detection;
  return refined(
    detection,
    'feature-phone',
    'wap',
    'Accept names what phones of the WAP 1 time show, and nothing later',
  );
}

// A bare name is a bot to isbot, but phones of small makers call themselves no more than that.
function mayBeOddPhone(detection: Detection, userAgent: string): boolean {
  if (userAgent === '') return false;
  return detection.class === 'unknown' || (detection.class === 'bot' && !/Mozilla|https?:/.test(userAgent));
}

function refineByWapProfile(detection: Detection, read: ReadField): Detection {
  if (read('x-wap-profile') === undefined) return detection;
  return refined(detection, 'feature-phone', 'feature-phone', 'the request names a WAP profile');
}

function readHint(read: ReadField, fieldName: string): string {
  return (read(fieldName) ?? '').slice(0, MAX_HINT).trim();
}

function refined(detection: Detection, clientClass: ClientClass, preset: string, evidence: string): Detection {
  return { class: clientClass, preset, evidence: [...detection.evidence, evidence] };
}
