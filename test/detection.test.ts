import { readFileSync } from 'node:fs';
import test from 'ava';
import { CLIENT_CLASSES } from '../profiles/client-class.ts';
import { type Detection, makeDetector } from '../profiles/detection.ts';
import { presets } from '../profiles/presets.ts';
import { cpuMs } from './support/cpu-time.ts';

// User-Agents as clients send them, by the class and the preset they must get (design part 3, 4).

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0';
const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const OLD_ANDROID = 'AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0';

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'desktop/desktop': [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/124.0.2478.51`,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (X11; Linux x86_64) ${KHTML} HeadlessChrome/124.0.0.0 Safari/537.36`,
    'Mozilla/5.0 (X11; FreeBSD amd64; rv:125.0) Gecko/20100101 Firefox/125.0',
    'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)',
    'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; WOW64; Trident/4.0)',
    'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko',
    'Mozilla/5.0 (compatible; Konqueror/4.14; Linux 4.4) KHTML/4.14.13 (like Gecko)',
    'Opera/9.80 (Windows NT 6.1; U; en) Presto/2.10.229 Version/11.62',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.9.0',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${KHTML} Slack/4.37.101 Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36`,
    'Safari/19618.1.15.11.14 CFNetwork/1494.0.7 Darwin/23.4.0',
    'Reeder/1020.09.00 CFNetwork/596.2.3 Darwin/12.2.0 (x86_64) (iMac12%2C2)',
    'Microsoft-CryptoAPI/10.0',
    'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)',
    `Mozilla/5.0 (Linux; Android 9; HP Chromebook 13 G1) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 7.1.1; Inspiron 3521) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (PlayStation 5 9.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15`,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0.3029.110 Safari/537.36 Edge/16.16299',
  ],
  'desktop/retro': [
    'NCSA_Mosaic/2.7b5 (X11;Linux 2.6.7 i686)  libwww/2.12 modified',
    'Mozilla/1.22 (compatible; MSIE 2.0; Windows 95)',
    'Mozilla/2.0 (compatible; MSIE 3.02; Windows 95)',
    'Mozilla/4.0 (compatible; MSIE 5.0; Windows 98)',
    'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)',
    'Mozilla/3.01 (Macintosh; I; PPC)',
    'Mozilla/4.08 [en] (Win98; I ;Nav)',
    'Mozilla/4.79 [en] (X11; U; SunOS 5.8 sun4u)',
    'Mozilla/2.0 (compatible; IBrowse 2.4; AmigaOS 3.9)',
    'Dillo/3.0.5',
    'NetSurf/3.10 (RISC OS; arm)',
    'Mozilla/4.5 (compatible; iCab 2.9.8; Macintosh; U; PPC)',
    'Opera/6.05 (Windows 98; U)  [en]',
  ],
  'smartphone/phone': [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (iPod touch; CPU iPhone OS 12_5_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1',
    `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 14; Pixel 8 Pro) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${CHROME} Mobile Safari/537.36`,
    'Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36',
    `Mozilla/5.0 (Linux; Android 11; CUBOT X30) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE_20) ${CHROME} Mobile Safari/537.36`,
    'Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0',
    `Mozilla/5.0 (Linux; Android 12; moto g(30)) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; U; Android 4.1.2; en-gb; GT-N7100 Build/JZO54K) ${OLD_ANDROID} Mobile Safari/534.30`,
    `Mozilla/5.0 (Linux; U; Android 2.3.4; en-us; DROID X2 Build/4.5.1A) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1`,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/430.0.0.26.114;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/16.6]',
    'Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; NOKIA; Lumia 920)',
    'Mozilla/4.0 (compatible; MSIE 6.0; Windows CE; IEMobile 7.11)',
    'UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.4; ru; ZTE_Blade_Q_Lux) U2/1.0.0 UCBrowser/11.1.2.1113 U2/1.0.0 Mobile',
    'Opera/9.80 (Android 4.0.4; Linux; Opera Mobi/ADR-1207201819; U; en) Presto/2.10.254 Version/12.00 Mobile',
    'Dalvik/2.1.0 (Linux; U; Android 13; 2201117TY Build/TKQ1.221114.001)',
    `Mozilla/5.0 (Linux; Android 12; RMX3085) ${CHROME} Mobile Safari/537.36 OPR/82.0.0.0`,
    'Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+',
  ],
  'tablet/tablet': [
    'Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
    `Mozilla/5.0 (Linux; Android 13; SM-X700) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 9; SM-T295) ${CHROME} Mobile Safari/537.36`,
    'Mozilla/5.0 (Android 13; Tablet; rv:125.0) Gecko/125.0 Firefox/125.0',
    `Mozilla/5.0 (Linux; Android 11; Lenovo TB-X606F) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; U; Android 4.0.4; en-us; GT-P3100 Build/IMM76D) ${OLD_ANDROID} Mobile Safari/534.30`,
    `Mozilla/5.0 (Linux; Android 10; AGS2-W09) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 8.0.0; BAH2-L09) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 5.1.1; KFSUWI) ${KHTML} Silk/108.4.6 like Chrome/108.0.5359.220 Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 7 Build/MOB30X) ${CHROME} Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 5.0.2; P01M Build/LRX22G) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 4.4.2; A1-840FHD Build/KOT49H) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 4.2.2; PMT3057_3G Build/JDQ39) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; MID1042 Build/IML74K) ${OLD_ANDROID} Mobile Safari/534.30`,
    `Mozilla/5.0 (Linux; Android 13; 23043RP34G) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 12; ALLDOCUBE iPlay 50 Tab) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 6.0; iBall Slide Wings) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 11; Armor Pad) ${CHROME} Mobile Safari/537.36`,
    'Mozilla/5.0 (hp-tablet; Linux; hpwOS/3.0.5; U; en-US) AppleWebKit/534.6 (KHTML, like Gecko) wOSBrowser/234.83 Safari/534.6 TouchPad/1.0',
    'Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.1.0; en-US) AppleWebKit/536.2+ (KHTML, like Gecko) Version/7.2.1.0 Safari/536.2+',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 13_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBDV/iPad7,11;FBMD/iPad;FBSN/iOS;FBID/tablet]',
  ],
  'feature-phone/feature-phone': [
    'SAMSUNG-SGH-E250/1.0 Profile/MIDP-2.0 Configuration/CLDC-1.1 UP.Browser/6.2.3.3.c.1.101 (GUI) MMP/2.0',
    'SonyEricssonK800i/R1KG Browser/NetFront/3.3 Profile/MIDP-2.0 Configuration/CLDC-1.1',
    'Nokia6230i/2.0 (03.80) Profile/MIDP-2.0 Configuration/CLDC-1.1',
    'Mozilla/5.0 (SymbianOS/9.2; U; Series60/3.1 NokiaN95/10.0.018; Profile/MIDP-2.0 Configuration/CLDC-1.1 ) AppleWebKit/413 (KHTML, like Gecko) Safari/413',
    'MOT-V3i/08.B4.34R MIB/2.2.1 Profile/MIDP-2.0 Configuration/CLDC-1.1',
    'LG-KU990i/V10a Browser/Obigo-Q05A/3.6 MMS/LG-MMS-V1.0/1.2 Java/ASVM/1.1 Profile/MIDP-2.0 Configuration/CLDC-1.1',
    'DoCoMo/2.0 N905i(c100;TB;W24H16)',
    'BlackBerry8330/4.3.0 Profile/MIDP-2.0 Configuration/CLDC-1.1 VendorID/105',
    'UCWEB/2.0 (Java; U; MIDP-2.0; es-LA; SonyEricssonCK15i) U2/1.0.0 UCBrowser/9.4.0.342 U2/1.0.0 Mobile',
    'Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.7567.US',
  ],
  'feature-phone/kaios': [
    'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5',
    'Mozilla/5.0 (Mobile; LYF/F220B/LYF-F220B-001-01-18-230119; Android; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5',
  ],
  'feature-phone/opera-mini': [
    'Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/191.249; U; en) Presto/2.12.423 Version/12.16',
    'Opera/9.80 (BlackBerry; Opera Mini/8.0.35667/35.7561; U; en) Presto/2.8.119 Version/11.10',
  ],
  'smartphone/opera-mini': [
    'Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16',
    'Opera/9.80 (iPhone; Opera Mini/7.0.5/28.2555; U; fr) Presto/2.8.119 Version/11.10',
  ],
  'feature-phone/wap': [
    'Nokia7110/1.0 (04.84)',
    'Nokia6210/1.0 (04.36)',
    'Nokia3410/1.0 (05.36)',
    'UP.Browser/3.1-ALAV UP.Link/4.1.0.2',
    'MOT-P7389/01.04 UP/4.1.20i UP.Browser/4.1.20i-XXXX UP.Link/4.2.1.6',
    'SIE-S35/1.0 UP/4.1.8c UP.Browser/4.1.8c-XXXX',
    'R380 2.0 WAP1.1',
    'EricssonT68/R201A',
  ],
  'e-reader/e-reader': [
    'Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+',
    'Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800; rotate)',
    'Mozilla/5.0 (Linux; U; Android 2.0; en-us;) AppleWebKit/538.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/538.1 (Kobo Touch 0384/4.25.15875)',
    `Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; tolino vision 4 HD Build/LMY47V) ${OLD_ANDROID} Safari/534.30`,
    'Mozilla/5.0 (Linux; Android 8.0.0; ru_RU) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0 Mobile Safari/537.36 PocketBook/627 (screen 758x1024; FW U627.5.18.453)',
    `Mozilla/5.0 (Linux; Android 11; BOOX NoteAir2P) ${CHROME} Safari/537.36`,
    'Mozilla/5.0 (Linux; U; Android 2.3; en-us; EBRD1101; EXT) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1',
    'nook browser/1.0',
  ],
  'text-browser/text-browser': [
    'Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8',
    'ELinks/0.13.1 (textmode; Linux 5.10 x86_64; 80x24-2)',
    'Links (2.28; Linux 6.1.0 x86_64; GNU C 12.2; text)',
    'w3m/0.5.3+git20230121',
    'edbrowse/3.8.0',
    'URL/Emacs Emacs/29.3 (X11; x86_64-pc-linux-gnu)',
  ],
  'tv/desktop': [
    'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36',
    'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36 WebAppManager',
    `Mozilla/5.0 (Linux; Android 9; AFTSSS) ${CHROME} Mobile Safari/537.36`,
    `Mozilla/5.0 (Linux; Android 10; BRAVIA 4K VH2) ${CHROME} Safari/537.36`,
    'Mozilla/5.0 (Linux; Andr0id 8.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/61.0.3163.98 Safari/537.36 OPR/46.0.2207.0 HbbTV/1.2.1',
    'AppleTV11,1/11.1',
    'Roku/DVP-12.5 (12.5.0.4178-88)',
  ],
  'bot/default': [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) ${CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)`,
    'SAMSUNG-SGH-E250/1.0 Profile/MIDP-2.0 Configuration/CLDC-1.1 UP.Browser/6.2.3.3.c.1.101 (GUI) MMP/2.0 (compatible; Googlebot-Mobile/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)',
    'CCBot/2.0 (https://commoncrawl.org/faq/)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)',
    'Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)',
    'Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)',
    'Googlebot-News (2.3.3, ruby 1.9.3 (2013-11-22))',
  ],
  'agent/default': [
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; MistralAI-User/1.0; +https://docs.mistral.ai/robots)',
    'opencode/0.4.2',
  ],
  'tool/default': [
    'curl/8.7.1',
    'Wget/1.21.3',
    'HTTPie/3.2.2',
    'python-requests/2.31.0',
    'Python-urllib/3.11',
    'python-httpx/0.27.0',
    'Go-http-client/1.1',
    'okhttp/4.12.0',
    'axios/1.6.8',
    'node',
    'undici',
    'Java/17.0.10',
    'Apache-HttpClient/4.5.14 (Java/17.0.10)',
    'libwww-perl/6.72',
    'PostmanRuntime/7.37.3',
    'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506',
    'aria2/1.37.0',
    'Deno/1.42.4',
    'Debian APT-HTTP/1.3 (2.6.1)',
  ],
  'unknown/default': ['', '   ', '\u0000\u00ff'],
};

const detectOnly = (userAgent: string): Detection => makeDetector({})(readFrom({ 'user-agent': userAgent }));

function readFrom(fields: Readonly<Record<string, string>>, asked: Set<string> = new Set()) {
  return (fieldName: string) => {
    asked.add(fieldName);
    return fields[fieldName];
  };
}

const count = Object.values(KNOWN).flat().length;
test(`${count} User-Agents of all classes get their class and preset, with a reason in words (design part 3)`, (t) => {
  const detect = makeDetector({});
  const wrong: string[] = [];
  for (const [expected, userAgents] of Object.entries(KNOWN))
    for (const userAgent of userAgents) {
      const detection = detect(readFrom({ 'user-agent': userAgent }));
      const got = `${detection.class}/${detection.preset}`;
      if (got !== expected) wrong.push(`${got} instead of ${expected}: ${userAgent}`);
      t.true(detection.evidence.length > 0 && detection.evidence.every((each) => each.length > 5));
    }
  t.deepEqual(wrong, []);
  t.true(count >= 120);
  t.deepEqual(new Set(Object.keys(KNOWN).map((each) => each.split('/')[0]!)), new Set(CLIENT_CLASSES));
});

test('every preset that detection gives exists', (t) => {
  for (const expected of Object.keys(KNOWN)) t.true(presets.has(expected.split('/')[1]!), expected);
});

test('a User-Agent in small letters is the same client', (t) => {
  for (const userAgent of KNOWN['smartphone/phone']!.slice(2, 8))
    t.is(detectOnly(userAgent.toLowerCase()).class, 'smartphone', userAgent);
});

const ANDROID_TABLET = `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Safari/537.36`;
const ANDROID_PHONE = `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`;
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`;
const LINUX = `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Safari/537.36`;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0';

