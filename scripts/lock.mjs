// Makes package-lock.json from nothing with the pinned npm world, then completes it: a registry mirror may lack packages
// of platforms that nobody uses there, npm leaves those out, and `npm ci` then refuses the lock file everywhere.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
  win32: 'win32',
};
const processors = {
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
};

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
try {
  for (const name of ['package.json', '.npmrc']) copyFileSync(join(root, name), join(folder, name));
  const { status } = spawnSync(
    'npm',
    ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'],
    { cwd: folder, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const added = complete(lock.packages);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(root, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`);
  console.error(
    `package-lock.json: ${Object.keys(lock.packages).length} packages, ${added} of platforms the registry lacks`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function complete(packages) {
  let added = 0;
  for (const parent of Object.values({ ...packages }))
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      if (path in packages || !/^\d+\.\d+\.\d+/.test(version)) continue;
      const words = name.split(/[^a-z0-9]+/);
      const os = words.filter((word) => word in systems);
      const cpu = words.flatMap((word) => (word in processors ? [processors[word]] : []));
      packages[path] = {
        version,
        ...(cpu.length > 0 ? { cpu } : {}),
        ...(parent.dev ? { dev: true } : {}),
        license: parent.license,
        optional: true,
        ...(os.length > 0 ? { os } : {}),
      };
      added += 1;
    }
  return added;
}
