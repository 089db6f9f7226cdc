/** An origin that makes bytes, and the program in front of it, each in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openProgram, type Program } from './program.ts';

const ORIGIN = fileURLToPath(new URL('./bytes-origin.ts', import.meta.url));

export interface PassBed {
  readonly origin: URL;
  readonly program: Program;
  /** Fields of a client that gets the origin's bytes, by the site in front of it. */
  readonly fields: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const SITE = 'bytes.test';

export async function openPassBed(): Promise<PassBed> {
  const folder = await mkdtemp(join(tmpdir(), 'pass-bench-'));
  const origin = spawn(process.execPath, [ORIGIN], { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = String((await once(origin.stdout, 'data'))[0]).trim();
  await writeFile(join(folder, 'sites.json'), JSON.stringify([{ host: SITE, upstream: url, personal: false }]));
  const program = await openProgram({
    DATA_DIR: join(folder, 'data'),
    SITES: join(folder, 'sites.json'),
    UPSTREAM_ALLOW: '127.0.0.1',
  });
  return {
    origin: new URL(url),
    program,
    fields: { host: SITE, 'user-agent': 'curl/8.0', accept: '*/*' },
    async close() {
      await program.close();
      origin.stdin.end();
      await once(origin, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
