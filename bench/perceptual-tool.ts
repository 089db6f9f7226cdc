/** Tools that tell how much worse one picture looks than another, where one is installed. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface PerceptualTool {
  /** The measure, for the report. */
  readonly measure: string;
  /** How much worse the second picture looks, both PNG: 0 for equal, twice as much is twice as far. */
  lossOf(reference: Buffer, other: Buffer): Promise<number>;
}

interface Known {
  readonly command: string;
  readonly measure: string;
  readonly toLoss: (score: number) => number;
}

const SSIMULACRA_2 = { measure: '100 - SSIMULACRA 2', toLoss: (score: number) => 100 - score };
const KNOWN: readonly Known[] = [
  { command: 'ssimulacra2', ...SSIMULACRA_2 },
  { command: 'ssymulacra2', ...SSIMULACRA_2 },
  { command: 'ssimulacra_main', measure: 'SSIMULACRA 1', toLoss: (score) => score },
];

const run = promisify(execFile);

/**
 * The first of the tools that is there.
 *
 * @param path file of one of them, where it is not on the PATH
 * @throws Error saying what to install
 */
export function findPerceptualTool(path: string | undefined): PerceptualTool {
  const known = KNOWN.find(({ command }) => (path === undefined ? isThere(command) : path.endsWith(command)));
  if (known === undefined)
    throw new Error(
      'no tool to compare pictures with: install libjxl-devtools (Debian 13: ssimulacra2; Debian 12: ssimulacra_main) or `pip install ssimulacra2`, or name one by --tool FILE',
    );
  const { command, measure, toLoss } = known;
  return { measure, lossOf: async (...pictures) => toLoss(await compare(path ?? command, pictures)) };
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--help']).error === undefined;
}

async function compare(command: string, pictures: readonly [Buffer, Buffer]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'compare-'));
  try {
    const files = ['reference.png', 'other.png'].map((name) => join(folder, name));
    await Promise.all(files.map((file, index) => writeFile(file, pictures[index]!)));
    const { stdout } = await run(command, files);
    const score = Number.parseFloat(stdout.trim());
    if (!Number.isFinite(score)) throw new Error(`${command} said \`${stdout.trim().slice(0, 200)}\``);
    return score;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
