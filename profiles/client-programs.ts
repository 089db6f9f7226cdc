/** Programs that a User-Agent names and that settle the class, whatever device they run on. */
import type { ClientClass } from './client-class.ts';

/** A program and the class of client it makes. */
export interface ProgramRule {
  /** Linear in its input: no nested repetition. */
  readonly pattern: RegExp;
  readonly class: ClientClass;
  readonly preset: string;
  readonly evidence: string;
}

/** Fetch a page while a person waits for the answer (research, 4.3); crawlers of the same makers are bots. */
const AGENT: ProgramRule = {
  pattern:
    /\b(?:Claude-User|Claude-Code|ChatGPT-User|ChatGPT Agent|Perplexity-User|MistralAI-User|DuckAssistBot|Gemini-Deep-Research|Google-?Agent|Manus-User|cohere-user|meta-externalfetcher|Devin|NovaAct|opencode|codex(?:-cli|_cli_rs)?\/|Cursor\/|Goose\/|aider\/)/i,
  class: 'agent',
  preset: 'default',
  evidence: 'the User-Agent of an assistant that reads for a person',
};

const EVIDENCE_TOOL = 'the User-Agent of a command-line tool or library';
const TOOLS: readonly ProgramRule[] = [
  {
    pattern:
      /^(?:curl|libcurl|wget2?|HTTPie|xh|python|Python-urllib|aiohttp|httpx|Go-http-client|Go \d|node|node-fetch|undici|got|axios|bun|deno|Java|Apache-HttpClient|Jakarta|jsoup|okhttp|Dalvik$|Dart|RestSharp|restic|libwww-perl|lwp|LWP|Mechanize|ruby|Ruby|Faraday|Typhoeus|HTTPClient|http\.rb|GuzzleHttp|PHP|Symfony|WinHTTP|winhttp|aria2|axel|reqwest|hyper|ureq|rclone|git|npm|yarn|pnpm|pip|cargo|composer|Homebrew|Debian APT|apt-http|urlgrabber|dnf|libdnf|zypp|PackageKit|feh|PostmanRuntime|insomnia|Bruno|k6|ApacheBench|wrk|hey|vegeta|autocannon|siege|JMeter|Erlang|hackney|Elixir|Mint|Haskell|http-conduit|R \(|libsoup|nutch-fetch|fasthttp|colly|Scrapy|HttpClient|System\.Net)(?:[/ (;,_-]|$)/i,
    class: 'tool',
    preset: 'default',
    evidence: EVIDENCE_TOOL,
  },
  {
    pattern:
      /(?:PowerShell|python-requests|python-httpx|python-urllib3?|Go-http-client|Apache-HttpClient|libwww-perl|okhttp|aiohttp|PostmanRuntime)\/\d/i,
    class: 'tool',
    preset: 'default',
    evidence: EVIDENCE_TOOL,
  },
];

const TEXT_BROWSER: ProgramRule = {
  pattern:
    /^(?:Lynx|E?Links|w3m|Emacs-w3m|retawq|edbrowse|browsh|chawan|URL\/Emacs|Line-?Mode|netrik|ncsa lynx)\b|\bE?Links \(/i,
  class: 'text-browser',
  preset: 'text-browser',
  evidence: 'the User-Agent of a text browser',
};

/** Electronic paper: grey, slow, no animation. Tablets that readers' makers sell are no such thing. */
const E_READER: ProgramRule = {
  pattern:
    /\bKindle\/|\bKobo (?:Touch|eReader|Aura|Glo|Mini|Clara|Libra|Forma|Elipsa|Sage|Nia)|\bPocketBook\/|\bPocketBook (?!SURFpad)|\btolino (?!tab)|\bnook browser|\bNOOK (?:BNRV|Simple)|\bBNRV\d|\bBOOX\b|\bOnyx(?:[ _](?:BOOX|NOTE|MAX|C67|I86|M9\d|T6\d|T7\d|A6\d|E4\d))|\bReMarkable\b|\bSony PRS|\bPRS-?[T\d]|\bEBRD\d|\bEBRW|\bbookeen|\bCybook|\bInkPalm|\bLikebook|\bPocketBookDevice|\bBigme|\bMeebook|\bSupernote|; (?:Poke\d|Nova(?:Air|\dColor)|NoteAir|MaxLumi|TabUltra)/i,
  class: 'e-reader',
  preset: 'e-reader',
  evidence: 'the User-Agent of an e-reader',
};

/** Tried in this order, before anything else. */
export const PROGRAM_RULES: readonly ProgramRule[] = [AGENT, ...TOOLS, TEXT_BROWSER, E_READER];

/** Systems of desktop computers, as programs name them. */
const DESKTOP_SYSTEM =
  /Windows(?! (?:Phone|CE|Mobile)\b)|Win(?:NT|32|64|98|95|7|8|10|11)\b|Macintosh|Mac[ _]?OS|Mac_PowerPC|os=Mac|Darwin\/[\d.]+ \((?:x86_64|i386|Power)|X11|Wayland|Linux|CrOS|FreeBSD|OpenBSD|NetBSD|DragonFly|SunOS|AmigaOS|MorphOS|AROS|BeOS|Haiku|OS\/2|CYGWIN|IRIX|HP-UX|AIX|RISC OS|Fedora|SUSE|Ubuntu|Debian|\(macOS|-apple-darwin|\bPC; ?(?:OpenHarmony|HarmonyOS)|\(PC;/i;

/** What people read, hear and write with on a desktop, beside browsers; isbot takes many for bots. */
const DESKTOP_PROGRAM =
  /^(?:FeedDemon|FeedStation|NetNewsWire|Evergreen|Liferea|Akregator|RSSOwl|RssBandit|ReadKit|Reeder|Newsboat|newsbeuter|QuiteRSS|Vienna|Fluent Reader|RSS Guard|Thunderbird|Sylpheed|Evolution|The Bat|Juice|gPodder|Podcaster|Doughnut|Banshee|Rhythmbox|Amarok|Clementine|Audacious|iTunes|QuickTime|Winamp|VLC|foobar2000|AIMP|mpv|MPlayer|XBMC|Kodi|Windows-Media-Player|NSPlayer|Steam|GOGGalaxy|Papers|Zotero|Mendeley|Microsoft Office|Microsoft (?:Outlook|Word|Excel|PowerPoint|OneNote|URL)|Word|Excel|PowerPoint|Outlook|OneNote|LibreOffice|Google Earth|Emacs)\b/i;
/** Parts of Windows that fetch for a person's programs and name no other system. */
const WINDOWS_PART = /^Microsoft[- ](?:CryptoAPI|BITS|WNS|Delivery|Office|NCSI|URL)/i;
/** Safari's own fetches on macOS: on iOS the program is MobileSafari. */
const MAC_SAFARI = /^Safari(?:ViewService)?\/?\d[\d.]* CFNetwork/;

/** True for programs of a desktop that are no browsers. */
export function isDesktopProgram(userAgent: string): boolean {
  if (WINDOWS_PART.test(userAgent) || MAC_SAFARI.test(userAgent)) return true;
  return DESKTOP_PROGRAM.test(userAgent) && DESKTOP_SYSTEM.test(userAgent);
}

/** True where a User-Agent names the system of a desktop computer. */
export function namesDesktopSystem(userAgent: string): boolean {
  return DESKTOP_SYSTEM.test(userAgent);
}
