/** What a User-Agent says of its client: our own rules around ua-parser-js 1.0 (MIT) and isbot (research, part 4). */
import { isbot } from 'isbot';
import UAParser from 'ua-parser-js';
import type { ClientClass } from './client-class.ts';
import { isDesktopProgram, namesDesktopSystem, PROGRAM_RULES } from './client-programs.ts';
import type { Detection } from './detection.ts';
import { findAndroidModel, isComputerModel, isPhoneModel, isTabletModel } from './device-models.ts';
import { isFeaturePhone, isRetroBrowser, isWapOne } from './old-clients.ts';

/** The class and preset of a User-Agent, which may be empty. */
export function findByUserAgent(userAgent: string): Detection {
  if (userAgent.trim() === '') return found('unknown', 'default', 'no User-Agent');
  return (
    findBot(userAgent) ??
    findProgram(userAgent) ??
    findTelevision(userAgent) ??
    findPhone(userAgent) ??
    findTouchDevice(userAgent) ??
    findDesktop(userAgent) ??
    found('unknown', 'default', 'the User-Agent tells nothing')
  );
}

function found(clientClass: ClientClass, preset: string, ...evidence: string[]): Detection {
  return { class: clientClass, preset, evidence };
}

const AGENT_RULE = PROGRAM_RULES[0]!;
/** Says itself that it is one; CUBOT makes phones. */
const SELF_NAMED_BOT =
  /(?<!cu)bot(?![a-z])|spider|crawl|scrape|slurp|archiver|fetcher|favicon|monitor(?:ing)?[/ )]|scann?er|diagnostics|observatory|inspector|validator|checker|prerender|lighthouse|PTST\/|mshots/i;
/** A browser's User-Agent with the address of the one who sent it. */
const CALLING_CARD = /(?:compatible; |[(;,] ?)[^()]{0,60}\+https?:\/\/|\+https?:\/\//i;
/** What isbot takes for a bot's mark and is none: browsers without a window, add-ons with their maker's address. */
const HARMLESS =
  /\bHeadlessChrome\b| ?[^;()]{0,40}Embedded Web Browser from: http:\/\/bsalsa\.com\/;?|\bchromeframe\/[\d.]+|\bGoogle Earth\//gi;
/** Devices and in-app browsers whose names look like a bot's to isbot. */
const DEVICE = /\bCUBOT\b|Android|\biPhone|\biPad|\biPod|\bFBAN\/|\bFB_IAB\/|KAIOS|Opera Mini|\bAdr \d/i;

const TELEVISION =
  /\b(?:SmartTV|SMART-TV|Smart TV|HbbTV|Apple ?TV[\d,]*|GoogleTV|Android TV|BRAVIA|Web0S|webOS\.TV|NetCast|CrKey|Roku|AFT[A-Z]{1,4}\d?|Viera|NETTV|DTV|OPTV|Vestel|Opera TV|InettvBrowser|Tizen[ /][\d.]+\) .*\bTV|SHIELD Android TV|MiBOX|MiTV|Chromecast|TV ?Box|DLNADOC)\b/i;

function findBot(userAgent: string): Detection | undefined {
  if (AGENT_RULE.pattern.test(userAgent) || isDesktopProgram(userAgent)) return undefined;
  if (SELF_NAMED_BOT.test(userAgent)) return found('bot', 'default', 'the User-Agent calls itself a robot');
  if (CALLING_CARD.test(userAgent)) return found('bot', 'default', 'the User-Agent leaves the address of its sender');
  if (PROGRAM_RULES.some((rule) => rule.pattern.test(userAgent))) return undefined;
  if (DEVICE.test(userAgent) || TELEVISION.test(userAgent) || isFeaturePhone(userAgent) || isRetroBrowser(userAgent))
    return undefined;
  return isbot(userAgent.replace(HARMLESS, 'Chrome'))
    ? found('bot', 'default', 'isbot knows the User-Agent')
    : undefined;
}

function findProgram(userAgent: string): Detection | undefined {
  const rule = PROGRAM_RULES.find((each) => each.pattern.test(userAgent));
  if (rule !== undefined) return found(rule.class, rule.preset, rule.evidence);
  if (isDesktopProgram(userAgent)) return found('desktop', 'desktop', 'a program of a desktop by its User-Agent');
  return undefined;
}

function findTelevision(userAgent: string): Detection | undefined {
  return TELEVISION.test(userAgent) ? found('tv', 'desktop', 'the User-Agent of a television') : undefined;
}

