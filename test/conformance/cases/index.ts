/** Every case of the suite. */
import type { Case } from '../case.ts';
import { CACHING } from './caching.ts';
import { FAULTS } from './faults.ts';
import { NEGOTIATION } from './negotiation.ts';
import { PROXYING } from './proxying.ts';

import { SIGNALS } from './signals.ts';

export const CASES: readonly Case[] = [...PROXYING, ...FAULTS, ...CACHING, ...NEGOTIATION, ...SIGNALS];