const HINTS: readonly [string, string, Readonly<Record<string, string>>, string][] = [
  ['?0 on Android makes a tablet', ANDROID_PHONE, { 'sec-ch-ua-mobile': '?0' }, 'tablet'],
  [
    '?1 where the User-Agent does not say Mobile makes a phone',
    ANDROID_TABLET,
    { 'sec-ch-ua-mobile': '?1' },
    'smartphone',
  ],
  [
    '?1 leaves a tablet known by its model',
    ANDROID_PHONE.replace('K)', 'SM-T295)'),
    { 'sec-ch-ua-mobile': '?1' },
    'tablet',
  ],
  ['form factor Tablet on Windows', WINDOWS, { 'sec-ch-ua-form-factors': '"Desktop", "Tablet"' }, 'tablet'],
  ['form factor EInk', ANDROID_TABLET, { 'sec-ch-ua-form-factors': '"Tablet", "EInk"' }, 'e-reader'],
  ['Android behind the User-Agent of a desktop', LINUX, { 'sec-ch-ua-platform': '"Android"' }, 'tablet'],
  ['Linux is Linux', LINUX, { 'sec-ch-ua-platform': '"Linux"' }, 'desktop'],
  ['?0 on a desktop changes nothing', WINDOWS, { 'sec-ch-ua-mobile': '?0' }, 'desktop'],
  ['Firefox sends none, so none are believed', FIREFOX, { 'sec-ch-ua-mobile': '?1' }, 'desktop'],
  ['a bot stays a bot', `${ANDROID_PHONE} (compatible; Googlebot/2.1)`, { 'sec-ch-ua-mobile': '?0' }, 'bot'],
];

