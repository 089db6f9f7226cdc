/** Tries a component by the examples of its own bundle, before anybody depends on it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FormatFailure, type FormatJob, type FormatOutcome } from '../../core/executor.ts';
import type { PlacedComponent } from '../../core/fleet.ts';
import { parseManifest } from '../../formatters/descriptor.ts';
import { findDifference, jobOfExample, readExamples } from '../../formatters/examples.ts';

const requestSchema = z.strictObject({
  method: z.string().default('GET'),
  /** Path of the service's own, query included. */
  path: z.string().regex(/^\//),
  fields: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
});
const responseSchema = z.strictObject({
  status: z.int().default(200),
  /** Those that must be there, with these values. */
  fields: z.record(z.string(), z.string()).default({}),
  /** The whole body. */
  body: z.string().optional(),
  /** What the body must hold. */
  bodyIncludes: z.string().optional(),
  /** The whole body, as JSON. */
  json: z.unknown().optional(),
});

/** What is wrong, a sentence each; empty where all is right, or nothing is to be tried. */
export async function tryFormatter(
  component: PlacedComponent,
  run: (job: FormatJob) => Promise<FormatOutcome>,
): Promise<readonly string[]> {
  const manifest = parseManifest(component.plain);
  const faults: string[] = [];
  for (const example of readExamples(component.root, manifest)) {
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

/** What is wrong, a sentence each. */
export async function tryService(
  component: PlacedComponent,
  ask: (request: Request) => Promise<Response>,
): Promise<readonly string[]> {
  const folder = join(component.root, 'examples');
  if (!existsSync(folder)) return [];
  const faults: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!existsSync(join(folder, name, 'request.json'))) continue;
    const fault = await tryRequest(join(folder, name), ask);
    if (fault !== undefined) faults.push(`example ${name}: ${fault}`);
  }
  return faults;
}

async function tryRequest(folder: string, ask: (request: Request) => Promise<Response>): Promise<string | undefined> {
  try {
    const { method, path, fields, body } = requestSchema.parse(readJson(folder, 'request.json'));
    const expected = responseSchema.parse(readJson(folder, 'response.json'));
    const init = { method, headers: fields, ...(body === undefined ? {} : { body }) };
    const response = await ask(new Request(new URL(path, 'http://localhost'), init));
    return findFault(expected, response, await response.text());
  } catch (error) {
    return (error as Error).message;
  }
}

function readJson(folder: string, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

function findFault(
  expected: z.infer<typeof responseSchema>,
  { status, headers }: Response,
  text: string,
): string | undefined {
  if (status !== expected.status) return `its status is ${status}, expected ${expected.status}`;
  for (const [name, value] of Object.entries(expected.fields))
    if (headers.get(name) !== value) return `its field ${name} is ${headers.get(name)}, expected ${value}`;
  if (expected.body !== undefined && text !== expected.body) return 'its body is another than expected';
  if (expected.bodyIncludes !== undefined && !text.includes(expected.bodyIncludes))
    return `its body does not hold \`${expected.bodyIncludes}\``;
  if (expected.json !== undefined && !isDeepStrictEqual(JSON.parse(text), expected.json))
    return 'its JSON is another than expected';
  return undefined;
}
