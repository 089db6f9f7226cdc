#!/usr/bin/env node
// Reads a page as Markdown through the gateway, as an agent would.
//   node docs/recipes/read-as-markdown.mjs https://example.org/ [http://127.0.0.1:8080]
const [address, gateway = 'http://127.0.0.1:8080'] = process.argv.slice(2);
if (address === undefined) {
  console.error('usage: read-as-markdown.mjs ADDRESS [GATEWAY]');
  process.exit(2);
}
const response = await fetch(`${gateway}/-/as/markdown/${address}`, { headers: { accept: 'text/markdown' } });
const text = await response.text();
if (!response.ok) {
  console.error(text);
  process.exit(1);
}
console.error(`about ${response.headers.get('x-markdown-tokens')} tokens, by ${response.headers.get('format-chain')}`);
console.log(text);
