/** The segments of a JPEG file (ITU T.81 annex B), so that it can be measured and cleaned without being decoded. */

export interface JpegSegment {
  /** Second byte of the marker. */
  readonly marker: number;
  /** From the marker to the end of the segment; of a scan, to the end of its entropy-coded data. */
  readonly start: number;
  readonly end: number;
}

export const SOF_HEIGHT_AT = 5;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;

/** Segments from SOI to EOI, both included; ends early where the file is cut or malformed. */
export function* readJpegSegments(bytes: Buffer): Generator<JpegSegment> {
  yield { marker: SOI, start: 0, end: 2 };
  let at = 2;
  while (at + 4 <= bytes.length + 2) {
    if (bytes[at] !== 0xff) return;
    // B.1.1.2: any marker may be preceded by fill bytes.
    if (bytes[at + 1] === 0xff) {
      at += 1;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === EOI) {
      yield { marker, start: at, end: at + 2 };
      return;
    }
    if (at + 4 > bytes.length) return;
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return;
    const end = marker === SOS ? endOfScan(bytes, at + 2 + length) : at + 2 + length;
    yield { marker, start: at, end };
    at = end;
  }
}

/** True for the frame headers SOF0 to SOF15, which hold the size; C4, C8 and CC are others. */
export function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** B.1.1.5: in entropy-coded data 0xFF is followed by 0x00 or a restart marker; anything else ends it. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) break;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}
