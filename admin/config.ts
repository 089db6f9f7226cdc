/** Settings of the admin listener. */
import {
  parseListenHost,
  parseSwitch,
  parseText,
  parseWhole,
  type Setting,
  type SettingTable,
} from '../core/config.ts';

export const adminSettings = {
  adminHost: {
    variable: 'ADMIN_HOST',
    fallback: '127.0.0.1',
    help: 'Address of the admin listener; off loopback only with TLS or ADMIN_BEHIND_TLS.',
    group: 'main',
    parse: parseListenHost,
  } satisfies Setting<string>,
  adminPort: {
    variable: 'ADMIN_PORT',
    fallback: 8081,
    help: 'Port of the admin listener: admin API and metrics; 0 takes a free one.',
    group: 'main',
    parse: parseWhole(0, 65_535),
  } satisfies Setting<number>,
  adminToken: {
    variable: 'ADMIN_TOKEN',
    fallback: undefined,
    fallbackText: 'made at first start, kept in the data folder',
    help: 'Bearer token of the admin API and sign-in secret of the admin UI; at least 16 characters.',
    group: 'main',
    secret: true,
    parse: (text) => {
      if (text.length < 16) throw new RangeError('must have at least 16 characters');
      return text;
    },
  } satisfies Setting<string | undefined>,
  adminTlsCert: {
    variable: 'ADMIN_TLS_CERT',
    fallback: undefined,
    fallbackText: 'none',
    help: 'PEM file of the certificate of the admin listener.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  adminTlsKey: {
    variable: 'ADMIN_TLS_KEY',
    fallback: undefined,
    fallbackText: 'none',
    help: 'PEM file of the key of that certificate.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  adminBehindTls: {
    variable: 'ADMIN_BEHIND_TLS',
    fallback: false,
    fallbackText: '0',
    help: '1 when something in front of the admin listener speaks TLS.',
    group: 'main',
    parse: parseSwitch,
  } satisfies Setting<boolean>,
} satisfies SettingTable;
