/** Pictures for tests, drawn by arithmetic: the same on every machine, nobody's photographs. */
import sharp, { type Sharp } from 'sharp';

/** Numbers from 0 to 1 that look random and are the same every time. */
export function makeNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pipelineOf(data: Uint8Array, width: number, height: number): Sharp {
  const channels = (data.length / (width * height)) as 1 | 3 | 4;
  return sharp(data, { raw: { width, height, channels } });
}

/** Noise of several sizes, coarse stronger than fine, as in nature; then a horizon and some shapes with edges. */
export function photo(width = 480, height = 360, seed = 7): Sharp {
  const planes = [0, 1, 2].map((channel) => fractal(width, height, seed * 31 + channel));
  const light = fractal(width, height, seed * 31 + 9);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const isLand = y > height * (0.55 + 0.1 * Math.sin((x / width) * 7));
      const isSun = Math.hypot(x - width * 0.7, y - height * 0.25) < height * 0.12;
      const base = isSun ? [250, 225, 150] : isLand ? [70, 95, 50] : [110, 150, 205];
      for (let channel = 0; channel < 3; channel++) {
        const value =
          base[channel]! + 90 * (light[at]! - 0.5) * (isLand ? 1.6 : 0.6) + 40 * (planes[channel]![at]! - 0.5);
        data[at * 3 + channel] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return pipelineOf(data, width, height);
}

function fractal(width: number, height: number, seed: number): Float32Array {
  const sum = new Float32Array(width * height);
  let [total, weight] = [0, 1];
  for (let cell = 96; cell >= 3; cell = Math.floor(cell / 2)) {
    const columns = Math.ceil(width / cell) + 2;
    const noise = makeNoise(seed + cell);
    const grid = Float32Array.from({ length: columns * (Math.ceil(height / cell) + 2) }, noise);
    for (let y = 0; y < height; y++) {
      const [row, v] = [Math.floor(y / cell), (y % cell) / cell];
      for (let x = 0; x < width; x++) {
        const [column, u] = [Math.floor(x / cell), (x % cell) / cell];
        const at = row * columns + column;
        const top = grid[at]! * (1 - u) + grid[at + 1]! * u;
        const bottom = grid[at + columns]! * (1 - u) + grid[at + columns + 1]! * u;
        sum[y * width + x]! += weight * (top * (1 - v) + bottom * v);
      }
    }
    total += weight;
    weight *= 0.62;
  }
  return sum.map((value) => value / total);
}

/** Flat areas, thin lines and letters' worth of edges. */
export function graphic(width = 400, height = 300): Sharp {
  const data = new Uint8Array(width * height * 3).fill(255);
  const noise = makeNoise(3);
  for (let block = 0; block < 60; block++) {
    const [left, top] = [Math.floor(noise() * width), Math.floor(noise() * height)];
    const [right, bottom] = [left + 4 + Math.floor(noise() * 60), top + 2 + Math.floor(noise() * 8)];
    const colour = [
      [20, 20, 20],
      [200, 30, 30],
      [30, 90, 200],
      [240, 200, 60],
    ][block % 4]!;
    for (let y = top; y < Math.min(bottom, height); y++)
      for (let x = left; x < Math.min(right, width); x++) data.set(colour, (y * width + x) * 3);
  }
  return pipelineOf(data, width, height);
}

/** A red disc on nothing, its edge soft. */
export function disc(size = 200): Sharp {
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - size / 2, y - size / 2);
      const alpha = Math.max(0, Math.min(255, Math.round((size * 0.4 - distance) * 40)));
      data.set([200, 20, 30, alpha], (y * size + x) * 4);
    }
  }
  return pipelineOf(data, size, size);
}

/** Four quarters, red, green, blue and yellow, clockwise from the top left: how it lies can be seen. */
export function quarters(width = 96, height = 64): Sharp {
  const data = new Uint8Array(width * height * 3);
  const colours = [
    [220, 30, 30],
    [30, 180, 40],
    [230, 210, 40],
    [40, 60, 220],
  ];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.set(colours[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]!, (y * width + x) * 3);
  return pipelineOf(data, width, height);
}

/** A bar that wanders over a photograph's sky. */
export async function animation(kind: 'gif' | 'webp', frames = 6, width = 160, height = 120): Promise<Buffer> {
  const background = await photo(width, height).raw().toBuffer();
  const all = Array.from({ length: frames }, (_, frame) => {
    const data = Uint8Array.from(background);
    for (let y = 20; y < 60; y++)
      for (let x = 0; x < 20; x++) data.set([250, 250, 250], (y * width + ((x + frame * 20) % width)) * 3);
    return data;
  });
  const strip = sharp(Buffer.concat(all), {
    raw: { width, height: height * frames, channels: 3, pageHeight: height },
  });
  const delay = all.map(() => 90);
  return await (kind === 'gif' ? strip.gif({ delay, loop: 0 }) : strip.webp({ delay, loop: 0, effort: 0 })).toBuffer();
}
