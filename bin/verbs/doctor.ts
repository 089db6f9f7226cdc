/** `doctor`: what of this machine might keep the gateway from working well. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Command } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { isSafeBrotli } from '../../egress/brotli.ts';
import { readBuiltIns } from '../../formatters/built-ins.ts';
import { type Settings, settingTable } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'fault';
  readonly text: string;
}

/** Oldest Node that runs the sources as they are. */
const WANTED_NODE = [24, 12] as const;

export function addDoctorVerb(program: Command): void {
  program
    .command('doctor')
    .description('Check this machine: Node, data folder, ports, formatters; exit code 1 for faults.')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine(parseSettings(settingTable, readEnvironment()));
      if (json) console.log(JSON.stringify(findings, null, 2));
      else for (const { state, check, text } of findings) console.log(`${state.padEnd(8)} ${check}: ${text}`);
      if (findings.some((finding) => finding.state === 'fault')) process.exitCode = 1;
    });
}

async function examine(settings: Settings): Promise<Finding[]> {
  return [
    nodeFinding(),
    brotliFinding(),
    dataFinding(settings.dataDir),
    await portFinding('PORT', settings.host, settings.port),
    await portFinding('ADMIN_PORT', settings.adminHost, settings.adminPort),
    await formatterFinding(),
  ];
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > WANTED_NODE[0] || (major === WANTED_NODE[0] && minor >= WANTED_NODE[1]);
  if (!isNew)
    return { check: 'Node', state: 'fault', text: `${process.version} is older than ${WANTED_NODE.join('.')}` };
  if (major < 25)
    return {
      check: 'Node',
      state: 'warning',
      text: `${process.version} cannot keep plugins from opening sockets; 26 can`,
    };
  return { check: 'Node', state: 'ok', text: process.version };
}

function brotliFinding(): Finding {
  if (isSafeBrotli(process.versions.brotli))
    return { check: 'brotli', state: 'ok', text: `${process.versions.brotli} decodes natively` };
  return {
    check: 'brotli',
    state: 'ok',
    text: `${process.versions.brotli} of this Node is vulnerable and not used: the WebAssembly decoder is`,
  };
}

function dataFinding(dataDir: string): Finding {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK | constants.R_OK);
    return { check: 'DATA_DIR', state: 'ok', text: `${dataDir} can be written` };
  } catch (error) {
    return { check: 'DATA_DIR', state: 'fault', text: (error as Error).message };
  }
}

async function portFinding(check: string, host: string, port: number): Promise<Finding> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
    return { check, state: 'ok', text: `${host}:${port} is free` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      check,
      state: code === 'EADDRINUSE' ? 'warning' : 'fault',
      text: code === 'EADDRINUSE' ? `${host}:${port} is taken, maybe by the gateway itself` : (error as Error).message,
    };
  } finally {
    server.close();
  }
}

async function formatterFinding(): Promise<Finding> {
  const all = await readBuiltIns((await import('../../server/built-ins.ts')).builtInFormatters);
  return { check: 'formatters', state: 'ok', text: `${all.length} built in` };
}
