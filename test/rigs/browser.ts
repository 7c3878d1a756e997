import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { withLock } from './assembly.ts';
import { patienceMs } from './patience.ts';

/** Pictures that the tests make; each run overwrites those of the run before. */
export const picturesDirectory = fileURLToPath(new URL('../ui/pictures/', import.meta.url));

/**
 * Arguments that hide faults from a test: no rules between origins, insecure content, one process for everything. A
 * browser of people has none of them.
 */
const unreal = ['--disable-web-security', '--allow-running-insecure-content', '--single-process'];

/** Arguments for WebGL, which draws everything more slowly here. */
const webGl = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--in-process-gpu',
  '--ignore-gpu-blocklist',
];

/** The path of a browser, and its arguments. */
interface Executable {
  readonly path: string;
  readonly args: readonly string[];
}

/** The browser of CHROMIUM_PATH, or that of an npm package, which is for Linux x64 alone. */
async function findExecutable(): Promise<Executable | null> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return { path: CHROMIUM_PATH, args: ['--no-sandbox'] };
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  // On a machine without the browser's libraries, the package unpacks its own only if it is told of Lambda.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x';
  const before = process.env.AWS_EXECUTION_ENV;
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    // Test files run side by side, and the package unpacks its files once.
    const path = await withLock(() => chromium.executablePath());
    return existsSync(path) ? { path, args: chromium.args.filter(arg => ![...unreal, ...webGl].includes(arg)) } : null;
  } finally {
    if (before === undefined) delete process.env.AWS_EXECUTION_ENV;
    else process.env.AWS_EXECUTION_ENV = before;
  }
}

const executable = await findExecutable();

/** Whether this platform lacks a browser. Its tests are skipped then, and the last lines of the run say so. */
export const noBrowser = executable === null;

let browser: Promise<Browser> | undefined;

/** The browser of this process, started at the first call. It ends with the process. */
export async function theBrowser(): Promise<Browser> {
  if (executable === null) throw new Error('There is no browser for this platform: set CHROMIUM_PATH to one');
  const { chromium } = await import('playwright-core');
  browser ??= chromium.launch({ executablePath: executable.path, args: [...executable.args, '--disable-gpu'] });
  return browser;
}

/** A page of a fresh visitor. Everything that its console or scripts complain of is in `complaints`. */
export interface Visit {
  readonly page: Page;
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Whether the test moves the clock of the page, which goes on by itself too. */
  readonly clock?: boolean;
}

export async function visit(url: string, { clock = false, ...options }: VisitOptions = {}): Promise<Visit> {
  const context = await (await theBrowser()).newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  page.setDefaultTimeout(patienceMs);
  if (clock) await page.clock.install();
  await page.goto(url).catch(async error => {
    await context.close();
    throw error;
  });
  return { page, complaints, close: () => context.close() };
}

/** Keeps a picture of a page as an artefact of the run. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(picturesDirectory, { recursive: true });
  await page.screenshot({ path: join(picturesDirectory, `${name}.png`), animations: 'disabled' });
}
