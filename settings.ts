/** Every setting there is, from the `config.ts` of each folder. Light to import: a process that only starts others needs no more. */
import { adminSettings } from './admin/config.ts';
import type { Values } from './core/config.ts';
import { egressSettings } from './egress/config.ts';
import { fleetSettings } from './fleet/config.ts';
import { formatterSettings } from './formatters/config.ts';
import { gatewaySettings } from './gateway/config.ts';

export const settingTable = {
  ...gatewaySettings,
  ...adminSettings,
  ...egressSettings,
  ...formatterSettings,
  ...fleetSettings,
};

export type Settings = Values<typeof settingTable>;
