/** How wide text is in the font that ships with us, from the font's own tables (OpenType 1.9: head, hhea, hmtx, cmap). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Width of a text in em. */
export type TextWidth = (text: string) => number;

/** What a character takes that the font does not have. */
const MISSING_EM = 0.9;

let measured: TextWidth | undefined;

/** Widths in DejaVu Sans. The file is read once. */
export function textWidth(): TextWidth {
  measured ??= readWidths(readFileSync(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')));
  return measured;
}

function readWidths(font: Buffer): TextWidth {
  const tables = readTables(font);
  const unitsPerEm = font.readUInt16BE(tables.get('head')! + 18);
  const metrics = font.readUInt16BE(tables.get('hhea')! + 34);
  const hmtx = tables.get('hmtx')!;
  const glyphOf = readCharacterMap(font, tables.get('cmap')!);
  const known = new Map<number, number>();
  const widthOf = (code: number): number => {
    let width = known.get(code);
    if (width === undefined) {
      const glyph = glyphOf(code);
      // Glyphs beyond the last metric share it.
      width = glyph === 0 ? MISSING_EM : font.readUInt16BE(hmtx + 4 * Math.min(glyph, metrics - 1)) / unitsPerEm;
      known.set(code, width);
    }
    return width;
  };
  return (text) => {
    let width = 0;
    for (const char of text) width += widthOf(char.codePointAt(0)!);
    return width;
  };
}

/** Offsets of tables by tag. */
function readTables(font: Buffer): Map<string, number> {
  const tables = new Map<string, number>();
  const count = font.readUInt16BE(4);
  for (let i = 0; i < count; i++) {
    const at = 12 + 16 * i;
    tables.set(font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8));
  }
  return tables;
}

/** Glyphs by code point, 0 for none: the subtable of format 12 (segmented coverage), which every font for more than the basic plane has. */
function readCharacterMap(font: Buffer, cmap: number): (code: number) => number {
  const subtables = font.readUInt16BE(cmap + 2);
  for (let i = 0; i < subtables; i++) {
    const at = cmap + font.readUInt32BE(cmap + 8 + 8 * i);
    if (font.readUInt16BE(at) === 12) return (code) => findGlyph(font, at, code);
  }
  throw new Error('the font has no character map of format 12');
}

function findGlyph(font: Buffer, at: number, code: number): number {
  let low = 0;
  let high = font.readUInt32BE(at + 12) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const group = at + 16 + 12 * middle;
    if (code < font.readUInt32BE(group)) high = middle - 1;
    else if (code > font.readUInt32BE(group + 4)) low = middle + 1;
    else return font.readUInt32BE(group + 8) + code - font.readUInt32BE(group);
  }
  return 0;
}
