/** What the suite's origin gives out. */
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';

const SENTENCE = 'The harbour wakes early, and boats go out before the first light is on the water. ';

/** A page that a phone is given in a simpler form, and that gains by compression. */
export const PAGE = `<!DOCTYPE html>
<html lang="en">
<head><title>Harbour</title><script>var counter = ${'1 + '.repeat(200)}1;</script><style>${'p { color: black; margin: 0 }\n'.repeat(40)}</style></head>
<body>
<nav><ul><li><a href="/one">One</a></li><li><a href="/two">Two</a></li></ul></nav>
<main><h1>Harbour</h1>
${`<p style="color: black" class="long-name-of-a-class">${SENTENCE.repeat(4)}</p>\n`.repeat(8)}<p><a href="next">Next</a></p></main>
<footer onclick="counter++">Foot</footer>
</body>
</html>
`;

/** The page as it is sent compressed. */
export const GZIPPED: Buffer = gzipSync(PAGE);

const SIDE = 400;

/** A photograph of sorts: gradients with grain, so that a picture format has work to do. */
export const PHOTOGRAPH: Buffer = await sharp(grain(), { raw: { width: SIDE, height: SIDE, channels: 3 } })
  .jpeg({ quality: 95 })
  .toBuffer();

function grain(): Buffer {
  const pixels = Buffer.alloc(SIDE * SIDE * 3);
  for (let at = 0, state = 1; at < pixels.length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const x = Math.floor(at / 3) % SIDE;
    const y = Math.floor(at / 3 / SIDE);
    pixels[at] = Math.min(255, ((at % 3) * 40 + (x >> 2) + (y >> 2) + (state % 24)) & 255);
  }
  return pixels;
}
