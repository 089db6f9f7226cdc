/** The numbered requirements, group by group, and why some cannot be cases in some modes. */
import type { CaseMode } from './case.ts';

/** A group of numbers with what it is about and the standards it stands on. */
export interface Group {
  readonly letters: string;
  readonly title: string;
  /** Numbers run from 1 to this. */
  readonly count: number;
}

export const GROUPS: readonly Group[] = [
  { letters: 'CT', title: 'W3C Guidelines for Web Content Transformation Proxies 1.0', count: 22 },
  { letters: 'P', title: 'Proxying (RFC 9110, 9112)', count: 21 },
  { letters: 'N', title: 'Negotiation (RFC 9110 12, 2295)', count: 14 },
  { letters: 'C', title: 'Caching (RFC 9111, 9211, 9213, 5861)', count: 12 },
  { letters: 'H', title: 'Client signals (RFC 8942 and others)', count: 11 },
  { letters: 'S', title: 'Isolation and abuse', count: 8 },
];

/** Every number, in order. */
export const NUMBERS: readonly string[] = GROUPS.flatMap(({ letters, count }) =>
  Array.from({ length: count }, (_, at) => `${letters}-${at + 1}`),
);

interface Exemption {
  readonly modes: readonly CaseMode[];
  readonly why: string;
}

const ADDRESSES_STAY = 'addresses in pages stay as they are in this mode, and so do the origin’s own policies';
const NO_OWN_ADDRESSES =
  'a request names the resource and nothing else; presentations, their list and explanations are asked for in prefix mode, to which its pages lead';

/** Why a number has no case in a mode. */
export const EXEMPTIONS: Readonly<Record<string, Exemption>> = {
  'CT-11': {
    modes: ['forward'],
    why: `the opt-out is kept by a cookie of the gateway’s own host or by an account; ${NO_OWN_ADDRESSES}`,
  },
  'CT-21': {
    modes: ['prefix', 'reverse', 'forward'],
    why: 'HTTPS is never intercepted: CONNECT is a blind tunnel (P-16), a bad certificate is a 502 (P-21, test/egress.exchange.test.ts), and https on the client’s side is tried with certificates in test/secure.test.ts',
  },
  'CT-22': { modes: ['forward'], why: NO_OWN_ADDRESSES },
  'P-16': { modes: ['prefix', 'reverse'], why: 'CONNECT exists in forward mode alone (RFC 9110 9.3.6)' },
  'N-12': { modes: ['forward'], why: NO_OWN_ADDRESSES },
  'N-14': { modes: ['forward'], why: NO_OWN_ADDRESSES },
  'S-2': { modes: ['reverse', 'forward'], why: 'each site has its own origin in this mode: that of its name' },
  'S-4': { modes: ['forward'], why: ADDRESSES_STAY },
  'S-8': { modes: ['forward'], why: ADDRESSES_STAY },
};
