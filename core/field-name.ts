/** Field names as people are used to seeing them; names themselves are case-insensitive (RFC 9110 5.1). */

const SPECIAL: Readonly<Record<string, string>> = {
  dpr: 'DPR',
  ect: 'ECT',
  rtt: 'RTT',
  etag: 'ETag',
  te: 'TE',
  dnt: 'DNT',
  'www-authenticate': 'WWW-Authenticate',
  'content-md5': 'Content-MD5',
};
const PARTS: Readonly<Record<string, string>> = { ch: 'CH', ua: 'UA', dpr: 'DPR', wow64: 'WoW64', gpc: 'GPC' };

/** @example canonicalFieldName('sec-ch-ua-mobile') // 'Sec-CH-UA-Mobile' */
export function canonicalFieldName(name: string): string {
  const lower = name.toLowerCase();
  return (
    SPECIAL[lower] ??
    lower
      .split('-')
      .map((part) => PARTS[part] ?? part.charAt(0).toUpperCase() + part.slice(1))
      .join('-')
  );
}
