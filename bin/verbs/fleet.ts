/** `fleet push|plan|sign|apply|status|drain`: what operators ask of a fleet, by any of its servers. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { pause, systemClock } from '../../core/clock.ts';
import { readSigningKey } from '../../fleet/bundle/signing-keys.ts';
import type { PlannedChange, Pushed } from '../../fleet/control.ts';
import type { FleetStatus, SetStatus } from '../../fleet/fleet-status.ts';
import { signPlan } from '../../fleet/plan/sign-plan.ts';
import { callServer, jsonOption, serverOption } from './server-call.ts';

interface Options {
  readonly server: string;
  readonly json?: boolean;
}

interface WaitOptions extends Options {
  readonly wait?: boolean;
  readonly timeout: string;
}

const LOOK_MS = 50;

export function addFleetVerbs(program: Command): void {
  const fleet = program.command('fleet').description('The fleet of a running server.');
  const verb = (text: string, help: string) =>
    fleet.command(text).description(help).addOption(serverOption()).addOption(jsonOption());
  verb('push <file...>', 'Store bundles and data sets on one server; the others pull them from it.').action(push);
  verb('plan <file>', 'Tell what a plan would change; nothing is done.').action(plan);
  fleet
    .command('sign <file>')
    .description('Sign a plan and print it, for who applies it elsewhere; no server is asked.')
    .requiredOption('--key <file>', 'signing key, made by `keys new`')
    .requiredOption('--serial <number>', 'above that of the plan in force, which `fleet status` tells')
    .addOption(jsonOption().default(true, 'always'))
    .action(sign);
  verb('apply <file>', 'Sign a plan with the next serial and publish it.')
    .requiredOption('--key <file>', 'signing key, made by `keys new`')
    .option('--wait', 'return when every assignment is ready and every live server routes by it')
    .option('--timeout <seconds>', 'how long to wait', '60')
    .action(apply);
  verb('status', 'Tell servers, sets, versions and editions, ready or why not, and what differs from the plan.').action(
    async ({ server, json }: Options) => {
      const status = await readStatus(server);
      if (json) console.log(JSON.stringify(status, null, 2));
      else printStatus(status);
    },
  );
  verb('drain <node>', 'Take a server out of use; others take over what it holds.')
    .option('--undo', 'take it back into use')
    .option('--wait', 'return when it holds nothing that another could')
    .option('--timeout <seconds>', 'how long to wait', '60')
    .action(drain);
}

async function push(files: readonly string[], { server, json }: Options): Promise<void> {
  const pushed: (Pushed & { file: string })[] = [];
  for (const file of files) {
    const kind = basename(file).endsWith('.bundle') ? '?kind=bundle' : '';
    const { text } = await callServer({ server, method: 'POST', path: `/api/fleet/blobs${kind}`, file });
    pushed.push({ ...(JSON.parse(text) as Pushed), file });
  }
  if (json) return console.log(JSON.stringify(pushed, null, 2));
  for (const { digest, kind, name, version, file } of pushed)
    console.log(`${digest}  ${kind === 'bundle' ? `${name} ${version}` : 'data'}  ${file}`);
}

async function plan(file: string, { server, json }: Options): Promise<void> {
  const { text } = await callServer({ server, method: 'POST', path: '/api/fleet/plan', json: readPlan(file) });
  if (json) console.log(text.trimEnd());
  else printChange(JSON.parse(text) as PlannedChange);
}

function sign(file: string, { key, serial }: { readonly key: string; readonly serial: string }): void {
  console.log(JSON.stringify(signPlan(readPlan(file), Number(serial), readSigningKey(key))));
}

async function apply(file: string, options: WaitOptions & { readonly key: string }): Promise<void> {
  const { server, key, json, wait } = options;
  const { serial } = await readStatus(server);
  const signed = signPlan(readPlan(file), serial + 1, readSigningKey(key));
  const { text } = await callServer({ server, method: 'POST', path: '/api/fleet/apply', json: signed });
  const began = systemClock.monotonic();
  const isDone = (status: FleetStatus) => status.serial >= signed.serial && status.isSettled;
  const status = wait ? await waitFor(options, isDone) : undefined;
  const ms = Math.round(systemClock.monotonic() - began);
  if (json)
    return console.log(JSON.stringify({ serial: signed.serial, ...JSON.parse(text), ...(status && { ms, status }) }));
  printChange(JSON.parse(text) as PlannedChange);
  console.log(
    `plan ${signed.serial} is published${status === undefined ? '' : `; everything is ready after ${ms} ms`}`,
  );
}

async function drain(node: string, options: WaitOptions & { readonly undo?: boolean }): Promise<void> {
  const { server, undo, wait, json } = options;
  const path = `/api/fleet/servers/${encodeURIComponent(node)}/drain`;
  await callServer({ server, method: 'POST', path, json: { draining: undo !== true } });
  const isDone = ({ servers, isSettled }: FleetStatus) => {
    const found = servers.find(({ name }) => name === node);
    return isSettled && found?.isDraining === (undo !== true);
  };
  if (wait) await waitFor(options, isDone);
  if (json) console.log(JSON.stringify({ server: node, draining: undo !== true }));
  else console.log(`${node} is ${undo ? 'in use again' : wait ? 'drained' : 'being drained'}`);
}

/** @throws Error with what is still missing when the time is over. */
async function waitFor(
  { server, timeout }: WaitOptions,
  isDone: (status: FleetStatus) => boolean,
): Promise<FleetStatus> {
  const seconds = Number(timeout);
  if (!(seconds > 0)) throw new RangeError(`--timeout: must be a number of seconds, got ${timeout}`);
  const until = systemClock.monotonic() + seconds * 1_000;
  for (;;) {
    const status = await readStatus(server);
    if (isDone(status)) return status;
    if (systemClock.monotonic() > until)
      throw new Error(`not ready within ${seconds} seconds: ${status.drift.join('; ') || 'the plan has not arrived'}`);
    await pause(LOOK_MS);
  }
}

