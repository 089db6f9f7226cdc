/** Inputs that want to do harm, by media type: small to make, dear to whoever is careless (threats 38 to 46). */

export interface HostileInput {
  readonly name: string;
  readonly body: Buffer;
}

const MARKUP =
  '<!DOCTYPE html><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><svg onload=alert(1)>';

/** Inputs for a formatter that reads this type. */
export function hostileInputs(mediaType: string): HostileInput[] {
  const common: HostileInput[] = [
    { name: 'nothing at all', body: Buffer.alloc(0) },
    {
      name: 'bytes that are no text',
      body: Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 167 + 13) % 256)),
    },
    { name: 'markup under a wrong label', body: Buffer.from(MARKUP) },
  ];
  return [...common, ...(/html|xml|svg/.test(mediaType) ? treeInputs() : []), ...ofText(mediaType)];
}

function treeInputs(): HostileInput[] {
  return [
    { name: 'elements 10,000 deep', body: Buffer.from('<div>'.repeat(10_000)) },
    { name: 'a tag that never ends', body: Buffer.from(`<p ${'a="b" '.repeat(20_000)}`) },
    { name: 'wrongly nested tags', body: Buffer.from('<b><i></b><p><table><a></i>'.repeat(500)) },
  ];
}

function ofText(mediaType: string): HostileInput[] {
  if (mediaType.startsWith('image/') && !mediaType.includes('svg')) return [];
  return [
    { name: 'one line of 500 kB', body: Buffer.alloc(500_000, 'a') },
    { name: 'brackets 20,000 deep', body: Buffer.from('[('.repeat(20_000)) },
    { name: 'marks that patterns stumble over', body: Buffer.from(`${'*_`~ '.repeat(5_000)}!`) },
    { name: 'half characters', body: Buffer.from([0xef, 0xbb, 0xbf, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x9f]) },
  ];
}
