/** Families of Android devices, by the model a User-Agent names: what is a tablet although it says `Mobile`, what is a computer. */

/** Words of a model name that say tablet, whoever made it; sizes of 7 inches and more; models told apart by Wi-Fi. */
const TABLET_WORDS: readonly RegExp[] = [
  /T(?:ab|AB)(?:LET|let|s)?(?![a-z])|(?:^|[^a-zA-Z])tab(?:let|s)?(?![a-z])/,
  /(?<!cool|tech)pad(?!fone)(?:pro|mini|plus|lite)?(?![a-z])|slate(?![a-z])/i,
  /(?:^|[-_ ])(?:[a-z]{2}-)?mid(?![a-z])/i,
  /1[0-2][.,]\d(?!\d)|\b(?:[789]|1[0-2]) ?inch|wi-?fi(?![a-z])/i,
  // Huawei and Honor: models that know only Wi-Fi.
  /^[A-Z]{3,4}\d?-W\d\d(?![0-9])/,
];

/** `3G` in a name told tablets with a modem from those without; every phone of the time had one. */
const MODEM_SUFFIX = /(?:^|[-_ a-zA-Z]|\D\d)3G(?![A-Z]{2}|B)/;

/** Model families by maker, each anchored at the start of the name. */
const TABLET_FAMILIES: readonly RegExp[] = [
  // Samsung: Tab (GT-P, SM-T, SM-X), Note with a big screen (GT-N80, SM-P), operators' names of the first ones.
  /^(?:SAMSUNG[- ])?(?:SM-[TPX]\d|GT-P\d|GT-N(?:8|51)\d|SCH-I(?:705|800|815|905|915|925)|SGH-(?:I497|I957|I987|T849|T859)|SH[VW]-[EM](?:1[48]0|230|380|430|480|485|500)|SPH-P\d|SCT\d\d|SC-01[CDE]\b|SC-02D\b)/i,
  /^(?:Nexus (?:7|9|10)\b|Pixel C\b|KF[A-Z]{2,5}\b|Kindle|BNTV)/i,
  /^(?:HUAWEI ?)?(?:AGS|AGR|AGM|BAH|BTV|BZ[A-Z]|BTK|BG2|KOB|CMR|SHT|SCMR?|MRX|MRR|MRO|MON|JDN|CPN|VRD|WGR?R|DBY|DBR|GOT|HEY|KJR|KRJ|BRTN?|ELN|ROD|GDI|NDL|BGO|FDR|PLE|GEM)\d?-[A-Z]{0,2}\d/i,
  /^(?:HUAWEI ?)?(?:Ideos S7|(?:T1|T2|S7|S8|S10|X1|X2|M2)-[A-Z]?\d)/i,
  // Lenovo and NEC.
  /^(?:Lenovo[-_ ]?)?(?:TB\d?[-_ ]?[A-Z]?\d|YT\d?-|Yoga Book|IdeaTab|S(?:2109|2110|5000|6000)|A(?:1000-?[FGLT]|10[01]0-[FGT]|2107|2109|3000|3300|3500|5500|7600|8-50|10-\d)|B(?:6000|80[08]0))/i,
  /^(?:PC-T|LaVie|LifeTouch|N-0[68]D)/i,
  // Asus: K0 and P0 are MeMO and ZenPad, TF and ME Transformer and MeMO.
  /^(?:ASUS[-_ ]?)?(?:TF\d{3}|ME\d{3}[A-Z]|K0[0-3][0-9A-Z]\b|P0(?:[0-3]\d|0[A-Z]|1[A-Z])|P1801|Transformer|MeMO|Slider SL)/i,
  /^(?:Acer[-_ ]?)?(?:A1-[\dA]|A3-A|B1-[A-Z0-9]\d|B3-A|Iconia|A[1257]0[01]\b|A[125]1[01]\b)/i,
  /^(?:Sony ?)?(?:SGP[T\d]|SO-0[35][EFG]\b|SOT\d\d)/i,
  /^LG-?(?:V\d{3}|VK\d|UK\d|LK\d)|^(?:VK|UK)\d{3}\b/i,
  // Xiaomi, with RP in the code of each Pad; Oppo, OnePlus, Realme, Vivo, Infinix, Tecno, Itel, HTC, Motorola.
  /^(?:M2105K81|2[1-9]\d\d[0-9A-C]{1,2}RP|2105118\d|2208128\d|OPD\d|RMP\d|PA2\d{3}\b|DPD\d)/i,
  /^(?:Infinix X11\d\d|TECNO (?:P[789]\d?\d?\b|T10)|itel it1\d{3}|HTC (?:A10\d|Flyer|P51|Jetstream|EVO View)|MZ[56]\d\d|Xoom)/i,
  // Alcatel and TCL: four digits and a letter, beyond those of phones.
  /^(?:ALCATEL ?|TCL[-_ ]?)?(?:80(?:5[5-9]|[6-9]\d)|8[149]\d\d|900[3579]|90[1-9]\d|9[1-9]\d\d)[A-Z]\d?(?:[-_ ]\w+)?$/i,
  /^(?:ALCATEL )?(?:ONE ?TOUCH )?(?:EVO ?[78]|P3[12]0|I2[12]\d)/i,
  /^(?:ZTE[- ]?)?(?:V9[AC]\b|V5[56]\b|V7[12][A-C]?\b|V9[56]\b|K[789]\d[A-Z]?\b|E[78]Q\b|E10Q\b)/i,
  /^(?:Dell )?(?:Streak|Venue (?:7|8|10))|^HP (?:7|8|10)\b/i,
  // Toshiba, Panasonic, Fujitsu, Sharp, Kyocera.
  /^(?:AT\d{1,3}(?:-\w+)?$|TOSHIBA_|THRiVE|Folio|FZ-[ABGML]\d|JT-[BHA]|UT-[PM]|F-0(?:1D|5E|2F|3G|4H|2K)\b|M0\dT|SHT2\d|KYT3\d|KC-T)/i,
  // Inches in the number: BQ, Archos, Nomi, Prestigio, Texet, Kruger&Matz.
  /^BQ[-_ ]?(?:[789]\d{3}|1[0-3]\d\d)/i,
  /^ARCHOS ?(?:[789]\d|1[0-6]\d|5\b)|^(?:ARCHOS ?)?(?:AN\d{1,2}[A-Z]?G\d|AC?(?:70|80|90|97|101|133)[A-Z]{2,}|Arnova)/i,
  /^Nomi[-_ ]C(?:0[789]|1[0-2])\d/i,
  /^P(?:MP|MT)\d{3,4}|^TM-(?:[789]|1[0-2])\d{3}\b|^KM(?:07|08|09|10)\d\d|^RMD-\d|^T(?:AQ|AC|AD|IQ|IO)-\d/i,
  // Digma and its siblings: the board's code holds the inches, 7 and more for tablets, 4 to 6 for phones.
  /^Digma[-_ ](?:iD|d\d)|^(?:Plane|Optima|Platina)[-_ ]|(?:^|[_ ])[A-Z][ST](?:[789]|1[0-3])\d{2,3}[A-Z]{2}$/i,
  /^(?:Irbis ?)?T[XZGWSF]\d{2,3}[a-z]?\b|^(?:NAVITEL|Ginzzu GT-|Oysters T|DEXP Ursus|Effire|Treelogic|Assistant AP|AP-\d{3}|SUPRA M)/i,
  // 3Q and makers on the same boards: letters, inches from 07 to 13, a number, a letter.
  /^(?:3Q )?(?:AC|LC|MT|RC|TS|QS|VM|ER|IC|AM|AX|IM)(?:0?[789]|1[0-3])\d{2,3}[A-Z]{1,3}\b|^RCT\d/,
  /^(?:NX[AMW]?\d{3}(?![\dJ])|Next\d|Nextbook|EGP\d|EG[LMQ]|EWT|EM6\d|DOPO|CMP\d|Trio|PTAB|MPQC|MPDC|QMV|QTA|Ellipsis|ONA19|10[01]0\d{5})/,
  // Chinese boards and makers.
  /^(?:Teclast|[PX](?:10|20|25|30|40|80|85|88|89|98)(?:HD|H|S|T)\b|TPAD|TBook|Tbook|TLP|Chuwi|Hi(?:8|9|10|12|Book)\b|Vi(?:7|8|10)\b|Alldocube|CUBE|iPlay ?\d|iwork|U\d{2}GT|ONDA|V[789]\d{2}[a-z]|VI\d{2}\b|Novo\d|Ainol|PIPO|Ramos|MOMO|Colorfly|Aigo|FreeLander|Vido|N\d{2}(?:FHD|HD|RK| ?DC)|Voyo|Bmorn|Sanei|Ampe|Eken|Zenithink|ZT-?\d{3}|iFive)/,
  // Europe.
  /^(?:SurfTab|ST\d{5}|MD_?\d{5}|XELIO|ODYS|LOOX|IEOS|Captiva|Endeavour|XORO|Xenta|Mobii|(?:bq )?(?:Edison|Elcano|Maxwell)|Aquaris[-_ ](?:E10|M8|M10)|Woxter|QX\d{2,3}|Airis|Szenio|Energy (?:Tablet|Neo|Pro)|eZee|DSLIDE|TEO|CT\d{3,4}[A-Z]*\b|Hudl|HT7S|Qualcore|Livecore|Lark|FreeMe|Kiano|FinePower [A-G]\d|Viva (?:H|C|i|Q)\d|Arc\b|VisionBook|Nabi|Kurio|LeapFrog|VTech|Lexibook|MFC\d{3})/i,
  // India, south-east Asia, Latin America.
  /^(?:iBall[-_ ]?(?:Slide|Avid|Brisk|Performance)|Ubislate|Funbook|IVORY|WS\d{3}C|ADVAN (?:T|E|X7|i7|S7)|E1C(?![a-zA-Z\d])|Evercoss A[TR]|MITO T\d|Vandroid|YPY|Positivo T|ML[-_](?:JI|SO|WI|\d)|Multilaser|M(?:7|8|9|10)(?:S|Go|-3G)|NT-\d{4}|PI\d{4}|TLE\d|HG-\d{4}|(?:ViewSonic )?VB\d{3}|Celkon CT|VFD 1\d00|Readboy)/,
];

