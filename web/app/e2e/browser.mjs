import { chromium } from 'playwright-core';

/** launch starts Chromium; more are further flags; with map false it cannot draw one, which spares a machine without a GPU most of its work. */
export function launch({ map = true, more = [] } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(map ? ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] : ['--disable-3d-apis', '--disable-gpu']),
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', ...more,
    ],
  });
}

// Patience for a slow machine with other work; nothing asserts how long a thing took.
export const patience = Number(process.env.PATIENCE ?? 180_000);

/** until asks again and again, and fails with the name of what it never saw. */
export async function until(what, ask) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`never seen: ${what}`);
    await new Promise((r) => setTimeout(r, 300));
  }
}

/**
 * run runs the tests, an object of name and function, of which the name matches only, a regular expression; it answers with how many failed.
 * A failing test leaves screenshots in the folder shots, and no page open.
 */
export async function run(tests, browser, shots, only) {
  let failed = 0;
  const pages = () => browser.contexts().flatMap((c) => c.pages());
  for (const [name, test] of Object.entries(tests)) {
    if (only && !new RegExp(only).test(name)) continue;
    try {
      await test();
      console.log(`ok   ${name}`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${name}\n${e.stack ?? e}`);
      for (const [i, page] of pages().entries()) await page.screenshot({ path: `${shots}/failed-${failed}-${i}.png` }).catch(() => {});
    }
    for (const page of pages()) await page.context().close();
  }
  return failed;
}
