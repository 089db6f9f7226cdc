/** Paints the pictures of the demo site (`demo/site/`): landscapes from noise, so that nobody else's photograph is needed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const FOLDER = fileURLToPath(new URL('../demo/site/pictures/', import.meta.url));

type Colour = readonly [red: number, green: number, blue: number];

interface Scene {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly sky: readonly [top: Colour, horizon: Colour];
  readonly sun: { readonly x: number; readonly y: number; readonly colour: Colour };
  readonly hills: readonly Colour[];
  /** Share of the height at which the water begins. */
  readonly shore: number;
  /** SVG laid over the landscape, in its own pixels. */
  readonly drawing: string;
}

/** Smooth noise in 0 to 1, the same for the same seed. */
function makeNoise(seed: number): (x: number, y: number) => number {
  const corner = (x: number, y: number) => {
    let bits = Math.imul(x, 374_761_393) ^ Math.imul(y, 668_265_263) ^ Math.imul(seed, 2_147_483_647);
    bits = Math.imul(bits ^ (bits >>> 13), 1_274_126_177);
    return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_295;
  };
  const ease = (t: number) => t * t * (3 - 2 * t);
  return (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [across, down] = [ease(x - left), ease(y - top)];
    const upper = corner(left, top) * (1 - across) + corner(left + 1, top) * across;
    const lower = corner(left, top + 1) * (1 - across) + corner(left + 1, top + 1) * across;
    return upper * (1 - down) + lower * down;
  };
}

function fractal(noise: (x: number, y: number) => number, x: number, y: number): number {
  let [sum, share, scale] = [0, 0.5, 1];
  for (let octave = 0; octave < 6; octave++) {
    sum += share * noise(x * scale, y * scale);
    share /= 2;
    scale *= 2.03;
  }
  return sum;
}

function blend(a: Colour, b: Colour, share: number): Colour {
  return [0, 1, 2].map((index) => a[index]! * (1 - share) + b[index]! * share) as unknown as Colour;
}

function skyAt(scene: Scene, noise: (x: number, y: number) => number, x: number, y: number): Colour {
  const { width, height, sky, sun, shore } = scene;
  const depth = Math.min(1, y / (height * shore));
  const clouds = Math.max(0, fractal(noise, (x / width) * 6, (y / height) * 14) - 0.48) * 2.2;
  const distance = Math.hypot((x / width - sun.x) * 1.6, y / height - sun.y);
  const glow = Math.exp(-distance * 5) * 0.9 + (distance < 0.03 ? 1 : 0);
  return blend(
    blend(blend(...sky, depth ** 1.4), [250, 240, 235], clouds * (0.3 + 0.4 * depth)),
    sun.colour,
    Math.min(1, glow),
  );
}

function landAt(scene: Scene, noise: (x: number, y: number) => number, x: number, y: number): Colour {
  const { width, height, hills, shore } = scene;
  let colour = skyAt(scene, noise, x, y);
  for (const [index, hill] of hills.entries()) {
    const rise = fractal(noise, (x / width) * (3 + index * 2) + index * 37, index * 11.3) - 0.32;
    const edge = height * (shore - rise * (0.42 - index * 0.1));
    if (y < edge) continue;
    const grain = fractal(noise, x / 9, y / 9) * 34 - 17;
    colour = blend(hill, [hill[0] + grain, hill[1] + grain, hill[2] + grain], 1);
  }
  return colour;
}

/** The landscape as raw pixels. */
function paint(scene: Scene): Buffer {
  const { width, height, shore, seed } = scene;
  const noise = makeNoise(seed);
  const pixels = Buffer.alloc(width * height * 3);
  const water = Math.floor(height * shore);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const below = y - water;
      const ripple = below > 0 ? (fractal(noise, x / (20 + below / 3), below / 3.5) - 0.5) * (6 + below / 4) : 0;
      const source = below > 0 ? Math.max(0, Math.round(water - below * 0.9 + ripple)) : y;
      const seen = landAt(scene, noise, Math.min(width - 1, Math.max(0, Math.round(x + ripple))), source);
      const colour = below > 0 ? blend(seen, [18, 40, 58], 0.35 + below / (height * 2.2)) : seen;
      const film = (noise(x * 1.7 + 900, y * 1.7) - 0.5) * 9;
      for (let channel = 0; channel < 3; channel++)
        pixels[(y * width + x) * 3 + channel] = Math.min(255, Math.max(0, colour[channel]! + film));
    }
  return pixels;
}