test('client hints of Chromium settle what its frozen User-Agent leaves open (H-2)', (t) => {
  for (const [why, userAgent, hints, expected] of HINTS) {
    const detection = makeDetector({})(readFrom({ 'user-agent': userAgent, ...hints }));
    t.is(detection.class, expected as Detection['class'], why);
  }
});

test('a feature phone that takes WML or WBMP and nothing later is of the WAP 1 time, whatever its name', (t) => {
  const presetOf = (accept: string, userAgent = 'Nokia6100/1.0 (04.01) Profile/MIDP-1.0') =>
    makeDetector({})(readFrom({ 'user-agent': userAgent, accept })).preset;
  t.is(presetOf('text/vnd.wap.wml, image/vnd.wap.wbmp, */*;q=0.1'), 'wap');
  t.is(presetOf('image/vnd.wap.wbmp, image/gif'), 'wap');
  t.is(presetOf('text/vnd.wap.wml, application/vnd.wap.xhtml+xml, text/html;q=0.5'), 'feature-phone');
  t.is(presetOf('image/vnd.wap.wbmp, image/jpeg'), 'feature-phone');
  t.is(presetOf('*/*'), 'feature-phone');
  t.is(presetOf('text/vnd.wap.wml', FIREFOX), 'desktop', 'no phone');
});

