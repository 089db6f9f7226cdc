/** A long text in parts of so many characters, cut where blocks end. */
import type { Block, ListBlock, TableBlock } from '../document/flow/model.ts';

/**
 * Blocks in parts whose text is at most `room` characters, where what must stay whole lets them be: paragraphs and code
 * are never cut, a long list or table goes on in the next part (with its numbers, with its head), a heading is not the
 * last of a part. At least one part.
 *
 * @param write the text of blocks
 */
export function splitBlocks(
  blocks: readonly Block[],
  room: number,
  write: (blocks: readonly Block[]) => string,
): Block[][] {
  const sizeOf = (block: Block): number => write([block]).length + 2;
  const pieces = blocks.flatMap((block) => (sizeOf(block) <= room ? [block] : divide(block, room, sizeOf)));
  const parts: Block[][] = [];
  let part: Block[] = [];
  let used = 0;
  for (const block of pieces) {
    const size = sizeOf(block);
    if (used + size > room && part.some(({ kind }) => kind !== 'heading')) {
      const carried = takeHeadings(part);
      parts.push(part);
      part = carried;
      used = carried.reduce((sum, each) => sum + sizeOf(each), 0);
    }
    part.push(block);
    used += size;
  }
  return part.length > 0 || parts.length === 0 ? [...parts, part] : parts;
}

/** Takes the headings off a part's end: they belong to what follows. */
function takeHeadings(part: Block[]): Block[] {
  let from = part.length;
  while (from > 0 && part[from - 1]!.kind === 'heading') from--;
  return part.splice(from);
}

function divide(block: Block, room: number, sizeOf: (block: Block) => number): Block[] {
  if (block.kind === 'list')
    return gather(numbered(block), room, (items) => sizeOf({ ...block, items })).map((items) => ({ ...block, items }));
  if (block.kind === 'table') return divideTable(block, room, sizeOf);
  if (block.kind === 'form')
    return block.blocks.flatMap((each) => (sizeOf(each) <= room ? [each] : divide(each, room, sizeOf)));
  if (block.kind === 'quote')
    return gather(block.blocks, room, (blocks) => sizeOf({ ...block, blocks })).map((blocks) => ({ ...block, blocks }));
  if (block.kind === 'definitions')
    return gather(block.entries, room, (entries) => sizeOf({ ...block, entries })).map((entries) => ({
      ...block,
      entries,
    }));
  return [block];
}

/** Each item with its number: the list goes on where it was cut. */
function numbered(list: ListBlock): ListBlock['items'] {
  if (!list.ordered) return list.items;
  let number = list.start;
  return list.items.map((item) => {
    number = item.value ?? number;
    return { ...item, value: number++ };
  });
}

function divideTable(table: TableBlock, room: number, sizeOf: (block: Block) => number): Block[] {
  const head = table.hasHead ? table.rows.slice(0, 1) : [];
  const groups = gather(table.rows.slice(head.length), room, (rows) => sizeOf({ ...table, rows: [...head, ...rows] }));
  return groups.map((rows, index) => ({
    ...table,
    caption: index === 0 ? table.caption : [],
    rows: [...head, ...rows],
  }));
}

/** Runs of things that together take at most `room`; one that alone takes more is a run of its own. */
function gather<T>(all: readonly T[], room: number, sizeOf: (run: T[]) => number): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  let used = sizeOf([]);
  for (const each of all) {
    const size = sizeOf([each]);
    if (used + size > room && run.length > 0) {
      runs.push(run);
      run = [];
      used = sizeOf([]);
    }
    run.push(each);
    used += size;
  }
  return run.length > 0 ? [...runs, run] : runs;
}