async function readStatus(server: string): Promise<FleetStatus> {
  return JSON.parse((await callServer({ server, path: '/api/fleet' })).text) as FleetStatus;
}

function readPlan(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (cause) {
    throw new RangeError(`${file} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
}

function printChange({ changes, shifts, unmet, missing }: PlannedChange): void {
  for (const { sentence } of changes) console.log(sentence);
  for (const { sentence } of shifts) console.log(sentence);
  for (const { sentence } of unmet) console.log(sentence);
  for (const digest of missing) console.log(`No server has ${digest}: push it first.`);
  if (changes.length === 0) console.log('Nothing changes.');
}

function printStatus({ serial, registry, manager, servers, sets, drift }: FleetStatus): void {
  const engine =
    registry.kind === 'local' ? 'no engine' : registry.isConnected ? 'NATS' : 'NATS, which does not answer';
  console.log(`plan ${serial}, ${engine}, manager ${manager ?? 'none'}`);
  for (const { name, url, zone, isDraining, agrees, sets: held, problems } of servers) {
    const state = isDraining ? 'draining' : agrees ? 'in use' : 'catching up';
    console.log(`${name}  ${url}  ${zone}  ${state}  ${Object.keys(held).join(', ') || '-'}`);
    for (const [set, problem] of Object.entries(problems)) console.log(`  ${set}: ${problem}`);
  }
  for (const set of sets) console.log(describeSet(set));
  for (const sentence of drift) console.log(`! ${sentence}`);
}

function describeSet({ name, version, ready, replicas, editions }: SetStatus): string {
  const data = Object.entries(editions).map(([each, edition]) => `${each} edition ${edition}`);
  return `${name} ${version.slice(0, 12)}: ${ready.length} of ${replicas} ready (${ready.join(', ') || 'none'})${data.length === 0 ? '' : `; ${data.join(', ')}`}`;
}
