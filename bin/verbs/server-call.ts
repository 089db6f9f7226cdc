/** Calls of the admin API for verbs that talk to a server. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { type OperatorResponse, requestAsOperator } from '../../egress/operator-request.ts';
import { type Settings, settingTable } from '../../settings.ts';

/** The server does not answer. */
export class UnreachableError extends Error {}

/** `--server ADMIN_URL`. */
export const serverOption = (): Option =>
  new Option('--server <url>', 'admin address of the server').default('', 'ADMIN_HOST and ADMIN_PORT of the settings');

/** `--json`. */
export const jsonOption = (): Option => new Option('--json', 'print JSON');

export interface ServerCall {
  readonly server: string;
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  /** File that is sent as it is. */
  readonly file?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * Calls the admin API with the token of ADMIN_TOKEN, or of the data folder.
 *
 * @throws UnreachableError; RangeError for an address or a file that is none; Error with the server's own sentence for faults.
 */
export async function callServer(call: ServerCall): Promise<OperatorResponse> {
  const settings = parseSettings(settingTable, readEnvironment());
  const base = call.server || adminOriginOf(settings);
  const url = URL.parse(call.path, base);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new RangeError(`--server: must be an http or https URL, got \`${base}\``);
  if (call.file !== undefined) checkFile(call.file);
  const token = settings.adminToken ?? readToken(settings.dataDir);
  let response: OperatorResponse;
  try {
    response = await requestAsOperator({
      method: call.method ?? 'GET',
      url,
      token,
      json: call.json,
      file: call.file,
      ...(call.fields === undefined ? {} : { fields: call.fields }),
    });
  } catch (cause) {
    throw new UnreachableError(`${base} does not answer: ${(cause as Error).message}`, { cause });
  }
  if (response.status >= 400) throw new Error(titleOf(response));
  return response;
}

function adminOriginOf({ adminHost, adminPort, adminTlsCert }: Settings): string {
  const isWildcard = adminHost === '0.0.0.0' || adminHost === '::';
  const host = isWildcard ? 'localhost' : adminHost.includes(':') ? `[${adminHost}]` : adminHost;
  return `${adminTlsCert === undefined ? 'http' : 'https'}://${host}:${adminPort}`;
}

function checkFile(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new RangeError(`there is no file ${file}`);
}

function titleOf({ status, text }: OperatorResponse): string {
  try {
    const { title } = JSON.parse(text) as { title?: unknown };
    return `${status}: ${String(title ?? text)}`;
  } catch {
    // Not ours: a server of another kind answers there.
    return `${status}: ${text.slice(0, 200)}`;
  }
}

function readToken(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
  } catch {
    // No token here: the server says that one is needed.
    return undefined;
  }
}
