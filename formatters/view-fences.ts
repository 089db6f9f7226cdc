/**
 * Views (design part 6): Markdown whose `chart` and `table` fences name raw data elsewhere. The gateway fetches the data
 * before anything is chosen or cached, so that what is shown is a function of the document and its data; together they
 * travel as one body of the type below, which only the `view` formatter reads.
 */
import { parse } from 'yaml';
import type { PlainData, PlainRecord } from '../core/component.ts';

/** Media type of a view with its data. Never sent to a client. */
export const VIEW_TYPE = 'application/vnd.format-gateway.view+json';

/** Fences of a view that are looked at; more are told of. */
export const MAX_FENCES = 16;

export interface Fence {
  readonly kind: 'chart' | 'table';
  /** Lines of the document, from 0: the opening one, and the one behind the closing one. */
  readonly from: number;
  readonly to: number;
  /** What stands in it; empty where it cannot be read. */
  readonly options: PlainRecord;
  /** Rows that stand in its specification, as JSON. */
  readonly inline: string | undefined;
  /** Why it cannot be read. */
  readonly fault: string | undefined;
}

/** What became of a fence's data. */
export type FenceData =
  | { readonly kind: 'data'; readonly url: string; readonly mediaType: string; readonly text: string }
  | { readonly kind: 'fault'; readonly url: string; readonly why: string };

/** A view and its data, in the order of its fences. */
export interface ViewDocument {
  readonly markdown: string;
  readonly data: readonly FenceData[];
}

const OPENING = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$/;
const MAX_FENCE_CHARACTERS = 65_536;
const MIGHT_HOLD = /^ {0,3}(?:`{3,}|~{3,})[ \t]*(?:chart|table)[ \t]*\r?$/m;

/** True when it is worth looking closer. */
export function mightHoldFences(text: string): boolean {
  return MIGHT_HOLD.test(text);
}

/** The fences of a document, in order; none within other code. */
export function findFences(markdown: string): readonly Fence[] {
  const lines = markdown.split(/\r?\n/);
  const fences: Fence[] = [];
  for (let from = 0; from < lines.length; from++) {
    const [, sign, words] = OPENING.exec(lines[from]!) ?? [];
    if (sign === undefined) continue;
    let to = from + 1;
    while (to < lines.length && !closes(lines[to]!, sign)) to++;
    const kind = words?.trim();
    if (kind === 'chart' || kind === 'table')
      fences.push(readFence(kind, lines.slice(from + 1, to), { from, to: to + 1 }));
    from = to;
  }
  return fences;
}

function closes(line: string, sign: string): boolean {
  const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  return closing !== undefined && closing[0] === sign[0] && closing.length >= sign.length;
}

function readFence(kind: Fence['kind'], lines: readonly string[], place: { from: number; to: number }): Fence {
  const refuse = (fault: string): Fence => ({ kind, ...place, options: {}, inline: undefined, fault });
  const text = lines.join('\n');
  if (text.length > MAX_FENCE_CHARACTERS) return refuse('it is too long');
  let read: unknown;
  try {
    // No aliases: they could unfold without end. No types beyond JSON's.
    read = parse(text, { schema: 'core', maxAliasCount: 0, prettyErrors: false });
  } catch (error) {
    return refuse(`its lines cannot be read: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}`);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    return refuse('its lines must be `name: value`');
  const given = JSON.parse(JSON.stringify(read)) as PlainRecord;
  // A whole specification may say itself what it draws.
  const { url, values } = typeof given['data'] === 'string' ? {} : dataOfSpec(given['spec']);
  const options = typeof url === 'string' ? { ...given, data: url } : given;
  const inline = Array.isArray(values) ? JSON.stringify(values) : undefined;
  const isNamed = typeof options['data'] === 'string' || inline !== undefined;
  return { kind, ...place, options, inline, fault: isNamed ? undefined : '`data` must name the data' };
}

function dataOfSpec(spec: PlainData | undefined): PlainRecord {
  try {
    const { data } = recordOf(typeof spec === 'string' ? (JSON.parse(spec) as PlainData) : spec);
    return recordOf(data);
  } catch {
    // What is no JSON is told of where the chart is made.
    return {};
  }
}

function recordOf(value: PlainData | undefined): PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The address of a fence's data, absolute; `undefined` where it is none. */
export function addressOfFence({ options }: Fence, base: string): URL | undefined {
  const { data } = options;
  return typeof data === 'string' ? (URL.parse(data.trim(), base) ?? undefined) : undefined;
}

export function encodeView(view: ViewDocument): Uint8Array {
  return Buffer.from(JSON.stringify(view));
}

/** @throws TypeError for what is no view */
export function decodeView(text: string): ViewDocument {
  const view = JSON.parse(text) as { markdown?: PlainData; data?: PlainData };
  if (typeof view.markdown !== 'string' || !Array.isArray(view.data)) throw new TypeError('this is no view');
  return view as unknown as ViewDocument;
}
