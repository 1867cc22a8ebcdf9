// Every view of every role, as an address and what to press there, for tests that look at all of them.
import { go } from './browser.mjs';

/** visit goes to a view by its address, as the back button would: without loading the page anew. */
export async function visit(page, view) {
  await page.keyboard.press('Escape');
  await go(page, view.go);
  await page.getByTestId('skeleton').waitFor({ state: 'detached' });
  await view.act?.(page);
}

const tab = (id) => ({ name: id, go: `/?tab=${id}` });
const press = (name, selector, seen) => ({ name, go: '/', act: async (page) => {
  await page.locator(selector).first().click();
  await page.locator(seen).first().waitFor();
} });

/** opened goes to the first thing in the list of a tab and opens it. */
const opened = (name, id, row, seen) => ({ name, go: `/?tab=${id}`, act: async (page) => {
  await page.locator(row).first().click();
  await page.locator(seen).waitFor();
} });

const shared = [
  tab('departures'), tab('warehouses'), tab('events'),
  opened('departure', 'departures', '[data-departure]', '.card'),
  opened('warehouse', 'warehouses', '[data-warehouse]', '.card'),
];

export const views = {
  exporter: [
    tab('requests'), tab('ask'), tab('orders'), ...shared,
    opened('request', 'requests', '[data-request]', '[data-testid="request-detail"]'),
  ],
  firm: [
    ...shared, tab('fleet'), tab('publish'),
    { name: 'stores', go: '/?tab=fleet', act: async (page) => page.locator('.switch button').nth(1).click() },
    { name: 'calendar', go: '/?tab=fleet', act: async (page) => page.locator('.switch button').nth(2).click() },
    { name: 'publish warehouse', go: '/?tab=publish', act: async (page) => page.locator('.switch button').nth(1).click() },
  ],
  commission: [
    tab('overview'), tab('bottlenecks'), tab('passages'), tab('whatif'), ...shared,
    { name: 'new what-if', go: '/?tab=whatif', act: async (page) => { await page.getByTestId('new-whatif').click(); await page.locator('[data-add="passage_shut"]').click(); await page.getByTestId('ask-whatif').waitFor(); } },
    press('palette', '[data-testid="find"]', '[role="option"]'),
    press('account', '[data-testid="me"]', '[data-testid="account"]'),
    press('menu', '[data-testid="menu"]', ':popover-open'),
    { name: 'keys', go: '/', act: async (page) => { await page.locator('#panel').focus(); await page.keyboard.press('?'); await page.getByTestId('keys').waitFor(); } },
    { name: 'terms', go: '/', act: async (page) => { await page.getByTestId('menu').click(); await page.locator(':popover-open .line').nth(1).click(); await page.getByTestId('terms').waitFor(); } },
    { name: 'help', go: '/?tab=bottlenecks', act: async (page) => { await page.locator('#panel [popovertarget]').first().click(); await page.locator('[data-help]:popover-open').waitFor(); } },
    { name: 'tour', go: '/', act: async (page) => { await page.getByTestId('menu').click(); await page.locator(':popover-open .line').first().click(); await page.getByTestId('tour').waitFor(); } },
  ],
};
