/** `bundle build|verify`: components as they move in a fleet. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { buildBundle } from '../../fleet/bundle/build-bundle.ts';
import { BundleError, readBundle } from '../../fleet/bundle/read-bundle.ts';
import { readSigningKey, readTrustedKeys } from '../../fleet/bundle/signing-keys.ts';
import { jsonOption } from './server-call.ts';

interface BuildOptions {
  readonly key: string;
  readonly out: string;
  readonly data: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

export function addBundleVerbs(program: Command): void {
  const bundle = program.command('bundle').description('Components as they move in a fleet.');
  bundle
    .command('build <src>')
    .description('Make a signed bundle of a component, a folder or a module; its data sets become files of their own.')
    .requiredOption('--key <file>', 'signing key, made by `keys new`')
    .requiredOption('--out <dir>', 'folder for the bundle and its data sets; every file in it may be pushed')
    .addOption(
      new Option('--data <name=file>', 'a data set that is kept elsewhere; may be repeated')
        .argParser(collect)
        .default({}, ''),
    )
    .addOption(jsonOption())
    .action(build);
  bundle
    .command('verify <file>')
    .description('Check who signed a bundle and that nothing in it was changed; exit code 1 where it is refused.')
    .requiredOption('--keys <file>', 'public keys that count, in PEM')
    .addOption(jsonOption())
    .action(verify);
}

function collect(text: string, held: Readonly<Record<string, string>>): Record<string, string> {
  const mark = text.indexOf('=');
  if (mark < 1) throw new RangeError(`--data: must be NAME=FILE, got ${text}`);
  return { ...held, [text.slice(0, mark)]: text.slice(mark + 1) };
}

async function build(src: string, { key, out, data, json }: BuildOptions): Promise<void> {
  const built = await buildBundle({ source: src, key: readSigningKey(key), data });
  mkdirSync(out, { recursive: true });
  const file = join(out, `${built.name}-${built.version}.bundle`);
  writeFileSync(file, built.bytes);
  const digests: Record<string, string> = {};
  for (const [name, set] of built.data) {
    digests[name] = set.digest;
    writeFileSync(join(out, `${name}.${set.digest.slice(7, 19)}.data`), set.bytes);
  }
  if (json) return console.log(JSON.stringify({ bundle: built.digest, data: digests, file }));
  console.log(`${built.name} ${built.version}  ${built.digest}\n  ${file}`);
  for (const [name, digest] of Object.entries(digests)) console.log(`${name}  ${digest}`);
}

function verify(file: string, { keys, json }: { keys: string; json?: boolean }): void {
  try {
    const { digest, manifest } = readBundle(readFileSync(file), readTrustedKeys(keys));
    const { name, version, kind, data } = manifest;
    if (json) console.log(JSON.stringify({ ok: true, bundle: digest, name, version, kind, data }));
    else console.log(`${name} ${version} (${kind})  ${digest}`);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    if (json) console.log(JSON.stringify({ ok: false, code: error.code, reason: error.message }));
    else console.error(`refused (${error.code}): ${error.message}`);
    process.exitCode = 1;
  }
}
