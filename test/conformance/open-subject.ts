/** This gateway as the subject of the suite, in front of the suite's origin. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../core/log.ts';
import { startServer } from '../../main.ts';
import { testEnvironment } from '../support/gateway.ts';
import type { CaseMode } from './case.ts';
import type { CaseOrigin } from './origin.ts';
import type { Subject } from './run-case.ts';

const HOSTS = { plain: 'plain.test', personal: 'personal.test' };

/** Starts a gateway of the suite's own; `as` gives the subject in a mode. */
export async function openSubject(
  origin: CaseOrigin,
): Promise<{ as(mode: CaseMode): Subject; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const sites = [
    { host: HOSTS.plain, upstream: origin.url, personal: false },
    { host: HOSTS.personal, upstream: origin.url },
  ];
  await writeFile(join(folder, 'sites.json'), JSON.stringify(sites));
  const environment = testEnvironment(join(folder, 'data'), {
    SITES: join(folder, 'sites.json'),
    // What is asked is what is right, not how fast: nothing is shed on a busy machine.
    FORMAT_TIMEOUT_MS: '60000',
  });
  const server = await startServer(environment, { log: silentLog });
  return {
    as: (mode) => ({ proxy: new URL(server.origin), hosts: HOSTS, mode }),
    async close() {
      await server.close(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
