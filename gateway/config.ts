/** Settings of the gateway itself: where it listens, what it is called, who may use it, how it is bounded. */
import { availableParallelism } from 'node:os';
import {
  parseList,
  parseListenHost,
  parseSwitch,
  parseText,
  parseWhole,
  parseWords,
  type Setting,
  type SettingTable,
} from '../core/config.ts';
import { type AddressRange, parseAddressRange } from './address-range.ts';
import { cacheSettings } from './cache/config.ts';
import { serviceSettings } from './services/config.ts';

const MODES = ['prefix', 'reverse', 'forward'] as const;

/** A way in which clients ask. */
export type Mode = (typeof MODES)[number];

const PRIVATE_RANGES = ['loopback', 'private'].map(parseAddressRange);

function parseOrigin(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  )
    throw new RangeError('must be an origin such as https://gateway.example');
  return url.origin;
}

function parseHostName(text: string): string {
  const url = URL.parse(`http://${text}/`);
  if (url === null || url.host !== text.toLowerCase()) throw new RangeError('must be a host name without a port');
  return url.hostname;
}

export const gatewaySettings = {
  host: {
    variable: 'HOST',
    fallback: '127.0.0.1',
    help: 'Address on which clients connect.',
    group: 'main',
    parse: parseListenHost,
  } satisfies Setting<string>,
  port: {
    variable: 'PORT',
    fallback: 8080,
    help: 'Port on which clients connect; 0 takes a free one.',
    group: 'main',
    parse: parseWhole(0, 65_535),
  } satisfies Setting<number>,
  demoPort: {
    variable: 'DEMO_PORT',
    fallback: 8082,
    help: 'Port of the demo site, on loopback, which runs while no site is configured; a free one is taken where it is in use.',
    group: 'main',
    parse: parseWhole(0, 65_535),
  } satisfies Setting<number>,
  publicUrl: {
    variable: 'PUBLIC_URL',
    fallback: undefined,
    fallbackText: 'from HOST (the host name where HOST is a wildcard) and PORT',
    help: 'Origin under which clients know this gateway.',
    group: 'main',
    parse: parseOrigin,
  } satisfies Setting<string | undefined>,
  ownHosts: {
    variable: 'OWN_HOSTS',
    fallback: [],
    fallbackText: 'none',
    help: 'Further host names of this gateway, by commas; `localhost` and IP literals always count.',
    group: 'main',
    parse: parseList(parseHostName),
  } satisfies Setting<readonly string[]>,
  dataDir: {
    variable: 'DATA_DIR',
    fallback: './data',
    help: 'Folder of the embedded database, caches and keys.',
    group: 'main',
    parse: (text) => text,
  } satisfies Setting<string>,
  modes: {
    variable: 'MODES',
    fallback: [...MODES],
    fallbackText: MODES.join(','),
    help: 'Client modes that are on: prefix, reverse, forward.',
    group: 'main',
    parse: parseWords(MODES),
  } satisfies Setting<readonly Mode[]>,
  clientsAllow: {
    variable: 'CLIENTS_ALLOW',
    fallback: PRIVATE_RANGES,
    fallbackText: 'loopback,private',
    help: 'Who may use prefix and forward mode without signing in: addresses, CIDR ranges, `loopback`, `private`, `any`.',
    group: 'main',
    parse: parseList(parseAddressRange),
  } satisfies Setting<readonly AddressRange[]>,
  usersFile: {
    variable: 'USERS',
    fallback: undefined,
    fallbackText: 'none',
    help: 'File of users who may sign in, a line each: `name:scrypt-hash[:profile]`.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  sitesFile: {
    variable: 'SITES',
    fallback: undefined,
    fallbackText: 'none',
    help: 'JSON file of reverse-mode sites.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  trustedProxies: {
    variable: 'TRUSTED_PROXIES',
    fallback: [],
    fallbackText: 'none',
    help: 'Whose `X-Forwarded-*`, `Forwarded` and `X-Device-*` are believed: addresses, CIDR ranges, `loopback`, `private`.',
    group: 'main',
    parse: parseList(parseAddressRange),
  } satisfies Setting<readonly AddressRange[]>,
  imageHosts: {
    variable: 'IMAGE_HOSTS',
    fallback: [],
    fallbackText: 'none',
    help: 'Hosts whose pictures `/-/image` serves unsigned.',
    group: 'main',
    parse: parseList(parseHostName),
  } satisfies Setting<readonly string[]>,
  linkKeys: {
    variable: 'LINK_KEYS',
    fallback: [],
    fallbackText: 'none',
    help: 'Keys of signed `/-/image` links, `kid:secret` by commas.',
    group: 'main',
    secret: true,
    parse: parseList((item) => {
      const [kid, ...secret] = item.split(':');
      if (!kid || secret.join(':').length < 16)
        throw new RangeError('must be kid:secret with a secret of at least 16 characters');
      return { kid, secret: secret.join(':') };
    }),
  } satisfies Setting<readonly { kid: string; secret: string }[]>,
  tlsCert: {
    variable: 'TLS_CERT',
    fallback: undefined,
    fallbackText: 'none',
    help: 'PEM file of the certificate for HTTPS to clients.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  tlsKey: {
    variable: 'TLS_KEY',
    fallback: undefined,
    fallbackText: 'none',
    help: 'PEM file of the key of that certificate.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  tlsPort: {
    variable: 'TLS_PORT',
    fallback: 8443,
    help: 'Port of HTTPS to clients, beside PORT.',
    group: 'main',
    parse: parseWhole(0, 65_535),
  } satisfies Setting<number>,
  subdomains: {
    variable: 'SUBDOMAINS',
    fallback: undefined,
    fallbackText: 'none',
    help: 'Name below which each site gets a subdomain of its own in prefix mode, where its scripts may run.',
    group: 'main',
    parse: (text) => (parseText(text) === undefined ? undefined : parseHostName(text)),
  } satisfies Setting<string | undefined>,
  workers: {
    variable: 'WORKERS',
    fallback: () => availableParallelism(),
    fallbackText: 'cores',
    help: 'Processes that hold sockets.',
    group: 'main',
    parse: parseWhole(1, 256),
  } satisfies Setting<number>,
  logLevel: {
    variable: 'LOG_LEVEL',
    fallback: 'info',
    help: 'What is logged: debug, info, warn, error or silent.',
    group: 'main',
    parse: (text) => {
      if (!/^(debug|info|warn|error|silent)$/.test(text))
        throw new RangeError('must be debug, info, warn, error or silent');
      return text;
    },
  } satisfies Setting<string>,
  logRequests: {
    variable: 'LOG_REQUESTS',
    fallback: true,
    fallbackText: '1',
    help: 'Whether each request is logged (host of the target only, never paths, cookies or passwords).',
    group: 'main',
    parse: parseSwitch,
  } satisfies Setting<boolean>,
  maxPageBytes: {
    variable: 'MAX_PAGE_BYTES',
    fallback: 10_000_000,
    help: 'Most bytes of a document, as sent by the origin, that are formatted; larger ones pass through.',
    group: 'limit',
    parse: parseWhole(1_000, 1_000_000_000),
  } satisfies Setting<number>,
  maxImageBytes: {
    variable: 'MAX_IMAGE_BYTES',
    fallback: 32_000_000,
    help: 'Most bytes of a picture that are formatted; larger ones pass through.',
    group: 'limit',
    parse: parseWhole(1_000, 1_000_000_000),
  } satisfies Setting<number>,
  maxUploadBytes: {
    variable: 'MAX_UPLOAD_BYTES',
    fallback: 100_000_000,
    help: 'Most bytes of a request body passed to an origin.',
    group: 'limit',
    parse: parseWhole(0, 100_000_000_000),
  } satisfies Setting<number>,
  ...cacheSettings,
  ...serviceSettings,
  socketsPerClient: {
    variable: 'SOCKETS_PER_CLIENT',
    fallback: 64,
    help: 'Most WebSocket connections of one client address in a worker.',
    group: 'limit',
    parse: parseWhole(1, 1_000_000),
  } satisfies Setting<number>,
  maxConnections: {
    variable: 'MAX_CONNECTIONS',
    fallback: 10_000,
    help: 'Most client connections a worker holds.',
    group: 'limit',
    parse: parseWhole(1, 1_000_000),
  } satisfies Setting<number>,
  drainMs: {
    variable: 'DRAIN_MS',
    fallback: 30_000,
    help: 'Milliseconds that requests under way get to finish after SIGTERM.',
    group: 'limit',
    parse: parseWhole(0, 600_000),
  } satisfies Setting<number>,
  jarCookies: {
    variable: 'JAR_COOKIES',
    fallback: 200_000,
    help: 'Most cookies kept in the jar for all clients; the longest unused go first.',
    group: 'limit',
    parse: parseWhole(100, 100_000_000),
  } satisfies Setting<number>,
  jarDays: {
    variable: 'JAR_DAYS',
    fallback: 30,
    help: 'Days after which cookies of a client that does not come back are forgotten.',
    group: 'limit',
    parse: parseWhole(1, 3_650),
  } satisfies Setting<number>,
  clientRecords: {
    variable: 'CLIENT_RECORDS',
    fallback: 10_000,
    help: 'Most client records kept; those not seen for longest go first.',
    group: 'limit',
    parse: parseWhole(10, 100_000_000),
  } satisfies Setting<number>,
  clientDays: {
    variable: 'CLIENT_DAYS',
    fallback: 90,
    help: 'Days after which the record of a client that does not come back is forgotten.',
    group: 'limit',
    parse: parseWhole(1, 3_650),
  } satisfies Setting<number>,
  signInHours: {
    variable: 'SIGN_IN_HOURS',
    fallback: 720,
    help: 'Hours for which a sign-in holds.',
    group: 'limit',
    parse: parseWhole(1, 87_600),
  } satisfies Setting<number>,
  requestsPerMinute: {
    variable: 'REQUESTS_PER_MINUTE',
    fallback: 1_200,
    help: 'Requests a minute of one client; loopback clients are spared.',
    group: 'limit',
    parse: parseWhole(1, 1_000_000),
  } satisfies Setting<number>,
} satisfies SettingTable;