test('garbage in client hints changes nothing and throws nothing', (t) => {
  const detect = makeDetector({});
  for (const garbage of ['', '?', '?2', '"', 'Tablet', '"'.repeat(60_000), '\u0000', '%00', '[object Object]', '?1?0'])
    for (const userAgent of [ANDROID_PHONE, ANDROID_TABLET, WINDOWS, LINUX]) {
      const hints = { 'sec-ch-ua-mobile': garbage, 'sec-ch-ua-form-factors': garbage, 'sec-ch-ua-platform': garbage };
      t.is(
        detect(readFrom({ 'user-agent': userAgent, ...hints })).class,
        detectOnly(userAgent).class,
        garbage.slice(0, 20),
      );
    }
});

test('only fields that could change the answer are read, so only they are in Vary', (t) => {
  const askedFor = (userAgent: string) => {
    const asked = new Set<string>();
    makeDetector({})(readFrom({ 'user-agent': userAgent }, asked));
    return [...asked].sort();
  };
  t.deepEqual(askedFor('curl/8.7.1'), ['user-agent']);
  t.deepEqual(askedFor(FIREFOX), ['user-agent']);
  t.deepEqual(askedFor(''), ['user-agent']);
  t.deepEqual(askedFor(WINDOWS), ['sec-ch-ua-form-factors', 'user-agent']);
  t.deepEqual(askedFor(ANDROID_PHONE), ['sec-ch-ua-form-factors', 'sec-ch-ua-mobile', 'user-agent']);
  t.deepEqual(askedFor('Opera/9.80 (J2ME/MIDP; Opera Mini/7.1; U; en) Presto/2.12'), [
    'user-agent',
    'x-operamini-phone-ua',
  ]);
});

