/** Phones before touch screens, WAP, and browsers of the 1990s, by their User-Agents. */

const FEATURE_PHONE =
  /\bMIDP|\bCLDC|UP\.(?:Browser|Link)|\bObigo|\bNetFront|\bTeleca|MAUI[ _]|SEMC-|\bPolaris\b|\bJasmine|\bDorado|AU\.Browser|Openwave|\bBREW\b|\bNokia|Series[346]0|SonyEricsson|\bEricsson|\bSIE-|\bMOT-|\bSAMSUNG-?(?:SGH|GT|SPH|SCH|[CESB]\d)|\bSEC-|^SCH-|\bLGE?[-/][A-Z]{0,2}\d|\bDoCoMo|KDDI|J-PHONE|Vodafone|SoftBank|WILLCOM|PDXGW|portalmmm|\bALCATEL|\bAlcatel|PANTECH|\bPT-|SAGEM|\bPhilips\d|\bPhilips-|\bBenQ|AUDIOVOX|\bSANYO|\bSHARP-TQ|\bHaier-|\bKarbonn|MICROMAX|\bSpice|\bLava|\bZTE-|HUAWEI-|\bFLY[-_]|\bi-mobile|\bTIANYU|\bK-Touch|\bAmoi|\bTCL-|\bPanasonic-|\bNEC-|\bToshiba-TS|\bHandspring|\bPalmSource|\bBlazer\/|\bBlackBerry\d|\bAvantGo|\bWAP[12]\.\d|\bWapIDE|Bada\/1|\bMRE\b/i;

/** Browsers and models that read WML alone. */
const WAP_ONE =
  /\bWAP1\.\d|WapIDE|\bNokia-?(?:7110|6210|6250|6150|3330|3350|3410|3510\b|8310|8210|8850|8910\b|6310|6340|5210|5510|6510|6590|7160|7190|9110|MIT)|\bUP\.Browser\/(?:[34]|5\.0)|\bUP\/[34]\.|\bEricsson-?[ART]\d{2,3}|\bR3[28]0(?:s|e|LX|m)? |\bMIB\/1|\bALAV\b|^AUR|\bWinWAP(?:[-/ ]|$)|\bWAPman|\bYOSPACE|\bKlondike|\bM3Gate|\bMOT-[A-Z0-9]{2,6}\/[\d.]+ ?(?:\(GPRS\))?$|\bALCATEL-BE[1-5]\b|\bPhilips-(?:Az@lis|Ozeo|Fisio)|\bSIE-(?:[CMSA][23]\d)i?\//i;

/** Before style sheets, or with such poor ones that pages break. */
const RETRO =
  /^(?:NCSA|Mosaic|Spyglass|Cello|Arena|AMosaic|Amiga|IBrowse|AWeb|WorldWideWeb|MacWeb|MacWWW|Enhanced_Mosaic|Lotus|PRODIGY|AIR_Mosaic|Charlotte|Chimera|SlipKnot|HotJava|GNNworks|UdiWWW|Voyager|MSIE|Microsoft Internet Explorer|Dillo|NetSurf|Mozilla\/[0-4]\.\d+[a-zA-Z]* ?(?:\[|\((?!compatible))|Mozilla\/[1-4]\.\d+ \(compatible; (?:MSIE [1-6]\.|NetPositive|IBrowse|AWeb|Voyager|OmniWeb\/[1-4]|iCab|Arachne|OffByOne|BrowseX))|\bOpera[/ ][1-7]\.\d|\bWebTV\b|\bNetPositive|\bOmniWeb\/[1-4]|\biCab[/ ][12]|^Dillo|\bNetSurf\/|\bDillo\/|\bArachne\b|\bOffByOne|\bBrowseX|\bWebster Pro/i;

/** True for phones with a keypad and a small screen. */
export function isFeaturePhone(userAgent: string): boolean {
  return FEATURE_PHONE.test(userAgent);
}

/** True for phones that read only WML (WAP 1). */
export function isWapOne(userAgent: string): boolean {
  return WAP_ONE.test(userAgent);
}

/** True for browsers of the 1990s and those kept alive for such computers. */
export function isRetroBrowser(userAgent: string): boolean {
  return RETRO.test(userAgent);
}
