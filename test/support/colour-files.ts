/** Pictures whose containers say what their numbers mean, made from those that the library writes. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** The library's own Display P3. */
export async function displayP3(): Promise<Buffer> {
  const any = sharp(Buffer.alloc(192), { raw: { width: 8, height: 8, channels: 3 } });
  return (await sharp(await any.withIccProfile('p3').png().toBuffer()).metadata()).icc!;
}

/** Says that the numbers of a JPEG are those of a profile. */
export function jpegWithProfile(jpeg: Buffer, profile: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), profile]);
  return Buffer.concat([jpeg.subarray(0, 2), segment(0xe2, data), jpeg.subarray(2)]);
}

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** Puts a chunk right behind the header of a PNG. */
export function pngWithChunk(png: Buffer, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

export function pngWithProfile(png: Buffer, profile: Buffer): Buffer {
  return pngWithChunk(png, 'iCCP', Buffer.concat([Buffer.from('own\0\0', 'latin1'), deflateSync(profile)]));
}

/**
 * Gives the first item of an AVIF a `colr` box of code points (ISO/IEC 14496-12 12.1.5): into `ipco`, named by `ipma`,
 * every box around them grown, every extent of `iloc` moved. Written for what libheif writes.
 */
export function avifWithPoints(avif: Buffer, primaries: number, transfer: number): Buffer {
  const bytes = Buffer.from(avif);
  const find = (type: string) => bytes.indexOf(type) - 4;
  const grow = (at: number, by: number) => bytes.writeUInt32BE(bytes.readUInt32BE(at) + by, at);
  const [meta, iprp, ipco, ipma, iloc] = ['meta', 'iprp', 'ipco', 'ipma', 'iloc'].map(find) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const colr = Buffer.alloc(19);
  colr.writeUInt32BE(colr.length);
  colr.write('colrnclx', 4);
  // BT.601 is what the library codes by.
  for (const [index, point] of [primaries, transfer, 6].entries()) colr.writeUInt16BE(point, 12 + index * 2);
  colr[18] = 0x80;
  const propertiesEnd = ipco + bytes.readUInt32BE(ipco);
  let properties = 1;
  for (let at = ipco + 8; at < propertiesEnd; at += bytes.readUInt32BE(at)) properties += 1;
  const count = ipma + 18;
  const associationsEnd = count + 1 + bytes[count]!;
  bytes[count]! += 1;
  const more = colr.length + 1;
  moveExtents(bytes, iloc, more);
  for (const [box, by] of [
    [meta, more],
    [iprp, more],
    [ipco, colr.length],
    [ipma, 1],
  ] as const)
    grow(box, by);
  return Buffer.concat([
    bytes.subarray(0, propertiesEnd),
    colr,
    bytes.subarray(propertiesEnd, associationsEnd),
    Buffer.from([properties]),
    bytes.subarray(associationsEnd),
  ]);
}

/** ISO/IEC 14496-12 8.11.3: sizes of its numbers, then items of extents. */
function moveExtents(bytes: Buffer, iloc: number, by: number): void {
  const version = bytes[iloc + 8]!;
  const sizes = bytes.readUInt16BE(iloc + 12);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  let at = iloc + 16;
  for (let items = bytes.readUInt16BE(iloc + 14); items > 0; items--) {
    at += (version === 0 ? 4 : 6) + baseBytes;
    for (let extents = bytes.readUInt16BE(at); extents > 0; extents--, at += offsetBytes + lengthBytes)
      bytes.writeUInt32BE(bytes.readUInt32BE(at + 2) + by, at + 2);
    at += 2;
  }
}

/** An Ultra HDR file: a JPEG as any, with a gain map behind it that only some programs look for. */
export async function ultraHdr(base: Buffer): Promise<Buffer> {
  const map = await sharp(Buffer.alloc(4_800, 200), { raw: { width: 80, height: 60, channels: 1 } })
    .jpeg()
    .toBuffer();
  const names =
    'xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"';
  const about = (attributes: string, inner = '') =>
    segment(
      0xe1,
      Buffer.from(
        `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta ${names}><rdf:RDF><rdf:Description hdrgm:Version="1.0" ${attributes}>${inner}</rdf:Description></rdf:RDF></x:xmpmeta>`,
        'latin1',
      ),
    );
  const gains = about('hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:Gamma="1" hdrgm:HDRCapacityMax="2"');
  const gainMap = Buffer.concat([map.subarray(0, 2), gains, map.subarray(2)]);
  const item = (attributes: string) =>
    `<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" ${attributes}/></rdf:li>`;
  const listed = item('Item:Semantic="Primary"') + item(`Item:Semantic="GainMap" Item:Length="${gainMap.length}"`);
  const directory = `<Container:Directory><rdf:Seq>${listed}</rdf:Seq></Container:Directory>`;
  return Buffer.concat([base.subarray(0, 2), about('', directory), base.subarray(2), gainMap]);
}
