// Takes the pictures of docs/guide and of the README from the running service with its sample, in both languages. What a
// page no longer has is told and left out; the picture before it stays.
//   HAIHE_BIN, CHROMIUM    as in run.mjs
//   OUT                    the folder of the pictures (default ../../docs/images)
//   argument               only pictures whose name contains it
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, opener } from './browser.mjs';
import { inked } from './pixels.mjs';
import { startService } from './service.mjs';

const out = process.env.OUT ?? '../../docs/images';
mkdirSync(join(out, 'guide'), { recursive: true });
const locales = { zh: 'zh-CN', en: 'en-GB' };
const shortly = { timeout: 30_000 };

/** Each picture: the role, where, what to do there. */
const pictures = [
  { name: 'exporter-ask', role: 'exporter', go: '?tab=ask', act: async (page) => {
    await page.getByTestId('quotes').locator('details').first().waitFor(shortly);
    await page.getByTestId('quotes').scrollIntoViewIfNeeded(shortly);
  } },
  { name: 'exporter-request', role: 'exporter', go: '?tab=requests&f=matched', act: async (page) => {
    await page.locator('[data-request]').first().click(shortly);
    await page.getByTestId('request-detail').waitFor(shortly);
  } },
  { name: 'firm-departure', role: 'firm', go: '?tab=departures', act: async (page) => {
    await page.locator('[data-departure]').first().click(shortly);
    await page.getByTestId('card').waitFor(shortly);
  } },
  { name: 'firm-publish', role: 'firm', go: '?tab=publish' },
  { name: 'commission-overview', role: 'commission', go: '?tab=overview', theme: 'dark' },
  { name: 'commission-bottlenecks', role: 'commission', go: '?tab=bottlenecks', act: async (page) => {
    await page.locator('#panel [data-row] button').first().click(shortly);
    await page.getByTestId('card').waitFor(shortly);
  } },
];

const only = process.argv[2] ?? '';
const service = await startService();
const browser = await launch();
const open = opener(service, browser, { height: 860, motion: 'reduce' });
let failed = 0;

async function take({ name, role, go, act, theme = 'light' }, locale, file) {
  let page;
  try {
    page = await open(role, { locale: locales[locale], scheme: theme, query: go });
    await act?.(page);
    // The map comes last, and the camera may still be on its way.
    for (let i = 0; i < 60 && inked(await page.getByTestId('map').screenshot()).land < 0.02; i++) await page.waitForTimeout(1000);
    await page.waitForTimeout(2500);
    await page.screenshot({ path: file, ...(file.endsWith('.jpg') ? { type: 'jpeg', quality: 82 } : {}) });
    console.log(`ok   ${file}`);
  } catch (e) {
    failed++;
    console.log(`left ${name} in ${locale}: ${String(e.message ?? e).split('\n')[0]}`);
  } finally {
    await page?.context().close();
  }
}

try {
  for (const picture of pictures) {
    if (!picture.name.includes(only)) continue;
    for (const locale of Object.keys(locales)) await take(picture, locale, join(out, 'guide', `${picture.name}.${locale}.jpg`));
  }
  if ('map'.includes(only)) await take({ name: 'map', role: 'commission', go: '?tab=overview', theme: 'dark' }, 'en', join(out, 'map.png'));
} finally {
  await browser.close();
  await service.stop();
}
process.exitCode = failed > 0 ? 1 : 0;
