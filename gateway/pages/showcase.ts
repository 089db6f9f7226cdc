/** One page of the demo site as every preset gets it: sizes and chains from real runs of the same steps. */
import type { Clock } from '../../core/clock.ts';
import { type Explanation, explainExchange } from '../explain.ts';
import type { Gateway } from '../serve.ts';
import { prepareStandIn } from '../stand-in.ts';

/** What a preset makes of the page. */
export interface ShowcaseRow {
  readonly title: string;
  readonly target: string;
  /** Where that form of the page is. */
  readonly href: string;
  readonly type: string;
  readonly pageBytes: number;
  /** `undefined` where pictures are not loaded. */
  readonly pictureBytes: number | undefined;
  readonly chain: string;
}

/** What is known so far. */
export interface Showcase {
  readonly rows: readonly ShowcaseRow[];
  /** False while rows are being made. */
  readonly isWhole: boolean;
}

const PAGE = '/story.html';
const PICTURES = ['/pictures/lighthouse.jpg', '/pictures/snow.jpg'];
/** What is known is shown again for so long, milliseconds. */
const KEPT_MS = 60_000;
/** Longest time somebody waits for what is not known yet, milliseconds. */
const PATIENCE_MS = 2_500;

/** @param origin Origin of the demo site; without one there is nothing to show. */
export function makeShowcase(
  origin: string | undefined,
  gatewayOf: () => Gateway,
  clock: Clock,
): () => Promise<Showcase> {
  let rows: readonly ShowcaseRow[] = [];
  let madeAt = Number.NEGATIVE_INFINITY;
  let making: Promise<void> | undefined;
  const make = async () => {
    const fresh: ShowcaseRow[] = [];
    for (const { profile } of gatewayOf()
      .profiles.list()
      .filter(({ preset }) => preset)) {
      fresh.push(await rowOf(origin ?? '', profile.name, profile.title ?? profile.name, gatewayOf()));
      if (rows.length < fresh.length) rows = [...fresh];
    }
    rows = fresh;
    madeAt = clock.monotonic();
  };
  return async () => {
    if (origin === undefined) return { rows: [], isWhole: true };
    if (clock.monotonic() - madeAt > KEPT_MS)
      making ??= make()
        .catch(() => {
          // The demo is an extra: the page that shows it must come all the same.
        })
        .finally(() => {
          making = undefined;
        });
    if (making !== undefined && madeAt === Number.NEGATIVE_INFINITY) await patience(making, clock);
    return { rows, isWhole: madeAt !== Number.NEGATIVE_INFINITY };
  };
}

async function patience(work: Promise<void>, clock: Clock): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const timer = clock.after(PATIENCE_MS, () => waited.resolve());
  await Promise.race([work, waited.promise]);
  timer.cancel();
}

async function rowOf(origin: string, profile: string, title: string, gateway: Gateway): Promise<ShowcaseRow> {
  const signal = AbortSignal.timeout(30_000);
  const explained = (path: string) =>
    explainExchange(prepareStandIn({ url: `${origin}${path}`, profile, signal }, gateway));
  const page = await explained(PAGE);
  const isPage = /html|wml/.test(page.reply.type);
  const loads = isPage && page.preferences['images.load']?.value !== false;
  let pictureBytes = 0;
  for (const path of loads ? PICTURES : []) pictureBytes += (await explained(path)).reply.bytes ?? 0;
  return {
    title,
    target: page.target,
    href: `/-/as/${page.presentation ?? 'original'}/${page.target}`,
    type: page.reply.type.replace(/;.*/, ''),
    pageBytes: page.reply.bytes ?? 0,
    pictureBytes: loads ? pictureBytes : undefined,
    chain: chainOf(page),
  };
}

function chainOf({ plan, reply }: Explanation): string {
  return plan.length === 0
    ? reply.chain.replace('none;reason=', 'as it is: ')
    : plan.map(({ formatter }) => formatter).join(' → ');
}
