/** Settings of a server in a fleet. */
import { hostname } from 'node:os';
import { parseText, parseWhole, type Setting, type SettingTable } from '../core/config.ts';

type Optional = Setting<string | undefined>;

function text(variable: string, help: string, secret = false): Optional {
  return { variable, fallback: undefined, fallbackText: 'none', help, group: 'main', parse: parseText, secret };
}

function parseNodeName(value: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(value) && !value.includes('..')) return value;
  throw new RangeError(
    'must be 1 to 64 of letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit',
  );
}

export const fleetSettings = {
  natsUrl: text('NATS_URL', 'NATS servers of the fleet to join; without it the server is a fleet of one.'),
  natsCreds: text('NATS_CREDS', 'File of NATS credentials.'),
  nodeName: {
    variable: 'NODE_NAME',
    fallback: () =>
      hostname()
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 64),
    fallbackText: 'host name',
    help: 'Name of this server in the fleet: 1 to 64 of letters, digits, `.`, `_` and `-`.',
    group: 'main',
    parse: parseNodeName,
  } satisfies Setting<string>,
  zone: {
    variable: 'ZONE',
    fallback: 'default',
    help: 'Zone of this server, for placement.',
    group: 'main',
    parse: (value) => value,
  } satisfies Setting<string>,
  fleetKeys: text('FLEET_KEYS', 'File of public keys whose bundles and plans are trusted.'),
  backEnd: text(
    'BACK_END',
    'The back-end server this front-end works with; a front-end serves by one process, whatever WORKERS says.',
  ),
  channelSecret: text('CHANNEL_SECRET', 'Secret that front-end and back-end share.', true),
  prefetchBytes: {
    variable: 'CHANNEL_PREFETCH_BYTES',
    fallback: 0,
    help: 'Bytes of the link that a front-end may spend, while it is idle, on the page that a page calls the next one; 0 for none. Origins are told by Sec-Purpose.',
    group: 'limit',
    parse: parseWhole(0, 100_000_000),
  } satisfies Setting<number>,
} satisfies SettingTable;
