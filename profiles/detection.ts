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

/**
 * Makes a detector.
 *
 * @param options.cacheSize User-Agents whose class is remembered. Default 5,000.
 */
export function makeDetector({ cacheSize = 5_000 }: { readonly cacheSize?: number }): (read: ReadField) => Detection {
  const byUserAgent = new LRUCache<string, Detection>({ max: cacheSize });
  return (read) => {
    const userAgent = (read('user-agent') ?? '').slice(0, MAX_USER_AGENT);
    let detection = byUserAgent.get(userAgent);
    if (detection === undefined) {
      detection = findByUserAgent(userAgent);
      byUserAgent.set(userAgent, detection);
    }
    return refineByHints(detection, userAgent, read);
  };
}

// Chromium says more of itself than its frozen User-Agent does: a tablet that calls itself a phone, or a desktop.
function refineByHints(detection: Detection, userAgent: string, read: ReadField): Detection {
  if (!/\b(?:Chrome|Chromium|CriOS)\//.test(userAgent) || !/^(?:smartphone|tablet|desktop)$/.test(detection.class))
    return detection;
  const factors = read('sec-ch-ua-form-factors');
  if (factors !== undefined && /"Tablet"/i.test(factors))
    return refined(detection, 'tablet', 'tablet', 'Sec-CH-UA-Form-Factors says Tablet');
  if (!/Android/.test(userAgent)) return detection;
  const mobile = read('sec-ch-ua-mobile')?.trim();
  if (mobile === '?0' && detection.class === 'smartphone')
    return refined(detection, 'tablet', 'tablet', 'Sec-CH-UA-Mobile says ?0 on Android');
  if (mobile === '?1' && detection.class === 'tablet')
    return refined(detection, 'smartphone', 'phone', 'Sec-CH-UA-Mobile says ?1');
  return detection;
}

function refined(detection: Detection, clientClass: ClientClass, preset: string, evidence: string): Detection {
  return { class: clientClass, preset, evidence: [...detection.evidence, evidence] };
}
