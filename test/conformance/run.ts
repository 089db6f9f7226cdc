/**
 * The conformance suite as a command.
 *
 * `npm run conformance` runs it at this gateway; `-- --target URL [--mode reverse|forward] [--origin-port N] [--host NAME]` at
 * another proxy (in reverse mode that stands in front of the suite's origin on its port); `-- --peers` at Ziproxy, Privoxy and
 * Squid too, and writes `docs/conformance.md`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CaseMode, MODES } from './case.ts';
import { CASES } from './cases/index.ts';
import { openSubject } from './open-subject.ts';
import { type CaseOrigin, openCaseOrigin } from './origin.ts';
import { PEERS, startPeer, whatIsMissing } from './peers.ts';
import { RESULTS_FILE, type Score, scoreOf } from './results.ts';
import { type Result, runSuite } from './run-suite.ts';

const OPTIONS = {
  target: { type: 'string' },
  mode: { type: 'string', default: 'forward' },
  host: { type: 'string', default: 'plain.test' },
  'origin-port': { type: 'string', default: '0' },
  peers: { type: 'boolean', default: false },
} as const;

/** What other proxies can be asked: not by our own interface. */
const COMMON = CASES.filter(({ own }) => own !== true);

const { values } = parseArgs({ options: OPTIONS });
process.exitCode = await run();

async function run(): Promise<number> {
  const missing = values.peers ? await whatIsMissing() : undefined;
  if (missing !== undefined) {
    console.error(`Some of the other proxies are not installed. Install them with: ${missing}`);
    return 2;
  }
  const { mode } = values;
  if (mode !== 'reverse' && mode !== 'forward') {
    console.error('--mode is `reverse` or `forward`.');
    return 2;
  }
  const origin = await openCaseOrigin(Number(values['origin-port']));
  try {
    if (values.target === undefined) return await runHere(origin);
    console.log(`The origin listens at ${origin.url}.`);
    const hosts = { plain: values.host, personal: values.host };
    const results = await runSuite(COMMON, { proxy: new URL(values.target), hosts, mode }, origin);
    return tell(values.target, mode, results);
  } finally {
    await origin.close();
  }
}

async function runHere(origin: CaseOrigin): Promise<number> {
  const scores: Score[] = [];
  let code = 0;
  const subject = await openSubject(origin);
  try {
    for (const mode of MODES) {
      const results = await runSuite(CASES, subject.as(mode), origin);
      code = Math.max(code, tell('this gateway', mode, results));
      scores.push(scoreOf({ name: 'Format gateway', version: '', mode }, results, CASES));
    }
  } finally {
    await subject.close();
  }
  if (!values.peers) return code;
  for (const peer of PEERS) {
    const running = await startPeer(peer, origin);
    try {
      for (const mode of running.modes) {
        const results = await runSuite(COMMON, running.as(mode), origin);
        tell(`${running.name} ${running.version}`, mode, results);
        scores.push(scoreOf({ name: running.name, version: running.version, mode }, results, CASES));
      }
    } finally {
      await running.close();
    }
  }
  writeFileSync(RESULTS_FILE, `${JSON.stringify({ cases: CASES.length, scores }, undefined, 1)}\n`);
  console.log('Written; `npm run docs` makes docs/conformance.md of it.');
  return code;
}

function tell(name: string, mode: CaseMode, results: readonly Result[]): number {
  const count = (outcome: Result['outcome']) => results.filter((each) => each.outcome === outcome).length;
  console.log(`\n${name}, ${mode}: ${count('held')} held, ${count('broken')} broken, ${count('void')} without a say`);
  for (const { outcome, rules, title, faults } of results)
    if (outcome === 'broken') console.log(`  ${rules.join(', ')}: ${title}\n    ${faults.slice(0, 3).join('\n    ')}`);
  return count('broken') === 0 ? 0 : 1;
}
