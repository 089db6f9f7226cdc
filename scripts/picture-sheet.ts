/** A contact sheet: pictures of the demo site as each kind of client is sent them, shown as that client would show them. */
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import type { RunningServer } from '../main.ts';
import { readHalfBlocks, readSixel, type TerminalPicture } from '../test/support/terminal-pictures.ts';

const PICTURES = ['harbour.jpg', 'boat.png', 'map.svg', 'lamp.gif'];

interface Client {
  readonly about: string;
  readonly profile: string;
  readonly accept: string;
}

/** Profiles that no preset stands for. */
const PROFILES = [
  {
    name: 'sheet-greys',
    extends: 'e-reader',
    selectable: true,
    prefers: { images: { levels: 4, types: ['image/png'] } },
  },
  { name: 'sheet-light', extends: 'phone', selectable: true, prefers: { images: { maxWidth: 480, maxBytes: 4_000 } } },
  {
    name: 'sheet-terminal',
    extends: 'terminal',
    selectable: true,
    prefers: { text: { width: 72, emphasis: 'ansi' } },
  },
];

const CLIENTS: readonly Client[] = [
  { about: 'AVIF', profile: 'phone', accept: 'image/avif,image/webp,image/svg+xml,image/*' },
  { about: 'WebP', profile: 'phone', accept: 'image/webp,image/*' },
  { about: 'JPEG', profile: 'kaios', accept: 'image/jpeg,image/*;q=0.1' },
  { about: 'WebP in 4,000 bytes', profile: 'sheet-light', accept: 'image/webp,image/*;q=0.1' },
  { about: 'GIF, of 1996', profile: 'retro', accept: 'image/gif' },
  { about: '16 greys', profile: 'e-reader', accept: 'image/png' },
  { about: '4 greys', profile: 'sheet-greys', accept: 'image/png' },
  { about: 'WAP', profile: 'wap', accept: 'image/vnd.wap.wbmp' },
  { about: 'Half blocks', profile: 'sheet-terminal', accept: '*/*' },
  { about: 'Sixels', profile: 'sheet-terminal', accept: 'image/x-sixel' },
];

/** Draws the sheet. */
export async function drawPictureSheet(browser: Browser, server: RunningServer): Promise<Buffer> {
  for (const profile of PROFILES)
    await fetch(`${server.adminOrigin}/api/profiles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminToken.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(profile),
    });
  const rows: string[] = [];
  for (const picture of PICTURES) {
    const cells: string[] = [];
    for (const client of CLIENTS)
      cells.push(await cellOf(client, `${server.origin}/${server.demoOrigin}/pictures/${picture}`));
    rows.push(`<tr>${cells.join('')}</tr>`);
  }
  const page = await browser.newPage({ viewport: { width: 1_760, height: 100 } });
  try {
    await page.setContent(
      `<style>body{margin:8px;background:#667;font:11px sans-serif;color:#fff}td{width:168px;vertical-align:top}img{width:168px;image-rendering:auto}.few{image-rendering:pixelated}</style><table>${rows.join('')}</table>`,
    );
    return await page.screenshot({ fullPage: true });
  } finally {
    await page.close();
  }
}

async function cellOf({ about, profile, accept }: Client, url: string): Promise<string> {
  const response = await fetch(url, { headers: { 'format-profile': profile, accept } });
  const body = Buffer.from(await response.arrayBuffer());
  const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
  const { shown, isFew } = await show(type, body);
  return `<td><img class="${isFew ? 'few' : ''}" src="data:${shown.type};base64,${shown.body.toString('base64')}"><br>${about}: ${type}<br>${body.length} bytes</td>`;
}

async function show(type: string, body: Buffer): Promise<{ shown: { type: string; body: Buffer }; isFew: boolean }> {
  if (type === 'text/plain') return { shown: await asPng(readHalfBlocks(body.toString())), isFew: true };
  if (type === 'image/x-sixel') return { shown: await asPng(readSixel(body.toString('latin1'))), isFew: false };
  if (type === 'image/vnd.wap.wbmp') return { shown: await asPng(readWirelessBitmap(body)), isFew: true };
  return { shown: { type, body }, isFew: false };
}

async function asPng({ width, height, data }: TerminalPicture): Promise<{ type: string; body: Buffer }> {
  return {
    type: 'image/png',
    body: await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  };
}

/** Sides under 128, as a WAP phone's are. */
function readWirelessBitmap(body: Buffer): TerminalPicture {
  const [width, height] = [body[2]!, body[3]!];
  const rowBytes = Math.ceil(width / 8);
  const data = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const x = at % width;
    const bit = (body[4 + Math.floor(at / width) * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1;
    data.fill(bit * 255, at * 3, at * 3 + 3);
  }
  return { width, height, data };
}
