/**
 * The contract suite of a formatter, run where it will run: in its caged process. Its examples give what they promise, the
 * same input gives the same bytes in another process too, hostile input costs an answer and not the process, results are
 * within limits and no more dangerous than what went in, and the language's own objects stay as they were.
 */
import { readFileSync } from 'node:fs';
import { isTag, type ParentNode } from 'domhandler';
import { parseSettings } from '../core/config.ts';
import { type FailureKind, FormatFailure, type FormatJob, type FormatOutcome } from '../core/executor.ts';
import { formatterSettings } from './config.ts';
import type { FormatterDescriptor } from './descriptor.ts';
import { parseDocument } from './document/parse.ts';
import { type Example, findDifference, jobOfExample, readExamples } from './examples.ts';
import { hostileInputs } from './hostile-inputs.ts';
import { openPool, type Pool } from './pool/pool.ts';
import { makeRegistry } from './registry.ts';

/** One thing that was looked at. */
export interface ContractFinding {
  readonly check: string;
  readonly state: 'passed' | 'failed' | 'advice';
  /** What is wrong or advised; empty where it passed. */
  readonly text: string;
}

/** Kinds of failure that are answers: the formatter looked at the input and declined. */
const DECLINED: ReadonlySet<FailureKind> = new Set(['cannot', 'hostile', 'too-large', 'unprocessable']);
/** Longest one input may take, milliseconds: what a chain has in production by default. */
const TIMEOUT_MS = 8_000;

const passed = (check: string): ContractFinding => ({ check, state: 'passed', text: '' });
const failed = (check: string, text: string): ContractFinding => ({ check, state: 'failed', text });
const advice = (check: string, text: string): ContractFinding => ({ check, state: 'advice', text });

/**
 * Runs the suite.
 *
 * @param root Folder whose `examples` are run.
 */
export async function checkContract(formatter: FormatterDescriptor, root: string): Promise<ContractFinding[]> {
  const findings = [
    passed(`describes itself: ${formatter.name} ${formatter.version}, ${formatter.edges.length} edges`),
  ];
  let examples: Example[] = [];
  try {
    examples = readExamples(root, formatter);
  } catch (error) {
    findings.push(failed('examples can be read', (error as Error).message));
  }
  if (examples.length === 0)
    findings.push(advice('has examples', 'there is no folder `examples`: nothing shows what it is for'));
  else if (!examples.some(({ name }) => name.startsWith('hostile')))
    findings.push(advice('has a hostile example', 'one named `hostile` shows what happens to bad input'));
  const first = await withPool(formatter, async (pool) => {
    const outcomes = new Map<string, FormatOutcome>();
    for (const example of examples) findings.push(await checkExample(example, { formatter, pool, outcomes }));
    findings.push(...(await checkHostile(formatter, examples, pool)));
    return outcomes;
  });
  if (first.size > 0) findings.push(...(await checkAgain(formatter, examples, first)));
  return findings;
}

interface ExampleParts {
  readonly formatter: FormatterDescriptor;
  readonly pool: Pool;
  readonly outcomes: Map<string, FormatOutcome>;
}

async function checkExample(example: Example, { formatter, pool, outcomes }: ExampleParts): Promise<ContractFinding> {
  const check = `example ${example.name}`;
  try {
    const outcome = await run(pool, jobOfExample(example, formatter));
    if (example.fails !== undefined) return failed(check, `gave a result, expected the failure \`${example.fails}\``);
    outcomes.set(example.name, outcome);
    if (example.expectedFile === undefined) return failed(check, 'there is no file `expected.*`');
    const difference = await findDifference(outcome, readFileSync(example.expectedFile));
    return difference === undefined ? passed(check) : failed(check, difference);
  } catch (error) {
    if (error instanceof FormatFailure && error.kind === example.fails) return passed(check);
    return failed(check, reasonOf(error));
  }
}

