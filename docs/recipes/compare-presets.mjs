#!/usr/bin/env node
// One page as every preset gets it: type, bytes and chain.
//   node docs/recipes/compare-presets.mjs http://127.0.0.1:8082/story.html [http://127.0.0.1:8080]
const [address, gateway = 'http://127.0.0.1:8080'] = process.argv.slice(2);
const presets = 'desktop phone low-bandwidth kaios wap e-reader text-browser terminal retro agent archive'.split(' ');
for (const preset of presets) {
  const response = await fetch(`${gateway}/${address}`, { headers: { 'format-profile': preset } });
  const bytes = (await response.arrayBuffer()).byteLength;
  const type = response.headers.get('content-type').replace(/;.*/, '');
  console.log(
    `${preset.padEnd(14)} ${type.padEnd(22)} ${String(bytes).padStart(7)}  ${response.headers.get('format-chain')}`,
  );
}
