/** Merging of preferences: per value, from layers, each value remembering its layer (design part 4). */
import type { PlainData } from '../core/component.ts';
import { BASE_PREFERENCES, type PartialPreferences, type Preferences } from './preferences.ts';

/** One source of preferences. */
export interface Layer {
  /** Shown in explanations: `default`, `preset:kaios`, `profile:mine`, `site:example.org`, `settings`, `request`. */
  readonly name: string;
  readonly prefers: PartialPreferences;
}

/** What the network says of itself; only ever tightens. */
export interface NetworkSignals {
  /** `Save-Data: on`. */
  readonly saveData: boolean;
  /** Effective connection type, where sent. */
  readonly ect: 'slow-2g' | '2g' | '3g' | '4g' | undefined;
  /** Round-trip time in milliseconds, where sent. */
  readonly rttMs: number | undefined;
  /** Megabits a second, where sent. */
  readonly downlinkMbps: number | undefined;
  /** True where pages run no scripts anyway, so that `full` may become `lite`. */
  readonly mayTightenPresentation: boolean;
}

/** One merged value and where it came from. */
export interface MergedValue {
  readonly value: PlainData;
  readonly layer: string;
}

export interface MergedPreferences {
  readonly preferences: Preferences;
  /** By dotted path, such as `images.maxWidth`. */
  readonly values: Readonly<Record<string, MergedValue>>;
}

const GROUPS = ['images', 'page', 'text'] as const;

/** Merges layers, later over earlier, then lets the network tighten the result. */
export function mergePreferences(layers: readonly Layer[], network: NetworkSignals | undefined): MergedPreferences {
  const values = new Map<string, MergedValue>();
  for (const layer of [{ name: 'base', prefers: BASE_PREFERENCES }, ...layers]) applyLayer(values, layer);
  if (network !== undefined) tighten(values, network);
  return { preferences: toPreferences(values), values: Object.fromEntries(values) };
}

function applyLayer(values: Map<string, MergedValue>, { name, prefers }: Layer): void {
  const put = (path: string, value: unknown) => {
    if (value !== undefined) values.set(path, { value: value as PlainData, layer: name });
  };
  put('presentation', typeof prefers.presentation === 'string' ? [prefers.presentation] : prefers.presentation);
  if (prefers.types !== undefined) put('types', prefers.types);
  for (const group of GROUPS)
    for (const [key, value] of Object.entries(prefers[group] ?? {})) put(`${group}.${key}`, value);
  for (const [formatter, options] of Object.entries(prefers.formatters ?? {})) put(`formatters.${formatter}`, options);
  put('strict', prefers.strict);
  put('httpsUpgrade', prefers.httpsUpgrade);
}

/** RTT from which a link counts as slow, milliseconds (Akamai's override, research/image-peers.md 3). */
const SLOW_RTT_MS = 300;
const SLOW_DOWNLINK_MBPS = 0.4;
/** Pixels: as wide as a page is on most screens of what is carried about, and enough for the others. */
const SAVING_WIDTH = 640;
/** The widths of presets are for screens with three device pixels to each of a page. */
const SCREEN_DENSITY = 3;
/** Of the few widths that pictures are made in, so that caches meet. */
const SLOW_WIDTHS = [640, 480, 320] as const;

function tighten(values: Map<string, MergedValue>, network: NetworkSignals): void {
  const isSlow =
    network.ect === 'slow-2g' ||
    network.ect === '2g' ||
    (network.rttMs !== undefined && network.rttMs >= SLOW_RTT_MS && network.ect !== '4g') ||
    (network.downlinkMbps !== undefined && network.downlinkMbps < SLOW_DOWNLINK_MBPS);
  if (!network.saveData && !isSlow) return;
  const layer = network.saveData ? 'network:save-data' : 'network:slow';
  const get = (path: string) => values.get(path)!.value;
  const put = (path: string, value: PlainData) => {
    if (JSON.stringify(get(path)) !== JSON.stringify(value)) values.set(path, { value, layer });
  };
  // H-5: Save-Data halves quality and drops what is decoration.
  put(
    'images.quality',
    Math.min(get('images.quality') as number, Math.max(30, Math.round((get('images.quality') as number) / 2))),
  );
  const width = get('images.maxWidth') as number;
  const widest = isSlow ? slowWidth(width / SCREEN_DENSITY) : width;
  put('images.maxWidth', Math.min(width, widest, SAVING_WIDTH));
  put('images.dpr', Math.min(get('images.dpr') as number, 1));
  put('images.animation', false);
  put('page.fonts', false);
  put('page.media', false);
  const presentation = get('presentation') as string[];
  if (network.mayTightenPresentation && presentation[0] === 'full')
    put('presentation', ['lite', ...presentation.filter((each) => each !== 'lite')]);
}

function slowWidth(width: number): number {
  return SLOW_WIDTHS.find((each) => each <= width) ?? SLOW_WIDTHS.at(-1)!;
}

function toPreferences(values: ReadonlyMap<string, MergedValue>): Preferences {
  const tree: Record<string, unknown> = { images: {}, page: {}, text: {}, formatters: {} };
  for (const [path, { value }] of values) {
    const dot = path.indexOf('.');
    if (dot === -1) tree[path] = value;
    else (tree[path.slice(0, dot)] as Record<string, unknown>)[path.slice(dot + 1)] = value;
  }
  return tree as unknown as Preferences;
}
