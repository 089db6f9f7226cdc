/** One request through the gateway, in any mode, over kept connections. */
import { Agent, request } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib';
import type { Mode } from './clients.ts';

/** The gateway that is asked, and what stands behind it. */
export interface Place {
  readonly proxy: URL;
  readonly origin: URL;
  /** Host names of its sites: one without settings of persons, one with them. */
  readonly hosts: { readonly reverse: string; readonly personal: string };
}

export interface Answered {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** Its content coding undone. */
  readonly body: string;
}

export function makeAsk({ proxy, origin, hosts }: Place) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ask = (mode: Mode, path: string, fields: Readonly<Record<string, string>>): Promise<Answered> => {
    const target = `${origin.origin}${path}`;
    const isReverse = mode === 'reverse' || mode === 'personal';
    const asked = isReverse ? path : mode === 'prefix' ? `/${target}` : target;
    const host = isReverse ? hosts[mode] : mode === 'prefix' ? proxy.host : origin.host;
    return new Promise((resolve, reject) => {
      const { hostname, port } = proxy;
      const sent = request({ agent, host: hostname, port, path: asked, headers: { ...fields, host } }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answered = { status: response.statusCode ?? 0, fields: response.headers as Answered['fields'] };
          decode(Buffer.concat(parts), response.headers['content-encoding']).then(
            (body) => resolve({ ...answered, body: body.toString('utf8') }),
            reject,
          );
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  };
  return { ask, close: () => agent.destroy() };
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

async function decode(bytes: Buffer, coding = 'identity'): Promise<Buffer> {
  return bytes.byteLength === 0 ? bytes : await (DECODERS[coding]?.(bytes) ?? bytes);
}
