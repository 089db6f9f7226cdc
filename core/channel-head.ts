/**
 * Heads on the channel between a front-end and its back-end, small: zstd told by what such heads mostly hold. Both ends must
 * have the same text below; a back-end that has another refuses the head.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const MAX_HEAD_BYTES = 1_048_576;

/** The likeliest last: zstd finds what is near the end for less. */
const USUAL = Buffer.from(
  [
    'application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    '"user-agent","Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"',
    '"user-agent","Mozilla/5.0 (Mobile; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5","accept","text/html,"accept-language","en-US,en;q=0.5"',
    '["sec-ch-ua-mobile","?1"],["sec-ch-ua-platform","\\"Android\\""],["sec-fetch-dest","document"],["sec-fetch-mode","navigate"],["sec-fetch-site","same-origin"],["save-data","on"],["upgrade-insecure-requests","1"],["cache-control","no-cache"],["connection","keep-alive"]',
    '"detection":{"class":"feature-phone","preset":"kaios","evidence":["User-Agent: ',
    '"smartphone","preset":"phone","desktop","tablet","e-reader","text-browser","screen-reader"',
    '"color":"full","levels":16,"animation":true,"animation":false,"load":true,"maxWidth":1080,"maxWidth":240,"dpr":1,"quality":70,"quality":40,"maxBytes":0',
    '"strict":false,"httpsUpgrade":false,"formatters":{},"text":{"width":72,"charset":"utf-8","emphasis":"none"},"page":{"markup":"html","maxBytes":40000,"split":true,"styles":"none","scripts":false,"fonts":false,"media":false,"styles":"basic","styles":"all"',
    '"negotiation":{"preferences":{"presentation":["lite","full","original"],"types":{"text/html":1},"images":{"types":["image/avif","image/webp","image/jpeg","image/png","image/gif"],',
    '{"order":{"method":"GET","isPassThrough":false,"url":"http://","fields":[["accept-encoding","gzip, deflate, br, zstd"],["via","1.1 gw- (http://www.w3.org/ns/ct)"],["cdn-loop","gw-"],["x-forwarded-for","127.0.0.1"],"application/json;q=0.1"]},"target":{"mode":"prefix","url":"https://www.","ownOrigin":"http://127.0.0.1:8080","gatewayPath":"/-/","links":{"mode":"prefix","publicOrigin":"http://',
    '"storedDecides":false,"unasked":true,"acceptText":"*/*","values":{}},"client":{"personal":true,"heldTag":"\\"","dictionaries":["","held":["","wanted":{"style":"text/css,*/*;q=0.1","image":"',
    'server-timing","fetch;dur=, html-lite;dur=, html-full;dur=, html-article;dur=, links;dur=, page-parts;dur=, image;dur=',
    'format-chain","html-lite;v=\\"1.1.0\\", html-full;v=\\"1.0.0\\", links;v=\\"1.0.0\\", page-parts;v=\\"1.0.0\\", image;v=\\"1.4.0\\", none;reason=not-asked',
    '>; rel=\\"canonical\\", </-/as/text/https://>; rel=\\"alternate\\"; type=\\"text/plain\\", </-/as/markdown/https://>; rel=\\"alternate\\"; type=\\"text/markdown\\", </-/as/article/; type=\\"text/html\\"',
    '["content-security-policy","sandbox allow-same-origin allow-forms allow-popups allow-downloads allow-top-navigation-by-user-activation; script-src \'none\'; object-src \'none\'; frame-ancestors \'none\'"],["referrer-policy","same-origin"],["x-robots-tag","noindex"]',
    '["cache-status","gw-origin; fwd=uri-miss; fwd-status=200; stored, gw-origin; hit; ttl=, gw-variant; hit, gw-variant; fwd=miss; stored"]',
    '["vary","User-Agent, Format-Profile, Accept, ECT, Save-Data, RTT, Downlink, Sec-Fetch-Dest, X-Requested-With, Sec-CH-Width, Sec-CH-DPR, Sec-CH-Viewport-Width"]',
    '["cache-control","max-age=3600, private, no-cache, no-store"],["x-content-type-options","nosniff"],["last-modified","Mon, 01 Jan 2026 00:00:00 GMT"],["content-language","en"]',
    '{"status":200,"fields":[["date","Mon, 23 Nov 2026 05:00:00 GMT"],["content-type","text/html; charset=utf-8"],["etag","\\"',
    '"cookies":[],"isSame":false,"isSame":true,"coding":"zstd","coding":"identity","dictionary":"","parts":["/https://","part":"/https://","length":',
  ].join('\n'),
);

/**
 * @param before the head that went before on the same stream: most of it is said again
 * @example openHead(closeHead({ status: 200 })) // { status: 200 }
 */
export function closeHead(head: unknown, before?: unknown): Buffer {
  return zstdCompressSync(Buffer.from(JSON.stringify(head)), { dictionary: dictionaryOf(before) });
}

/**
 * @param before as it was closed with
 * @throws Error for what is no head, RangeError where it is too large
 */
export function openHead(bytes: Uint8Array, before?: unknown): unknown {
  const text = zstdDecompressSync(bytes, { dictionary: dictionaryOf(before), maxOutputLength: MAX_HEAD_BYTES });
  return JSON.parse(text.toString('utf8'));
}

// Text of JSON comes out of JSON as it went in.
function dictionaryOf(before: unknown): Buffer {
  return before === undefined ? USUAL : Buffer.concat([USUAL, Buffer.from(JSON.stringify(before))]);
}