/** Phones that leave `Mobile` out or that others hold for tablets: Samsung's letters, Xperia Ultra, SoftBank's codes. */
const PHONE_FAMILIES =
  /^(?:SAMSUNG[- ]?)?(?:SM-[ACEFGJMNSW]\d|GT-[IS]\d|GT-N7\d|SCH-I9|SGH-I7)|^Pixel (?:\d|XL|Fold)|^ONEPLUS|^PadFone|^(?:Sony ?)?C6[68]\d\d|^X[LM]\d\d[ht]|^A?\d{3}(?:SO|SH|XM|ZT|OP|KC|HW|LG|FC)$|^(?:moto [egxz]|XT\d{4}|Redmi (?!Pad)|vivo \d)/i;

/** Computers that run Android's programs: laptops, all-in-one machines, sets for a screen and a mouse. */
const COMPUTER_MODELS =
  /chromebook|chromebox|pixelbook|galaxy book|inspiron|vostro|latitude|optiplex|precision \d|\bxps\b|aspire|travelmate|\bswift (?:sf|\d)|\bspin (?:sp|\d)|extensa|easynote|satellite|tecra|portege|dynabook|elitebook|probook|zbook|pavilion|\bhp envy\b|presario|compaq|engage one|\baio\b|all-?in-?one|ideacentre|thinkcentre|think(?:book|pad(?! tablet))|ideapad \d|lifebook|vivobook|zenbook|macbook|netbook|notebook|ultrabook|laptop|desktop|surface (?:pro|laptop|book|go)|remix|virtualbox|vmware|qemu|standard pc|system product|\b(?:PC|Box) ?[ei]?86|^G[EFLPST]\d{2} |^[XKNFG]\d{3}[A-Z]{2}$|^K\d{2}I[A-Z]$|^F0[A-Z0-9]{8}$|^ZC-\d{3}$|android-?x86|bliss ?os|primeos|phoenix ?os|genymotion/i;