test('Opera Mini names the phone behind it in X-OperaMini-Phone-UA', (t) => {
  const userAgent = 'Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/191.249; U; en) Presto/2.12.423 Version/12.16';
  const behind = (phone: string) =>
    makeDetector({})(readFrom({ 'user-agent': userAgent, 'x-operamini-phone-ua': phone }));
  const smart = behind('Mozilla/5.0 (Linux; U; Android 4.1.2; en-gb; GT-I8190 Build/JZO54K) Mobile Safari/534.30');
  t.is(smart.class, 'smartphone');
  t.is(smart.preset, 'opera-mini');
  t.is(smart.evidence.length, 2);
  t.is(behind('Nokia6230i/2.0 (03.80) Profile/MIDP-2.0').class, 'feature-phone');
  for (const odd of ['', 'curl/8', '#', 'x'.repeat(65_536)]) t.is(behind(odd).class, 'feature-phone', odd.slice(0, 9));
});

test('a WAP profile speaks for an unknown phone by being there; its address is never fetched (H-7)', (t) => {
  const profile = { 'x-wap-profile': 'http://169.254.169.254/latest/meta-data' };
  t.is(makeDetector({})(readFrom({ 'user-agent': 'FooPhone 300', ...profile })).preset, 'feature-phone');
  t.is(makeDetector({})(readFrom({ 'user-agent': 'FooPhone 300' })).preset, 'default');
  t.is(makeDetector({})(readFrom({ 'user-agent': 'curl/8.7.1', ...profile })).class, 'tool');
  for (const file of [
    'detection.ts',
    'user-agent-rules.ts',
    'client-programs.ts',
    'device-models.ts',
    'old-clients.ts',
  ])
    t.notRegex(
      readFileSync(new URL(`../profiles/${file}`, import.meta.url), 'utf8'),
      /fetch\(|node:(?:net|http|dns)|undici['"]/,
    );
});

const HOSTILE_UNITS = [
  'a',
  ' ',
  '(',
  ';',
  '; ',
  '/',
  '-',
  '1',
  'Android ',
  'Android;',
  'Android ;K ',
  'Mozilla/5.0 (',
  'Tab',
  'pad',
  '3G',
  'bot',
  'compatible; ',
  '+http:/',
  'Embedded Web Browser ',
  'Opera Mini',
  'MSIE 6.0; ',
  'Tizen 1) ',
  'Nokia',
  'Darwin/1 (',
  'en-us; ',
  'arm; ',
];

test('a 64 kB User-Agent of any pattern costs little (threat 46)', (t) => {
  detectOnly(ANDROID_PHONE);
  for (const unit of HOSTILE_UNITS)
    for (const start of ['', 'Mozilla/5.0 (Linux; Android 10; ', 'x']) {
      const userAgent = (start + unit.repeat(65_536)).slice(0, 65_536);
      // The least of three: what the pattern costs, not what else the machine does.
      const costs = [0, 1, 2].map(() => {
        const detect = makeDetector({});
        const from = cpuMs();
        detect(readFrom({ 'user-agent': userAgent, 'x-operamini-phone-ua': userAgent }));
        return cpuMs() - from;
      });
      t.true(Math.min(...costs) < 50, `${start}${unit}: ${Math.min(...costs).toFixed(1)} ms`);
    }
});

test('only the first 512 characters count', (t) => {
  t.is(detectOnly(`${'x, '.repeat(200)} Lynx/2.9 KAIOS/2.5 Googlebot/2.1`).class, detectOnly('x, '.repeat(170)).class);
  t.is(detectOnly(`Lynx/2.9 ${'x'.repeat(100_000)}`).class, 'text-browser');
});

test('a User-Agent is worked out once while it is remembered, and the cache is bounded', (t) => {
  const detect = makeDetector({ cacheSize: 2 });
  const first = detect(readFrom({ 'user-agent': 'curl/1' }));
  t.is(detect(readFrom({ 'user-agent': 'curl/1' })), first);
  for (const other of ['curl/2', 'curl/3']) detect(readFrom({ 'user-agent': other }));
  const again = detect(readFrom({ 'user-agent': 'curl/1' }));
  t.not(again, first);
  t.deepEqual(again, first);
});

test('the parser is the MIT one: version 2 is AGPL', (t) => {
  const { version, license } = JSON.parse(
    readFileSync(new URL('../node_modules/ua-parser-js/package.json', import.meta.url), 'utf8'),
  ) as { version: string; license: string };
  t.is(license, 'MIT');
  t.true(Number.parseInt(version, 10) < 2, version);
});