// In a process of its own: a difference may come from what a process keeps, or from its start.
async function checkAgain(
  formatter: FormatterDescriptor,
  examples: readonly Example[],
  first: ReadonlyMap<string, FormatOutcome>,
): Promise<ContractFinding[]> {
  const same = 'gives the same bytes for the same input, in another process too';
  const clean = 'leaves nothing behind: no stray errors, the objects of the language as they were';
  return await withPool(formatter, async (pool) => {
    const differing: string[] = [];
    for (const example of examples.filter(({ name }) => first.has(name)))
      for (let time = 0; time < 2; time++) {
        const again = await run(pool, jobOfExample(example, formatter)).catch(reasonOf);
        if (typeof again === 'string') differing.push(`${example.name}: ${again}`);
        else if (!Buffer.from(again.body).equals(Buffer.from(first.get(example.name)!.body)))
          differing.push(`${example.name} gave other bytes; say \`deterministic: false\` if that is meant`);
      }
    // Every job was answered: what is counted all the same was left behind by one.
    const strays = differing.length === 0 ? pool.status()[0]!.faults : 0;
    return [
      ...(formatter.deterministic ? [differing.length === 0 ? passed(same) : failed(same, differing[0]!)] : []),
      strays === 0 ? passed(clean) : failed(clean, `${strays} processes could not be trusted after a job`),
    ];
  });
}

async function checkHostile(
  formatter: FormatterDescriptor,
  examples: readonly Example[],
  pool: Pool,
): Promise<ContractFinding[]> {
  const findings: ContractFinding[] = [];
  for (const from of new Set(formatter.edges.map((edge) => edge.from))) {
    const check = `survives hostile ${from}`;
    const edge = formatter.edges.find((each) => each.from === from)!;
    const like = examples.find((each) => each.inputType === from);
    const demands = like?.demands ?? Object.fromEntries(edge.meets.map((name) => [name, true]));
    const faults: string[] = [];
    for (const { name, body } of hostileInputs(from)) {
      const example: Example = {
        why: name,
        name,
        folder: name,
        input: body,
        inputType: from,
        expectedFile: undefined,
        demands,
        ...(like?.to === undefined ? {} : { to: like.to }),
        ...(like?.options === undefined ? {} : { options: like.options }),
      };
      const fault = await faultOf(run(pool, jobOfExample(example, formatter)), from);
      if (fault !== undefined) faults.push(`${name}: ${fault}`);
    }
    findings.push(faults.length === 0 ? passed(check) : failed(check, faults.join('; ')));
  }
  return findings;
}

async function faultOf(work: Promise<FormatOutcome>, from: string): Promise<string | undefined> {
  try {
    const outcome = await work;
    const isMarkup = outcome.mediaType === 'text/html' && !/html|xml|markdown/.test(from);
    if (!isMarkup) return undefined;
    const active = activeParts(parseDocument(Buffer.from(outcome.body).toString('utf8')).root()[0]!);
    return active === undefined ? undefined : `what was text has become ${active}`;
  } catch (error) {
    return error instanceof FormatFailure && DECLINED.has(error.kind) ? undefined : reasonOf(error);
  }
}

// What runs: text that becomes markup must have been escaped.
function activeParts(parent: ParentNode): string | undefined {
  for (const node of parent.children) {
    if (!isTag(node)) continue;
    if (node.name === 'script' || node.name === 'iframe') return `an element \`${node.name}\``;
    for (const [name, value] of Object.entries(node.attribs)) {
      if (name.startsWith('on')) return `a handler \`${name}\``;
      if (/^[\s\u0000-\u001f]*(?:javascript|vbscript):/i.test(value)) return 'a link that runs code';
    }
    const inner = activeParts(node);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

async function run(pool: Pool, job: FormatJob): Promise<FormatOutcome> {
  return await pool.run(job, AbortSignal.timeout(2 * TIMEOUT_MS));
}

function reasonOf(error: unknown): string {
  return error instanceof FormatFailure ? `${error.kind}: ${error.message}` : (error as Error).message;
}

async function withPool<T>(formatter: FormatterDescriptor, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool({
    registry: makeRegistry([formatter]).freeze(),
    pool: 1,
    // Every input is its own trial: a fault must not suspend the formatter for the next.
    limits: { ...parseSettings(formatterSettings, {}), timeoutMs: TIMEOUT_MS, breakerFaults: 1_000 },
  });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}
