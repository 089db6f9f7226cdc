/** Closes, in a process for third-party code, what the permission model leaves open (each measured). */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import v8 from 'node:v8';
import { leaveCompiledCode } from './compiled-code.ts';
import { guardSqlite } from './guard-sqlite.ts';

/** To be called before third-party code is imported; cannot be undone from within the process. */
export function hardenProcess(): void {
  leaveCompiledCode();
  const own = process.pid;
  const raw = (process as unknown as { _kill: (pid: number, signal: number) => number })._kill;
  // `process.kill` ends here too. A process may end itself, nobody else: not the pool, nor a sibling.
  seal(process, '_kill', (pid: number, signal: number) => (pid === own ? raw(pid, signal) : refuse('kill')));
  // Both send a signal that opens a debugger in another process.
  seal(process, '_debugProcess', () => refuse('_debugProcess'));
  seal(process, '_debugEnd', () => refuse('_debugEnd'));
  seal(os, 'setPriority', () => refuse('setPriority'));
  // V8 flags can make the engine write logs and profiles by itself.
  seal(v8, 'setFlagsFromString', () => refuse('setFlagsFromString'));
  guardSqlite();
  syncBuiltinESMExports();
}

function seal(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: false, configurable: false, enumerable: true });
}

function refuse(name: string): never {
  throw Object.assign(new Error(`\`${name}\` is not for components`), { code: 'ERR_ACCESS_DENIED' });
}