async function drawPhotograph(name: string, scene: Scene): Promise<void> {
  const { width, height } = scene;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${scene.drawing}</svg>`;
  await sharp(paint(scene), { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .jpeg({ quality: 88, mozjpeg: false, chromaSubsampling: '4:4:4' })
    .toFile(join(FOLDER, name));
}

const LIGHTHOUSE = `<g transform="translate(1080 130)"><path d="M60 470 L90 90 H150 L180 470Z" fill="#f3ece0"/><path d="M83 180 H157 L164 260 H76Z M70 340 H171 L178 420 H62Z" fill="#b5372f"/>
<path d="M80 90 H160 V76 H80Z M92 76 V30 H148 V76Z" fill="#26323c"/><circle cx="120" cy="53" r="15" fill="#fff3b8"/><path d="M86 30 Q120 -14 154 30Z" fill="#b5372f"/>
<path d="M-60 520 Q60 430 120 462 T330 520Z" fill="#2b2a28"/><path d="M120 53 L-1200 -70 V170Z" fill="#fff3b8" opacity=".16"/></g>`;
const BOATS = [
  [260, 700, 1],
  [610, 760, 1.35],
  [1150, 690, 0.8],
]
  .map(
    ([x, y, scale]) =>
      `<g transform="translate(${x} ${y}) scale(${scale})"><path d="M0 0 H150 L126 34 H26Z" fill="#7a3b22"/><path d="M70 -6 V-150 L140 -18Z" fill="#f6efe2"/><path d="M64 -10 V-128 L14 -18Z" fill="#e0d6c3"/><path d="M67 4 V-158" stroke="#3a2a20" stroke-width="5"/></g>`,
  )
  .join('');

mkdirSync(FOLDER, { recursive: true });
await drawPhotograph('harbour.jpg', {
  width: 1600,
  height: 1000,
  seed: 7,
  sky: [
    [58, 96, 148],
    [240, 196, 150],
  ],
  sun: { x: 0.32, y: 0.47, colour: [255, 226, 160] },
  hills: [
    [126, 122, 148],
    [84, 94, 104],
    [48, 66, 62],
  ],
  shore: 0.58,
  drawing: BOATS,
});
await drawPhotograph('lighthouse.jpg', {
  width: 1600,
  height: 1000,
  seed: 23,
  sky: [
    [24, 30, 62],
    [168, 108, 128],
  ],
  sun: { x: 0.15, y: 0.5, colour: [255, 170, 120] },
  hills: [
    [72, 66, 96],
    [40, 42, 60],
  ],
  shore: 0.62,
  drawing: LIGHTHOUSE,
});
await drawPhotograph('snow.jpg', {
  width: 1400,
  height: 900,
  seed: 51,
  sky: [
    [150, 170, 196],
    [226, 230, 236],
  ],
  sun: { x: 0.7, y: 0.3, colour: [255, 250, 238] },
  hills: [
    [206, 214, 226],
    [170, 182, 196],
    [112, 126, 136],
  ],
  shore: 0.66,
  drawing: '',
});
const boat = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480" viewBox="-60 -200 280 260"><path d="M0 0 H150 L126 34 H26Z" fill="#7a3b22"/><path d="M70 -6 V-150 L140 -18Z" fill="#f6efe2" stroke="#b9a98c"/><path d="M64 -10 V-128 L14 -18Z" fill="#e0d6c3" stroke="#b9a98c"/><path d="M67 4 V-158" stroke="#3a2a20" stroke-width="5"/></svg>`;
await sharp(Buffer.from(boat)).png().toFile(join(FOLDER, 'boat.png'));
const frames = [1, 0.75, 0.45, 0.2, 0.05, 0.2, 0.45, 0.75].map((light) =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="240"><rect width="240" height="240" fill="#101820"/><circle cx="120" cy="110" r="${60 + 40 * light}" fill="#ffe9a0" opacity="${light * 0.45}"/><circle cx="120" cy="110" r="34" fill="#fff3c4" opacity="${0.15 + 0.85 * light}"/><path d="M86 150 H154 L170 220 H70Z" fill="#b5372f"/></svg>`,
    ),
  )
    .png()
    .toBuffer(),
);
await sharp(await Promise.all(frames), { join: { animated: true } })
  .gif({ delay: Array.from(frames, () => 120), loop: 0 })
  .toFile(join(FOLDER, 'lamp.gif'));
writeFileSync(
  join(FOLDER, 'map.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 320" width="480" height="320" role="img" aria-labelledby="t"><title id="t">Map of Port Halyard</title><rect width="480" height="320" fill="#cfe4ee"/><path d="M0 0 H480 V120 Q380 150 330 110 T200 150 T60 210 L0 230Z" fill="#e4e2c8"/><path d="M150 40 L205 140 M205 140 L330 110 M205 140 L60 200" stroke="#9a8f70" stroke-width="6" fill="none"/><circle cx="205" cy="140" r="9" fill="#b5372f"/><text x="222" y="170" font-family="sans-serif" font-size="16">Quay</text><rect x="318" y="84" width="16" height="30" fill="#fff" stroke="#b5372f" stroke-width="3"/><text x="342" y="96" font-family="sans-serif" font-size="16">Lighthouse</text><path d="M205 150 Q260 230 420 270" stroke="#2c6a8f" stroke-dasharray="7 6" stroke-width="3" fill="none"/><text x="330" y="250" font-family="sans-serif" font-size="16">Ferry</text></svg>\n`,
);
