/** Every case of the suite. */
import type { Case } from '../case.ts';
import { CACHING } from './caching.ts';
import { FAULTS } from './faults.ts';
import { NEGOTIATION } from './negotiation.ts';
import { PROXYING } from './proxying.ts';
import { SECURITY } from './security.ts';
import { SIGNALS } from './signals.ts';
import { STORED } from './stored.ts';
import { TRANSFORMATION } from './transformation.ts';

export const CASES: readonly Case[] = [
  ...TRANSFORMATION,
  ...PROXYING,
  ...FAULTS,
  ...NEGOTIATION,
  ...CACHING,
  ...STORED,
  ...SIGNALS,
  ...SECURITY,
];
