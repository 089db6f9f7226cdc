/** The rules of the house (design part 7, style part 2): each is shown to catch a planted violation. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Sources by path from the root. */
type Sources = ReadonlyMap<string, string>;

/** A row may import rows above it, never beside or below; folders of one row do not know each other. */
const ROWS: readonly (readonly string[])[] = [
  ['core'],
  ['egress'],
  ['formatters', 'profiles'],
  ['services'],
  ['gateway', 'fleet'],
  ['admin'],
  ['settings.ts'],
  ['demo'],
  ['server'],
  ['main.ts'],
  ['bin', 'bench'],
  ['test'],
];
/** Folders whose sources are built for production, not for tests. */
const PRODUCT = new Set([
  'core',
  'egress',
  'formatters',
  'profiles',
  'services',
  'gateway',
  'fleet',
  'admin',
  'demo',
  'server',
  'main.ts',
  'bin',
]);

interface Import {
  readonly specifier: string;
  readonly isType: boolean;
}

function readSources(): Sources {
  const sources = new Map<string, string>();
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !/^(?:node_modules|coverage|examples|\..*)$/.test(entry.name)) walk(path);
      else if (entry.name.endsWith('.ts')) sources.set(path, readFileSync(join(ROOT, path), 'utf8'));
    }
  };
  // A row may be empty yet, and git keeps no empty folders.
  for (const folder of ROWS.flat().filter((each) => !each.endsWith('.ts') && existsSync(join(ROOT, each))))
    walk(folder);
  for (const path of ['settings.ts', 'main.ts']) sources.set(path, readFileSync(join(ROOT, path), 'utf8'));
  return sources;
}

function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const match of source.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm))
    found.push({ specifier: match[2]!, isType: match[1] !== undefined });
  for (const match of source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ specifier: match[1]!, isType: false });
  return found;
}

function topOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path;
}

function rowOf(top: string): number {
  return ROWS.findIndex((row) => row.includes(top));
}

function wrongImports(sources: Sources): string[] {
  const faults: string[] = [];
  for (const [path, source] of sources) {
    const top = topOf(path);
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith('.')) {
        if (top === 'core' && !specifier.startsWith('node:') && !isTypeOnly(source, specifier))
          faults.push(`${path} imports ${specifier}: core stands on node: alone`);
        continue;
      }
      const target = relative(ROOT, resolve(ROOT, dirname(path), specifier));
      const other = topOf(target);
      if (other !== top && rowOf(other) >= rowOf(top))
        faults.push(`${path} imports ${target}: ${other} is not above ${top}`);
      if (
        top === 'gateway' &&
        other === 'formatters' &&
        target.split('/').length > 2 &&
        !target.startsWith('formatters/pool/')
      )
        faults.push(`${path} imports ${target}: the gateway knows no single formatter`);
      const [own, theirs] = [path, target].map((each) => /^formatters\/([^/]+)\//.exec(each)?.[1]);
      if (
        own !== undefined &&
        theirs !== undefined &&
        own !== theirs &&
        !['archive', 'charts', 'data', 'document', 'feeds', 'markdown', 'pictures', 'pool', 'xml'].includes(theirs) &&
        own !== 'pool'
      )
        faults.push(`${path} imports ${target}: formatters meet in the planner`);
    }
  }
  return faults;
}

function isTypeOnly(source: string, specifier: string): boolean {
  return importsOf(source)
    .filter((each) => each.specifier === specifier)
    .every((each) => each.isType);
}

