// The whole check: types, lint, dead code, then every test. Closes with `N passed, N failed`, where each of the first
// three counts as one.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const files = process.argv.slice(2);
const checks = [
  ['types', 'tsc', ['-p', '.']],
  ['lint', 'biome', ['ci', '--error-on-warnings', '.']],
  ['dead code', 'knip', []],
];
// Every test file is a process of its own: what one has compiled, the next need not.
const env = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)) };
let passed = 0;
let failed = 0;

for (const [name, program, args] of files.length > 0 ? [] : checks) {
  const code = await run(program, args);
  console.log(`${code === 0 ? 'ok' : 'not ok'} - ${name}`);
  if (code === 0) passed += 1;
  else failed += 1;
}

const before = failed;
const code = await run('ava', ['--tap', ...files], (line) => {
  if (/^ok \d+/.test(line)) passed += /# (?:SKIP|TODO)/i.test(line) ? 0 : 1;
  else if (/^not ok \d+/.test(line)) failed += 1;
});
// A crash outside any test (a file that does not load, a process that will not end) fails the run too.
if (code !== 0 && failed === before) failed += 1;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function run(program, args, onLine) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      shell: process.platform === 'win32',
    });
    if (onLine)
      createInterface({ input: child.stdout }).on('line', (line) => {
        onLine(line);
        console.log(line);
      });
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      resolve(1);
    });
    child.on('close', resolve);
  });
}