const TOUCH_SYSTEM =
  /Android|\biPhone|\biPad|\biPod|Windows Phone|\bIEMobile|WPDesktop|\bAdr \d|\bwds \d|HarmonyOS|\bUCWEB\/[\d.]+ \(Linux|^JUC ?\(Linux/i;

function findPhone(userAgent: string): Detection | undefined {
  if (/\bKAIOS\b/i.test(userAgent)) return found('feature-phone', 'kaios', 'KaiOS in the User-Agent');
  if (/\bOpera Mini\b|\bOPiOS\//i.test(userAgent) && !/^UCWEB/.test(userAgent)) {
    const clientClass = /\biPad/.test(userAgent)
      ? 'tablet'
      : TOUCH_SYSTEM.test(userAgent)
        ? 'smartphone'
        : 'feature-phone';
    return found(clientClass, 'opera-mini', 'Opera Mini in the User-Agent');
  }
  if (TOUCH_SYSTEM.test(userAgent) || !isFeaturePhone(userAgent)) return undefined;
  if (isWapOne(userAgent)) return found('feature-phone', 'wap', 'a phone of the WAP 1 time by its User-Agent');
  return found('feature-phone', 'feature-phone', 'a phone without a touch screen by its User-Agent');
}

const tablet = (evidence: string) => found('tablet', 'tablet', evidence);
const smartphone = (evidence: string) => found('smartphone', 'phone', evidence);

const PHONE_SYSTEM =
  /\bWindows Phone|\bIEMobile|\bwds \d|\bWindows CE|WPDesktop|\bLumia \d|\bPhone; ?OpenHarmony|\bOpera Mobi\/(?!.*Android)|\bSailfish|\bMaemo|\bUbuntu; Mobile|\bPlayStation Vita|\bBB10\b/i;

function findTouchDevice(userAgent: string): Detection | undefined {
  if (/\biPad/.test(userAgent)) return tablet('iPad in the User-Agent');
  if (/\biPhone|\biPod|\bMobileSafari\//.test(userAgent)) return smartphone('iPhone in the User-Agent');
  if (/\bOpera Tablet|\bTablet; ?(?:OpenHarmony|rv:)/.test(userAgent)) return tablet('the User-Agent says tablet');
  if (PHONE_SYSTEM.test(userAgent)) return smartphone('a phone by the system in its User-Agent');
  if (/Android|\bAdr \d|\bUCWEB\/[\d.]+ \(Linux|^JUC ?\(Linux/i.test(userAgent)) return findAndroid(userAgent);
  if (namesDesktopSystem(userAgent) && !/Mobile|\bPlayBook|\bTouchPad|Kindle|Silk/.test(userAgent)) return undefined;
  const { type } = new UAParser(userAgent).getDevice();
  if (type === 'tablet') return tablet('ua-parser-js: tablet');
  return type === 'mobile' ? smartphone('ua-parser-js: mobile') : undefined;
}

/** A browser, which says Mobile on phones; other programs say nothing of the kind. */
const BROWSER = /Safari\/|Safari\b|Firefox\/|Presto\//i;

function findAndroid(userAgent: string): Detection {
  const model = findAndroidModel(userAgent);
  if (isComputerModel(model)) return found('desktop', 'desktop', `a computer that runs Android: ${model}`);
  // Yandex and Facebook name the kind of device themselves.
  if (/\/apad\b|\bFBID\/tablet/.test(userAgent)) return tablet('the program says it runs on a tablet');
  if (isTabletModel(model)) return tablet(`a tablet by its model: ${model}`);
  const saysMobile = /Mobi/i.test(userAgent);
  if (isPhoneModel(model)) return smartphone(`a phone by its model: ${model}`);
  if (!saysMobile && BROWSER.test(userAgent)) return tablet('a browser on Android that does not say Mobile');
  if (new UAParser(userAgent).getDevice().type === 'tablet') return tablet('ua-parser-js: tablet');
  return smartphone(saysMobile ? 'Android with Mobile' : 'a program on Android');
}

function findDesktop(userAgent: string): Detection | undefined {
  if (isRetroBrowser(userAgent)) return found('desktop', 'retro', 'a browser of the 1990s by its User-Agent');
  if (/Nintendo (?:DS|DSi|3DS)|\(PSP \(|PlayStation Portable/i.test(userAgent))
    return found('feature-phone', 'feature-phone', 'a handheld console with a small screen');
  if (/PlayStation|Xbox|Nintendo/i.test(userAgent))
    return found('desktop', 'desktop', 'a games console by its User-Agent');
  return namesDesktopSystem(userAgent)
    ? found('desktop', 'desktop', 'the system of a desktop in the User-Agent')
    : undefined;
}
