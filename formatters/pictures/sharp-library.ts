/** The image library, loaded once in a process and set up for hostile input. */

type SharpLibrary = typeof import('sharp').default;

/** Decoders that may be used. SVG, PDF and whatever else a build may hold stay shut (threat 39). */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map((name) => `VipsForeignLoad${name}Buffer`);

let loading: Promise<SharpLibrary> | undefined;

/** The library. Its cache would keep pictures of others; one thread of it is enough for one job at a time. */
export function loadSharp(): Promise<SharpLibrary> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false);
    sharp.concurrency(1);
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: LOADERS });
    return sharp;
  });
  return loading;
}
