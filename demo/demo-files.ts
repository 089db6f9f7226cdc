/** The files of the demo site, read once. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the demo site answers. */
export interface DemoAnswer {
  readonly status: number;
  /** `Content-Type`. */
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Present on files: they may be kept for five minutes. */
  readonly etag?: string;
  readonly location?: string;
  /** `Set-Cookie`. */
  readonly cookie?: string;
  readonly allow?: string;
}

const FOLDER = fileURLToPath(new URL('./site/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.json': 'application/json',
  '.xml': 'application/atom+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
};

/** All files by path, `/index.html` among them. */
export function readDemoFiles(): ReadonlyMap<string, DemoAnswer> {
  const files = new Map<string, DemoAnswer>();
  for (const entry of readdirSync(FOLDER, { withFileTypes: true, recursive: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const body = readFileSync(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
    files.set(`/${file.slice(FOLDER.length).replaceAll('\\', '/')}`, { status: 200, type, body, etag });
  }
  return files;
}
