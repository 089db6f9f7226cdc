/**
 * Brotli decoding of what strangers sent. The library inside Node is used only where it has the fix of CVE-2026-111497
 * (remote code execution by a crafted body); elsewhere a WebAssembly decoder, whose faults stay in its own memory.
 */
import { createRequire } from 'node:module';
import { createBrotliDecompress } from 'node:zlib';
import { throughZlib } from './zlib-stage.ts';

/** First fixed release of each line, newest line first. */
const FIXED = [
  [1, 2, 1],
  [1, 1, 1],
  [1, 0, 10],
] as const;
const OUTPUT_BYTES = 65_536;

/** What is used of the library's CommonJS entry; its own types describe the browser's. */
interface BrotliWasm {
  readonly BrotliStreamResultCode: {
    readonly ResultSuccess: number;
    readonly NeedsMoreInput: number;
    readonly NeedsMoreOutput: number;
  };
  readonly DecompressStream: new () => {
    decompress(
      input: Uint8Array,
      outputBytes: number,
    ): { buf: Uint8Array; code: number; input_offset: number; free(): void };
    free(): void;
  };
}

/** True when a brotli release has the fix. Unknown versions have not. */
export function isSafeBrotli(version: string | undefined): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version ?? '');
  if (match === null) return false;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const line = FIXED.find((each) => each[0] === major && each[1] === minor);
  if (line !== undefined) return patch >= line[2];
  return major > 1 || (major === 1 && minor > FIXED[0][1]);
}

let loaded: BrotliWasm | undefined;

// Its ESM entry is the one for browsers; the CommonJS entry works.
function loadWasm(): BrotliWasm {
  loaded ??= createRequire(import.meta.url)('brotli-wasm') as BrotliWasm;
  return loaded;
}

/** Decodes a brotli stream piece by piece: nothing is made before the reader asks for it. Throws on corrupt or short data. */
export function decodeBrotli(
  source: AsyncIterable<Uint8Array>,
  version = process.versions['brotli'],
): AsyncIterable<Uint8Array> {
  return isSafeBrotli(version) ? throughZlib(source, createBrotliDecompress()) : decodeByWasm(source);
}

async function* decodeByWasm(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { BrotliStreamResultCode: Code, DecompressStream } = loadWasm();
  const stream = new DecompressStream();
  let code: number = Code.NeedsMoreInput;
  try {
    for await (const chunk of source) {
      let offset = 0;
      do {
        const result = stream.decompress(chunk.subarray(offset), OUTPUT_BYTES);
        const { buf } = result;
        code = result.code;
        offset += result.input_offset;
        result.free();
        if (buf.length > 0) yield buf;
      } while (code === Code.NeedsMoreOutput);
      // What follows the end of the stream is not read, as browsers do.
      if (code === Code.ResultSuccess) return;
    }
    throw Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' });
  } finally {
    stream.free();
  }
}