/** The model that an Android User-Agent names, without build and language. Empty where it names none. */
export function findAndroidModel(userAgent: string): string {
  const found =
    /\b(?:Android|Adr)\b[^;#),]{0,24}[;#,]+ ?(?:arm\w*; |HarmonyOS; |U; )?(?:[a-z]{2}(?:[-_][a-z]{2,4})?(?:-\w{2,4})?; ?)?([^;]{1,80})/i.exec(
      userAgent,
    );
  if (found === null) return '';
  return found[1]!
    .replace(/ ?(?:Build|Release|AppleWebKit|MIUI|HMSCore)\b.*$/i, '')
    .replace(/\)(?: .*)?$/, '')
    .trim();
}

/** True where a model is known for a tablet by a word of its name or its maker's family of models. */
export function isTabletModel(model: string): boolean {
  return (
    TABLET_WORDS.some((word) => word.test(model)) ||
    MODEM_SUFFIX.test(model) ||
    TABLET_FAMILIES.some((family) => family.test(model))
  );
}

/** True where a model is a phone, whether its browser says so or not. */
export function isPhoneModel(model: string): boolean {
  return PHONE_FAMILIES.test(model);
}

/** True where a model is a computer with keyboard or mouse. */
export function isComputerModel(model: string): boolean {
  return COMPUTER_MODELS.test(model);
}
