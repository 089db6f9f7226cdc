/** Tries a component by the examples of its own bundle, before anybody depends on it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FormatFailure, type FormatJob, type FormatOutcome } from '../../core/executor.ts';
import type { PlacedComponent } from '../../core/fleet.ts';
import { parseManifest } from '../../formatters/descriptor.ts';
import { type Example, findDifference, jobOfExample, readExamples } from '../../formatters/examples.ts';

/** Field names as in the web's own `Request` and `Response`, too: `url` with or without a host, `headers`. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['url', 'path'],
  ['headers', 'fields'],
]);

/** With our names. */
function renamed(content: unknown): unknown {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return content;
  const entries = Object.entries(content).map(([name, value]) => [OTHER_NAMES.get(name) ?? name, value] as const);
  return Object.fromEntries(entries);
}

function pathOf(text: string): string {
  const url = /^https?:/i.test(text) ? URL.parse(text) : null;
  return url === null ? text : url.pathname + url.search;
}

const textSchema = z.union([z.string(), z.json().transform((value) => JSON.stringify(value))]);

const requestSchema = z.strictObject({
  method: z.string().default('GET'),
  /** Path of the service's own, query included. */
  path: z.string().transform(pathOf).pipe(z.string().regex(/^\//)),
  fields: z.record(z.string(), z.string()).default({}),
  /** Text, or what is sent as JSON. */
  body: textSchema.optional(),
});
const responseSchema = z.strictObject({
  /** One, or several that are all right. */
  status: z.union([z.int(), z.array(z.int()).min(1)]).default(200),
  /** Those that must be there, with these values. */
  fields: z.record(z.string(), z.string()).default({}),
  /** The whole body: text, or what must be in it as JSON. */
  body: z.json().optional(),
  /** What the body must hold. */
  bodyIncludes: z.string().optional(),
  /** The whole body, as JSON. */
  json: z.unknown().optional(),
});

/** How much of an answer a message shows. */
const SHOWN = 160;

/** What is wrong, a sentence each; empty where all is right, or nothing is to be tried. */
export async function tryFormatter(
  component: PlacedComponent,
  run: (job: FormatJob) => Promise<FormatOutcome>,
): Promise<readonly string[]> {
  const manifest = parseManifest(component.plain);
  const faults: string[] = [];
  let examples: Example[];
  try {
    examples = readExamples(component.root, manifest);
  } catch (error) {
    return [(error as Error).message];
  }
  for (const example of examples) {
    const fault = await tryExample(() => run(jobOfExample(example, manifest)), example);
    if (fault !== undefined) faults.push(`example ${example.name}: ${fault}`);
  }
  return faults;
}

async function tryExample(
  run: () => Promise<FormatOutcome>,
  { fails, expectedFile }: { readonly fails?: string; readonly expectedFile: string | undefined },
): Promise<string | undefined> {
  try {
    const outcome = await run();
    if (fails !== undefined) return `should have failed (${fails})`;
    return expectedFile === undefined ? undefined : await findDifference(outcome, await readFile(expectedFile));
  } catch (error) {
    const kind = error instanceof FormatFailure ? error.kind : 'failed';
    return kind === fails ? undefined : `${kind}: ${(error as Error).message}`;
  }
}

/**
 * What is wrong, a sentence each; empty where all is right, or nothing is to be tried.
 *
 * @param ask asks the set that the service belongs to: the service is called by its name, since a set may have several
 */
export async function tryService(
  component: PlacedComponent,
  ask: (request: Request) => Promise<Response>,
): Promise<readonly string[]> {
  const folder = join(component.root, 'examples');
  if (!existsSync(folder)) return [];
  const faults: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!existsSync(join(folder, name, 'request.json'))) continue;
    const fault = await tryRequest(join(folder, name), `/-/services/${component.name}`, ask);
    if (fault !== undefined) faults.push(`example ${name}: ${fault}`);
  }
  return faults;
}

async function tryRequest(
  folder: string,
  prefix: string,
  ask: (request: Request) => Promise<Response>,
): Promise<string | undefined> {
  try {
    const { method, path, fields, body } = parseFile(join(folder, 'request.json'), requestSchema);
    const expected = parseFile(join(folder, 'response.json'), responseSchema);
    const init = { method, headers: fields, ...(body === undefined ? {} : { body }) };
    const response = await ask(new Request(new URL(prefix + path, 'http://localhost'), init));
    return findFault(expected, response, await response.text());
  } catch (error) {
    return (error as Error).message;
  }
}

/** @throws RangeError naming the file and what is wrong with it. */
function parseFile<T>(file: string, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new RangeError(`${basename(file)} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const { data, error } = schema.safeParse(renamed(content));
  if (error === undefined) return data;
  const { path, message } = error.issues[0]!;
  throw new RangeError(
    `${basename(file)} is not as it should be${path.length === 0 ? '' : ` (at ${path.join('.')})`}: ${message}`,
  );
}

function findFault(
  expected: z.infer<typeof responseSchema>,
  { status, headers }: Response,
  text: string,
): string | undefined {
  const statuses = [expected.status].flat();
  if (!statuses.includes(status)) return `its status is ${status}, expected ${statuses.join(' or ')}`;
  for (const [name, value] of Object.entries(expected.fields))
    if (headers.get(name) !== value) return `its field ${name} is ${headers.get(name)}, expected ${value}`;
  if (typeof expected.body === 'string' && text !== expected.body) return 'its body is another than expected';
  if (expected.bodyIncludes !== undefined && !text.includes(expected.bodyIncludes))
    return `its body does not hold \`${expected.bodyIncludes}\``;
  const json = expected.json ?? (typeof expected.body === 'string' ? undefined : expected.body);
  if (json !== undefined && !isEqualJson(text, json))
    return `its body is not the JSON that was expected: \`${text.slice(0, SHOWN)}\``;
  return undefined;
}

function isEqualJson(text: string, expected: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), expected);
  } catch {
    // What is no JSON equals none.
    return false;
  }
}
