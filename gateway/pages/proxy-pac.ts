/** `/-/proxy.pac`: tells browsers to send plain http through forward mode. */
import { GatewayError } from '../../core/errors.ts';
import type { Mode } from '../config.ts';
import type { Received } from '../received.ts';
import { makeTextReply } from './layout.ts';
import type { PageEntry } from './pages.ts';

/** Where a browser finds the proxy: the name by which it has found this page. */
export function proxyOf({ authority, peer }: Received): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
} {
  const { hostname, port } = new URL(`${peer.secure ? 'https' : 'http'}://${authority || '127.0.0.1'}`);
  return { host: hostname, port: Number(port || (peer.secure ? 443 : 80)), secure: peer.secure };
}

/**
 * https goes past the gateway: in CONNECT it is a blind tunnel, and nothing could be adapted. So do names without a dot and
 * addresses of the local network, which the gateway would refuse.
 */
export function makePacPage(modes: readonly Mode[]): PageEntry {
  return {
    methods: ['GET'],
    handle(received, { site, gatewayPath }) {
      if (site !== undefined || !modes.includes('forward'))
        throw new GatewayError('NOT_FOUND', { path: `${gatewayPath}proxy.pac` });
      const { host, port, secure } = proxyOf(received);
      // The host has been through a URL parser: it holds no quote and no backslash.
      const script = `function FindProxyForURL(url, host) {
  if (url.substring(0, 5) !== "http:") return "DIRECT";
  if (isPlainHostName(host) || host === "${host}" || /^(127|10|192\\.168|169\\.254|172\\.(1[6-9]|2\\d|3[01]))\\.[\\d.]+$/.test(host)) return "DIRECT";
  return "${secure ? 'HTTPS' : 'PROXY'} ${host}:${port}; DIRECT";
}
`;
      return makeTextReply(200, 'application/x-ns-proxy-autoconfig', script);
    },
  };
}
