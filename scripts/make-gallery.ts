/** Pictures of the screens, taken from the running program: `npm run gallery` writes `docs/gallery/`, `npm run gallery -- NAME…` these alone. Needs Chromium, and nats-server for the fleet. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { silentLog } from '../core/log.ts';
import { type RunningServer, startServer } from '../main.ts';
import { FLEET_SHOTS, takeFleetPictures } from './fleet-pictures.ts';
import { drawPictureSheet } from './picture-sheet.ts';

const FOLDER = fileURLToPath(new URL('../docs/gallery/', import.meta.url));
const KAIOS = 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5';
const KINDLE =
  'Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800; rotate)';
const PHONE =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';

/** One picture to be taken. */
interface Shot {
  readonly name: string;
  readonly about: string;
  /** Path on the gateway, or with `admin` on the admin listener. `DEMO` stands for the demo site's address. */
  readonly path: string;
  readonly width: number;
  readonly height?: number;
  readonly userAgent?: string;
  readonly admin?: true;
  readonly dark?: true;
}

const SHOTS: readonly Shot[] = [
  { name: 'home', about: 'The home page: who you are, and one page as every preset gets it', path: '/', width: 900 },
  { name: 'demo-desktop', about: 'A page in a desktop browser', path: '/DEMO/', width: 1100 },
  { name: 'demo-phone', about: 'The same page on a smartphone', path: '/DEMO/', width: 412, userAgent: PHONE },
  {
    name: 'demo-kaios',
    about: 'The same page on a KaiOS phone',
    path: '/DEMO/',
    width: 240,
    height: 320,
    userAgent: KAIOS,
  },
  {
    name: 'demo-kindle',
    about: 'A story on an e-reader',
    path: '/DEMO/story.html',
    width: 600,
    height: 800,
    userAgent: KINDLE,
  },
  { name: 'explain', about: 'Why a page looks as it does', path: '/-/explain/DEMO/story.html', width: 900 },
  { name: 'settings', about: 'What a person can choose', path: '/-/settings', width: 700 },
  { name: 'setup', about: 'How to set up a device', path: '/-/setup', width: 700 },
  {
    name: 'view',
    about: 'A view: charts of a database and two other services',
    path: '/-/views/harbour',
    width: 800,
    height: 1400,
  },
  {
    name: 'view-kaios',
    about: 'The same view on a KaiOS phone',
    path: '/-/views/harbour',
    width: 240,
    height: 640,
    userAgent: KAIOS,
  },
  { name: 'admin-overview', about: 'Admin: overview', path: '/', width: 1100, admin: true },
  {
    name: 'admin-profile',
    about: 'Admin: a profile',
    path: '/ui/profiles/kaios',
    width: 1100,
    height: 1300,
    admin: true,
  },
  {
    name: 'admin-clients',
    about: 'Admin: clients that were seen',
    path: '/ui/clients',
    width: 1100,
    admin: true,
    dark: true,
  },
  {
    name: 'admin-preview',
    about: 'Admin: a page as a client gets it, beside the original',
    path: '/ui/preview?url=DEMO/story.html&profile=e-reader',
    width: 1300,
    height: 1200,
    admin: true,
  },
  {
    name: 'admin-320',
    about: 'Admin on a narrow screen',
    path: '/ui/formatters',
    width: 320,
    height: 700,
    admin: true,
  },
  { name: 'error', about: 'An error that helps', path: '/http:///', width: 700 },
];

const SHEET = { name: 'pictures', about: 'Four pictures as ten kinds of client are sent them' };

const HEIGHT = 900;

const dataDir = mkdtempSync(join(tmpdir(), 'gallery-'));
const server = await startServer(
  { PORT: '0', ADMIN_PORT: '0', WORKERS: '1', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
  { log: silentLog },
);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  mkdirSync(FOLDER, { recursive: true });
  for (const shot of SHOTS) if (isWanted(shot)) await take(shot, browser, server);
  if (FLEET_SHOTS.some(isWanted))
    for (const [index, picture] of (await takeFleetPictures(browser)).entries())
      await save(FLEET_SHOTS[index]!.name, picture);
  if (isWanted(SHEET)) await save(SHEET.name, await drawPictureSheet(browser, server));
  const lines = [...SHOTS, ...FLEET_SHOTS, SHEET].map(
    ({ name, about }) => `## ${about}\n\n![${about}](${name}.webp)\n`,
  );
  writeFileSync(
    join(FOLDER, 'index.md'),
    `# Gallery\n\nTaken from the running program by \`npm run gallery\`.\n\n${lines.join('\n')}`,
  );
} finally {
  await browser.close();
  await server.close(0);
  rmSync(dataDir, { recursive: true, force: true });
}

function isWanted({ name }: { readonly name: string }): boolean {
  const wanted = process.argv.slice(2);
  return wanted.length === 0 || wanted.includes(name);
}

async function take(
  shot: Shot,
  browser: Browser,
  { origin, adminOrigin, adminToken, demoOrigin }: RunningServer,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: shot.width, height: shot.height ?? HEIGHT },
    colorScheme: shot.dark ? 'dark' : 'light',
    ...(shot.userAgent === undefined ? {} : { userAgent: shot.userAgent }),
  });
  try {
    const page = await context.newPage();
    if (shot.admin) await signIn(page, String(adminOrigin), adminToken.secret);
    await page.goto((shot.admin ? adminOrigin : origin) + shot.path.replace('DEMO', String(demoOrigin)));
    // Frames are loaded when they come into view.
    if (shot.admin) await page.waitForTimeout(1_000);
    await save(shot.name, await page.screenshot());
  } finally {
    await context.close();
  }
}

async function save(name: string, picture: Buffer): Promise<void> {
  await sharp(picture)
    .webp({ quality: 80, effort: 4 })
    .toFile(join(FOLDER, `${name}.webp`));
}

async function signIn(page: Page, origin: string, token: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.fill('input[name=token]', token);
  await page.press('input[name=token]', 'Enter');
  await page.waitForLoadState();
}
