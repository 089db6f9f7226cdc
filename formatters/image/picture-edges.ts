/** The edges between picture formats, from what each format can hold. */
import type { Edge } from '../../core/component.ts';
import { TERMINAL_DEMANDS, TERMINAL_TYPES, type TerminalKind } from './for-terminal.ts';
import { MEDIA_TYPES, type PictureKind, READ_TYPES } from './picture-kind.ts';
import { PICTURE_DEMANDS } from './wants.ts';

interface Capability {
  /** What a picture can be in that format as it is written here, 0 to 1: transparency and motion count. */
  readonly holds: number;
  /** What coding leaves of the rest. */
  readonly coding: number;
  /** Milliseconds to decode and scale a typical picture; to encode it at 640 pixels (measured). */
  readonly decodeMs: number;
  readonly encodeMs: number;
}

/**
 * WebP holds all; GIF has motion and hard-edged transparency, AVIF no motion here, PNG none either, JPEG neither.
 * `holds` is used as a quotient and every `coding` is below 1, so no detour through a third format looks better than the
 * direct edge.
 */
const CAPABILITIES: Readonly<Record<PictureKind, Capability>> = {
  webp: { holds: 1, coding: 0.97, decodeMs: 45, encodeMs: 25 },
  gif: { holds: 0.98, coding: 0.75, decodeMs: 30, encodeMs: 60 },
  avif: { holds: 0.9, coding: 0.97, decodeMs: 90, encodeMs: 120 },
  png: { holds: 0.88, coding: 0.99, decodeMs: 40, encodeMs: 45 },
  jpeg: { holds: 0.75, coding: 0.94, decodeMs: 30, encodeMs: 20 },
  wbmp: { holds: 0.74, coding: 0.25, decodeMs: 1, encodeMs: 8 },
};

const SAME_TYPE_KEEPS = 0.98;
/** Nobody wants more than these of a wireless bitmap. */
const FROM_WBMP: readonly PictureKind[] = ['png', 'gif', 'wbmp'];

/** Of TIFF and icons: all of them is in a PNG. */
const READ_ONLY: Capability = { holds: 0.88, coding: 0.99, decodeMs: 60, encodeMs: 0 };

/** Little of a picture is left in characters, more in 255 colours. */
const TERMINAL_KEEPS: Readonly<Record<TerminalKind, number>> = { ansi: 0.2, sixel: 0.5 };
const TERMINAL_MS = 30;

/** All edges; each meets every demand of pictures. */
export function pictureEdges(): Edge[] {
  const kinds = Object.keys(CAPABILITIES) as PictureKind[];
  const between = kinds.flatMap((from) => (from === 'wbmp' ? FROM_WBMP : kinds).map((to) => edgeBetween(from, to)));
  const terminals = Object.keys(TERMINAL_TYPES) as TerminalKind[];
  const readOnly = Object.keys(READ_TYPES).flatMap((from) => [
    ...kinds.map((to) => edge({ from, to: MEDIA_TYPES[to] }, READ_ONLY, CAPABILITIES[to])),
    ...terminals.map((to) => edgeToTerminal({ from, decodeMs: READ_ONLY.decodeMs }, to)),
  ]);
  const shown = kinds.flatMap((kind) =>
    terminals.map((to) => edgeToTerminal({ from: MEDIA_TYPES[kind], decodeMs: CAPABILITIES[kind].decodeMs }, to)),
  );
  return [...between, ...shown, ...readOnly];
}

function edgeToTerminal({ from, decodeMs }: { from: string; decodeMs: number }, to: TerminalKind): Edge {
  return {
    from,
    to: TERMINAL_TYPES[to],
    keeps: TERMINAL_KEEPS[to],
    cost: decodeMs + TERMINAL_MS,
    meets: [...PICTURE_DEMANDS, ...TERMINAL_DEMANDS],
  };
}

function edgeBetween(from: PictureKind, to: PictureKind): Edge {
  const between = edge({ from: MEDIA_TYPES[from], to: MEDIA_TYPES[to] }, CAPABILITIES[from], CAPABILITIES[to]);
  return from === to ? { ...between, keeps: SAME_TYPE_KEEPS } : between;
}

function edge(types: { from: string; to: string }, source: Capability, target: Capability): Edge {
  const keeps = target.coding * Math.min(1, target.holds / source.holds);
  return {
    ...types,
    keeps: Math.round(keeps * 1000) / 1000,
    cost: source.decodeMs + target.encodeMs,
    meets: PICTURE_DEMANDS,
  };
}
