/** `docs/conformance.md`: what the conformance suite found here and at other proxies, and the statement for the W3C's guidelines. */
import { EXEMPTIONS, GROUPS } from '../test/conformance/requirements.ts';
import { readResults, type Score, type Tally } from '../test/conformance/results.ts';
import { STATEMENT } from '../test/conformance/statement.ts';

/** The whole document, from the figures last written by `npm run conformance -- --peers`. */
export function conformanceDocument(): string {
  const { cases, scores } = readResults();
  const ours = scores.filter(({ version }) => version === '');
  const peers = scores.filter(({ version }) => version !== '');
  const versions = [...new Set(peers.map(({ name, version }) => `${name} ${version}`))].join(', ');
  return `# Conformance

${cases} cases are written from the numbered requirements of the standards, each asked in every mode where it applies, through an origin that
answers as the case says. \`npm run conformance\` runs them here, \`npm run conformance -- --target URL [--mode reverse|forward]\` at another proxy,
and \`npm run conformance -- --peers\` at the proxies below, which writes the figures that \`npm run docs\` makes this page of.

## This gateway

Cases that hold, of those asked. A case counts in the group of each of its numbers.

${table(ours, 'all', ({ mode }) => mode)}

${failures(ours)}

## Beside other proxies

${versions}, as Debian packages them, on the same origin, with everything that they can do to pages and pictures switched on. Only cases that
ask by no interface of ours; a law about what a proxy changes says nothing of one that changes nothing, and such cases are left out of its
number. A cell is: hold / asked, and how many said nothing.

${table(
  scores.filter(({ mode }) => mode !== 'prefix'),
  'common',
  ({ name, mode }) => `${name}, ${mode}`,
)}

The suite is ours and asks for what we promise: a figure below the whole says where a proxy differs from the requirements as we read them, not
that it is of no use. Squid and Privoxy do not transform pages.

## Numbers without a case in some mode

| number | modes | why |
|---|---|---|
${Object.entries(EXEMPTIONS)
  .map(([number, { modes, why }]) => `| ${number} | ${modes.join(', ')} | ${why} |`)
  .join('\n')}

## Conformance statement: Guidelines for Web Content Transformation Proxies 1.0

For the W3C Working Group Note of 26 October 2010, clause by clause. It is retired; one of its rules is obsolete, and from one we depart.

| number | clause | asked | conforms | how |
|---|---|---|---|---|
${STATEMENT.map(({ number, clause, asks, conforms, how }) => `| ${number} | ${clause} | ${asks} | ${conforms} | ${how} |`).join('\n')}
`;
}

function table(scores: readonly Score[], which: 'all' | 'common', nameOf: (score: Score) => string): string {
  const rows = GROUPS.map(({ letters, title }) => {
    const cells = scores.map((score) => cell(score[which][letters]));
    return `| ${letters}: ${title} | ${cells.join(' | ')} |`;
  });
  const heads = scores.map((score) => nameOf(score));
  return `| group | ${heads.join(' | ')} |\n|---${'|---'.repeat(heads.length)}|\n${rows.join('\n')}`;
}

function cell(tally: Tally | undefined): string {
  if (tally === undefined) return '';
  const asked = tally.held + tally.broken;
  return `${tally.held} / ${asked}${tally.void === 0 ? '' : ` (${tally.void})`}`;
}

function failures(ours: readonly Score[]): string {
  const broken = ours.flatMap(({ mode, broken: titles }) => titles.map((title) => `- ${mode}: ${title}`));
  return broken.length === 0 ? 'All hold.' : `What does not hold:\n\n${broken.join('\n')}`;
}
