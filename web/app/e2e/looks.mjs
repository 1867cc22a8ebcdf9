// Takes a picture of every view of every role in each of its looks, for a person to look at: npm run looks, pictures in SHOTS.
//   LOOKS        looks of those below, with commas between (default all)
//   arguments    parts of names of roles and views
//   HAIHE_BIN    as in run.mjs, and what browser.mjs takes
import { launch, opener, shots } from './browser.mjs';
import { startService } from './service.mjs';
import { views, visit } from './views.mjs';

const looks = {
  'zh-wide': { locale: 'zh-CN', theme: 'light' },
  'en-wide-dark': { locale: 'en-GB', theme: 'dark' },
  'zh-phone-dark': { locale: 'zh-CN', theme: 'dark', width: 390, height: 844 },
  'en-phone': { locale: 'en-GB', theme: 'light', width: 390, height: 844 },
  'zh-narrow': { locale: 'zh-CN', theme: 'light', width: 320, height: 640 },
  'en-narrow-dark': { locale: 'en-GB', theme: 'dark', width: 320, height: 640 },
};
const wanted = process.env.LOOKS?.split(',') ?? Object.keys(looks);
const only = process.argv.slice(2);

const service = await startService();
const browser = await launch({ map: process.env.MAP !== '0' });
const open = opener(service, browser, { motion: 'reduce' });
try {
  for (const look of wanted) {
    for (const [role, list] of Object.entries(views)) {
      const some = list.filter((v) => only.length === 0 || only.some((x) => `${role} ${v.name}`.includes(x)));
      if (some.length === 0) continue;
      const page = await open(role, looks[look]);
      for (const view of some) {
        await visit(page, view);
        await page.waitForTimeout(1500); // the camera, and what is asked of the service
        const file = `${shots}/${look}-${role}-${view.name.replaceAll(' ', '-')}.png`;
        await page.screenshot({ path: file, fullPage: looks[look].width !== undefined });
        console.log(file);
      }
      await page.context().close();
    }
  }
} finally {
  await browser.close();
  await service.stop();
}
