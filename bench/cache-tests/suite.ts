/**
 * The suite of http-tests/cache-tests: the edition of the registry, packed on demand into `node_modules/.cache` (no
 * dependency of ours, as its own would bring a whole npm 6 along, and its tests need none of them); or a checkout of a newer
 * one. Both lay out their folders in other ways.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SuiteFetch } from './suite-fetch.ts';

/** Version of the package. */
export const EDITION = '0.4.5';
const FILE = `http-cache-tests-${EDITION}.tgz`;
const SHA512 = 'DjuwN9nUZXLTW+wav1LRESCZNVxl8SshwOy4z1pxuWbWt5/ay6sM9QQ1lebBaDO6P1IMBoK6mdf+PuVP/QNL8A==';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
/** Tests under way together: with more of them seconds are lost on a busy machine, which the tests count. */
const AT_ONCE = 40;

/** What a test is for: `check` only asks. */
export type TestKind = 'required' | 'optimal' | 'check';

interface SuiteTest {
  readonly id: string;
  readonly name: string;
  /** Default `required`. */
  readonly kind?: TestKind;
  readonly browser_only?: boolean;
}

interface TestGroup {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

type Handle = (path: readonly string[], request: IncomingMessage, response: ServerResponse) => void;

/** `true`, or the kind of trouble and what was wrong. */
export type Results = Readonly<Record<string, true | readonly [string, string]>>;

/** What is used of it; its tests keep what they found in their modules, so one process runs them once. */
export interface Suite {
  readonly groups: readonly TestGroup[];
  /** What its server answers with, by the first segment of the path. */
  readonly handlers: Readonly<Record<string, Handle>>;
  run(fetch: SuiteFetch, base: string): Promise<Results>;
  /** A tick or `Y` for a test that passed, and those it depends on too. */
  symbolOf(id: string, results: Results): string;
}

/** Folder of the edition of the registry; fetched by npm where it is not there yet. Throws where that is impossible. */
export function fetchSuite(): string {
  const folder = join(CACHE, `http-cache-tests-${EDITION}`);
  if (existsSync(folder)) return folder;
  const work = join(CACHE, `fetching-${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const options = { cwd: work, shell: process.platform === 'win32', stdio: 'ignore' } as const;
    execFileSync(npm, ['pack', `http-cache-tests@${EDITION}`], options);
    const digest = createHash('sha512')
      .update(readFileSync(join(work, FILE)))
      .digest('base64');
    if (digest !== SHA512) throw new Error(`${FILE} is not the package that was looked at: sha512 ${digest}`);
    execFileSync('tar', ['-xzf', FILE], { cwd: work });
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Loads a suite from its folder. */
export async function loadSuite(folder: string): Promise<Suite> {
  const isNewer = existsSync(join(folder, 'test-engine'));
  const load = async (path: string) => await import(pathToFileURL(join(folder, path)).href);
  const engine = (path: string) => load(isNewer ? `test-engine/${path}` : path);
  const groups: TestGroup[] = [...(await load('tests/index.mjs')).default];
  if (!isNewer) groups.push((await load('tests/surrogate-control.mjs')).default);
  const { runTests, getResults } = await engine('client/runner.mjs');
  const { determineTestResult } = await engine(isNewer ? 'lib/results.mjs' : 'lib/display.mjs');
  const handler = async (name: string): Promise<Handle> => (await engine(`server/handle-${name}.mjs`)).default;
  return {
    groups,
    handlers: { config: await handler('config'), state: await handler('state'), test: await handler('test') },
    async run(fetch, base) {
      if (isNewer) {
        Object.assign(globalThis, { fetch });
        await runTests(groups, false, base, AT_ONCE);
      } else await runTests(groups, fetch, false, base, AT_ONCE);
      return getResults();
    },
    symbolOf: (id, results) => determineTestResult(groups, id, results)[2],
  };
}
