/** What a User-Agent says of its client: our own rules around ua-parser-js 1.0 (MIT) and isbot (research, part 4). */
import { isbot } from 'isbot';
import UAParser from 'ua-parser-js';
import type { ClientClass } from './client-class.ts';
import type { Detection } from './detection.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly class: ClientClass;
  readonly preset: string;
  readonly evidence: string;
}

function rule(pattern: RegExp, clientClass: ClientClass, preset: string, evidence: string): Rule {
  return { pattern, class: clientClass, preset, evidence };
}

/** Before anything else: tokens that settle it. Every pattern is linear. */
const FIRST_RULES: readonly Rule[] = [
  rule(/\bHeadlessChrome\//, 'desktop', 'desktop', 'Chrome without a window: it shows pages as any other'),
  rule(
    /\b(?:Claude-User|ChatGPT-User|OAI-SearchBot|Perplexity-User|MistralAI-User|DuckAssistBot|Cursor\/|Codex|Devin|Gemini-Deep-Research|GoogleAgent|NovaAct|Claude-Code|opencode)/i,
    'agent',
    'default',
    'the User-Agent of an assistant that reads for a person',
  ),
  rule(
    /\b(?:curl|wget|wget2|HTTPie|xh|libcurl|python-requests|python-httpx|aiohttp|python-urllib|Python-urllib|Go-http-client|okhttp|axios|node-fetch|undici|node|got|Java|Apache-HttpClient|libwww-perl|lwp-trivial|PostmanRuntime|insomnia|Ruby|Faraday|GuzzleHttp|PHP|PowerShell|aria2|Deno|Bun|reqwest|hyper|Dart|RestSharp|restic|apt-http|Debian APT-HTTP|git|npm|pip|cargo|rclone|feh)\/?[\s(\d]/i,
    'tool',
    'default',
    'the User-Agent of a command-line tool or library',
  ),
  rule(
    /^(?:node|undici|curl|wget|okhttp|axios|python|java|ruby|deno|bun)$/i,
    'tool',
    'default',
    'the User-Agent of a command-line tool or library',
  ),
  rule(
    /\b(?:Lynx|ELinks|Links \(|w3m|Emacs-w3m|retawq|Line-?Mode|edbrowse|browsh|URL\/Emacs)/i,
    'text-browser',
    'text-browser',
    'the User-Agent of a text browser',
  ),
  rule(
    /\b(?:Kindle\/|Kindle Fire HD.*e-ink|Kobo|PocketBook|Tolino|NOOK (?:BNRV3|BNTV|Simple)|nook browser|BOOX|Onyx|ReMarkable|Sony PRS|bookeen|Cybook|InkPalm|Likebook|EBRD\d|EBRW)/i,
    'e-reader',
    'e-reader',
    'the User-Agent of an e-reader',
  ),
  rule(/\bKAIOS\//i, 'feature-phone', 'kaios', 'KaiOS in the User-Agent'),
];

/** Phones of the time before touch screens. */
const FEATURE_PHONE =
  /\b(?:MIDP|CLDC|UP\.Browser|UP\.Link|Obigo|NetFront|Teleca|MAUI|SEMC-Browser|Polaris|Jasmine|Dorado|Nokia\d|NokiaC|NokiaE|NokiaN|Nokia[A-Z]?\d{3,4}|Series[34]0|SonyEricsson|SIE-|MOT-|SAMSUNG-(?:SGH|GT|C|E|S|B)|SEC-SGH|LG[-/](?:[A-Z]{0,2}\d{2,4})|LGE?-|DoCoMo|KDDI|J-PHONE|Vodafone|SoftBank|WILLCOM|BREW|Openwave|ALCATEL|Alcatel-|PANTECH|SAGEM|Philips\d|BenQ|AUDIOVOX|Karbonn|MICROMAX|Spice|Lava|Nokia|ZTE-[A-Z]|HUAWEI-|Configuration\/CLDC)/i;
/** Phones whose only pages are WML. */
const WAP_ONE =
  /\b(?:WAP1\.[12]|WapIDE|Nokia(?:7110|6210|6250|3330|3410|8310|6310|5210|5510)|UP\.Browser\/[345]|Ericsson(?:T|R)\d+|MOT-[A-Z0-9]{2,6}\/.*(?:MIB\/1|UP\/4)|SIE-[A-Z]?\d\d\/.*UP\/4|ALAV|AUR\/)/i;
/** Browsers of the 1990s. */
const RETRO =
  /^(?:Mosaic|NCSA|Cello|IBrowse|Amiga|AWeb|Mozilla\/[0-4]\.\d+ (?:\[|\((?!compatible|.*(?:Opera|PPC; ?\d+x)))|Mozilla\/[1-4]\.\d+ \(compatible; MSIE [2-6]\.)|\b(?:WebTV|MacWeb|NetPositive|OmniWeb\/[1-4]|iCab [12]|Dillo|NetSurf)/i;

/** The class and preset of a User-Agent, which may be empty. */
export function findByUserAgent(userAgent: string): Detection {
  if (userAgent.trim() === '') return { class: 'unknown', preset: 'default', evidence: ['no User-Agent'] };
  for (const each of FIRST_RULES)
    if (each.pattern.test(userAgent)) return { class: each.class, preset: each.preset, evidence: [each.evidence] };
  const parsed = new UAParser(userAgent);
  const device = parsed.getDevice();
  const isPhone = FEATURE_PHONE.test(userAgent);
  if (/Opera Mini|OPiOS/i.test(userAgent))
    return { class: 'feature-phone', preset: 'opera-mini', evidence: ['Opera Mini in the User-Agent'] };
  const isDevice = isPhone || device.model !== undefined || /\bCUBOT\b|Android|iPhone|iPad/i.test(userAgent);
  if (!isDevice && isbot(userAgent))
    return { class: 'bot', preset: 'default', evidence: ['isbot knows the User-Agent'] };
  if (/bot\b|spider|crawler/i.test(userAgent) && isbot(userAgent) && !/\bCUBOT\b/i.test(userAgent))
    return { class: 'bot', preset: 'default', evidence: ['isbot knows the User-Agent'] };
  if (
    device.type === 'smarttv' ||
    /\b(?:SmartTV|SMART-TV|HbbTV|AppleTV|GoogleTV|BRAVIA|Web0S|NetCast|CrKey|Roku|AFT[A-Z]+)\b/i.test(userAgent)
  )
    return { class: 'tv', preset: 'desktop', evidence: ['the User-Agent of a television'] };
  if (isPhone && !/Android|iPhone|Windows Phone/i.test(userAgent)) {
    if (WAP_ONE.test(userAgent))
      return { class: 'feature-phone', preset: 'wap', evidence: ['a phone of the WAP 1 time by its User-Agent'] };
    return {
      class: 'feature-phone',
      preset: 'feature-phone',
      evidence: ['a phone without a touch screen by its User-Agent'],
    };
  }
  if (device.type === 'tablet') return { class: 'tablet', preset: 'tablet', evidence: ['ua-parser-js: tablet'] };
  if (device.type === 'mobile') return { class: 'smartphone', preset: 'phone', evidence: ['ua-parser-js: mobile'] };
  if (/Android/i.test(userAgent))
    return /Mobile/.test(userAgent)
      ? { class: 'smartphone', preset: 'phone', evidence: ['Android with Mobile'] }
      : { class: 'tablet', preset: 'tablet', evidence: ['Android without Mobile'] };
  if (RETRO.test(userAgent))
    return { class: 'desktop', preset: 'retro', evidence: ['a browser of the 1990s by its User-Agent'] };
  if (/Windows|Macintosh|X11|Linux|CrOS|PlayStation|Xbox|Nintendo/i.test(userAgent))
    return { class: 'desktop', preset: 'desktop', evidence: ['the User-Agent of a desktop browser'] };
  return { class: 'unknown', preset: 'default', evidence: ['the User-Agent tells nothing'] };
}
