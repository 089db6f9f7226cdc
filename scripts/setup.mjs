// Brings what the checkout needs, on any Node from 18 on: packages (the pinned Node among them) and, for the tests,
// Debian's programs. Plain JavaScript with no dependency, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.setup-stamp');

/** Programs the tests drive, and the Debian packages that hold them. */
const testPrograms = [
  { name: 'Chromium', files: ['/usr/bin/chromium'], packages: ['chromium', 'fonts-dejavu-core'] },
  { name: 'w3m', files: ['/usr/bin/w3m'], packages: ['w3m'] },
  { name: 'nats-server', files: ['/usr/sbin/nats-server', '/usr/bin/nats-server'], packages: ['nats-server'] },
];

installPackages();
if (process.argv.includes('--test')) installPrograms();

function installPackages() {
  const wanted = `${createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')} ${process.platform}-${process.arch}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('Installing packages …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run(
    npm,
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional', '--loglevel=error'],
    {
      cwd: root,
      shell: process.platform === 'win32',
    },
  );
  writeFileSync(stamp, wanted);
}

function installPrograms() {
  const missing = testPrograms.filter((program) => !program.files.some((file) => existsSync(file)));
  if (missing.length === 0) return;
  const packages = missing.flatMap((program) => program.packages);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(
      `The tests need ${missing.map((program) => program.name).join(' and ')}. On Debian, as root:\n  ${command}`,
    );
    process.exit(1);
  }
  console.error(`Installing ${packages.join(', ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=180', 'update', '-qq'], { env });
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=180', ...command.split(' ').slice(1), '-qq'], { env });
}

function run(program, args, options) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  if (status === 0) return;
  console.error(`\`${program} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ` with exit code ${status}`}`);
  process.exit(1);
}