function wrongUses(sources: Sources): string[] {
  const rules: readonly { readonly pattern: RegExp; readonly allowed: RegExp; readonly says: string }[] = [
    // A caged process takes out what its code was compiled to, before others' code could see where that is.
    {
      pattern: /\bprocess\.env\b/,
      allowed: /^(core\/config|formatters\/pool\/compiled-code)\.ts$/,
      says: 'process.env is read in core/config.ts alone',
    },
    {
      pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(/,
      allowed: /^core\/clock\.ts$/,
      says: 'clock and timers are those of core/clock.ts',
    },
    {
      pattern: /from '(?:node:)?(?:net|tls|dgram|http2)'|from 'undici'|from 'node:https?'/,
      allowed:
        /^egress\/|^gateway\/(?:shell|secure-server|plain-port|http2-sessions|received|send-reply|address|refuse-socket|modes\/(?:tunnel|upgrade))\.ts$|^admin\/open-admin\.ts$|^bin\/verbs\/doctor\.ts$|^demo\/(?:open-demo|guest-book|fleet\/free-ports)\.ts$|^main\.ts$/,
      says: 'sockets leave by egress/ alone',
    },
    {
      pattern: /(?<![.\w])fetch\(/,
      allowed: /^core\/component\.ts$|^formatters\/(?:pool\/|runner\.ts$)/,
      says: 'global fetch decodes what was never offered: egress/ fetches',
    },
    {
      pattern: /createBrotliDecompress|brotliDecompress/,
      allowed: /^egress\//,
      says: 'br is decoded in egress/ alone',
    },
  ];
  const faults: string[] = [];
  for (const [path, source] of sources) {
    if (!PRODUCT.has(topOf(path))) continue;
    const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const { pattern, allowed, says } of rules)
      if (!allowed.test(path) && pattern.test(code)) faults.push(`${path}: ${says}`);
  }
  return faults;
}

function cycles(sources: Sources): string[] {
  const graph = new Map(
    [...sources].map(([path, source]) => [
      path,
      importsOf(source)
        .filter(({ specifier, isType }) => specifier.startsWith('.') && !isType)
        .map(({ specifier }) => relative(ROOT, resolve(ROOT, dirname(path), specifier))),
    ]),
  );
  const faults: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) {
      faults.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return faults;
}

function wrongShapes(sources: Sources): string[] {
  const faults: string[] = [];
  for (const [path, source] of sources) {
    const lines = source.split('\n').length;
    if (lines > 400 && PRODUCT.has(topOf(path))) faults.push(`${path} has ${lines} lines`);
    if (/(?:^|\/)(?:utils?|helpers?|common|misc)\.ts$/.test(path)) faults.push(`${path} is a missing noun`);
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (PRODUCT.has(topOf(path)) && /:\s*any\b(?! \w)|<any>|\bas any\b/.test(code.replace(/Setting<any>/g, '')))
      faults.push(`${path} holds an \`any\``);
    if (/\b(?:TODO|FIXME)\b(?!.*#\d)/.test(source) && path !== 'test/architecture.test.ts')
      faults.push(`${path} has a TODO without an issue`);
  }
  return faults;
}

function planted(path: string, source: string): Sources {
  return new Map([...readSources(), [path, source]]);
}

test('a row imports rows above it, never beside or below', (t) => {
  t.deepEqual(wrongImports(readSources()), []);
  for (const [path, source] of [
    ['core/planted.ts', "import { x } from '../egress/config.ts';"],
    ['core/planted.ts', "import lru from 'lru-cache';"],
    ['profiles/planted.ts', "import { findPlans } from '../formatters/planner.ts';"],
    ['fleet/planted.ts', "import { serve } from '../gateway/serve.ts';"],
    ['gateway/planted.ts', "import links from '../formatters/links/index.ts';"],
    ['formatters/links/planted.ts', "import lite from '../html-lite/index.ts';"],
    ['services/planted.ts', "const x = await import('../gateway/serve.ts');"],
  ] as const)
    t.is(wrongImports(planted(path, source)).length, 1, source);
});

test('environment, clock, sockets and brotli have one home each', (t) => {
  t.deepEqual(wrongUses(readSources()), []);
  for (const [path, source] of [
    ['gateway/planted.ts', "const x = process.env['HOME'];"],
    ['gateway/planted.ts', 'const x = Date.now();'],
    ['formatters/planted.ts', 'setTimeout(() => 1, 2);'],
    ['gateway/planted.ts', "import { connect } from 'node:net';"],
    ['profiles/planted.ts', "const r = await fetch('http://x');"],
    ['gateway/planted.ts', "import { brotliDecompress } from 'node:zlib';"],
  ] as const)
    t.is(wrongUses(planted(path, source)).length, 1, source);
});

test('there are no import cycles', (t) => {
  t.deepEqual(cycles(readSources()), []);
  const looped = new Map([...readSources(), ['core/a.ts', "import './b.ts';"], ['core/b.ts', "import './a.ts';"]]);
  t.is(cycles(looped).length, 1);
});

test('files are of a size to read, named after what they hold, and typed', (t) => {
  t.deepEqual(wrongShapes(readSources()), []);
  t.is(wrongShapes(planted('gateway/utils.ts', '')).length, 1);
  t.is(wrongShapes(planted('gateway/planted.ts', 'const x: any = 1;')).length, 1);
  t.is(wrongShapes(planted('gateway/planted.ts', '\n'.repeat(500))).length, 1);
});
