import { i18n, t } from '../i18n/index.svelte';
import { live } from '../ui/live.svelte';
import { view } from '../ui/view.svelte';
import { noun, placeLabel, passageLabel, region, route, service, warehouseLabel } from '../ui/words';
import type { Findable } from './rank';
import { shell } from './shell.svelte';
import { tabsOf } from './tabs';
import { terms } from './terms';
import { appearance } from './theme.svelte';

/** Command is one line of the palette. */
export interface Command extends Findable {
  id: string;
  /** What it is, at the end of the line. */
  sort: string;
  detail: string;
  /** The keys that do the same, if any. */
  keys?: string;
  run: () => void;
}

export const mac = /Mac|iP(hone|ad)/.test(navigator.platform);
export const paletteKeys = mac ? '⌘K' : 'Ctrl K';

/** actions are what the page can do anywhere, for the palette and the menu. */
export function actions(): Command[] {
  const make = (id: string, title: string, run: () => void, keys?: string, ...words: string[]): Command => ({
    id: `do-${id}`, words: [title, ...words], detail: '', sort: t('cmd.command'), weight: 0.8, run, ...(keys ? { keys } : {}),
  });
  const list = [
    make('language', t('lang.other'), () => i18n.choose(i18n.locale === 'zh' ? 'en' : 'zh'), undefined, 'language', '语言'),
    make('system', t('theme.system'), () => appearance.choose('system'), undefined, 'theme', '外观'),
    make('light', t('theme.light'), () => appearance.choose('light'), undefined, 'theme light', '浅色'),
    make('dark', t('theme.dark'), () => appearance.choose('dark'), undefined, 'theme dark', '深色'),
    make('print', t('cmd.print'), () => print(), undefined, 'print', '打印'),
    make('tour', t('cmd.tour'), () => (shell.step = 0)),
    make('terms', t('cmd.terms'), () => shell.explain(null)),
    make('keys', t('cmd.keys'), () => (shell.open = 'keys'), '?'),
  ];
  if (live.connection === 'waiting') list.push(make('retry', t('net.retry'), () => live.retry()));
  return list;
}

/** commands are all lines of the palette: views, actions, and everything with a name that the viewer may see. */
export function commands(): Command[] {
  const out: Command[] = tabsOf(live.me?.role).map((tab, i) => ({
    id: `tab-${tab.id}`, words: [t(tab.name), tab.id], detail: '', sort: t('cmd.view'), keys: String(i + 1), weight: 1, run: () => view.go(tab.id),
  }));
  out.push(...actions());
  for (const r of live.requests.values()) {
    out.push({ id: `r-${r.id}`, words: [r.goods || r.id, r.id, region(r.market)], detail: `${r.id} · ${region(r.market)}`, sort: t('cmd.request'), weight: 0.4, run: () => view.open(r.id) });
  }
  for (const p of live.places.values()) {
    out.push({
      id: `p-${p.id}`, words: [placeLabel(p, p.id), p.id, p.name_zh ?? '', p.name_en ?? ''].filter(Boolean), detail: `${p.id} · ${region(p.country)}`,
      sort: t('cmd.place'), weight: 0.5, run: () => view.pick('place', p.id),
    });
  }
  for (const p of live.passages.values()) {
    out.push({ id: `s-${p.id}`, words: [passageLabel(p, p.id), p.name_zh, p.name_en], detail: '', sort: t('kind.passage'), weight: 0.5, run: () => view.pick('passage', p.id) });
  }
  for (const w of live.warehouses.values()) {
    out.push({
      id: `w-${w.id}`, words: [warehouseLabel(w, w.id), w.id, w.name ?? '', w.operator ?? ''].filter(Boolean), detail: [region(w.country), w.operator].filter(Boolean).join(' · '),
      sort: t('cmd.warehouse'), weight: 0.4, run: () => view.pick('warehouse', w.id),
    });
  }
  for (const d of live.departures.values()) {
    if (Date.parse(d.arrive) < live.now) continue;
    out.push({
      id: `d-${d.id}`, words: [service(d), d.id, d.voyage ?? '', route(d), d.carrier ?? ''].filter(Boolean), detail: `${route(d)} · ${d.id}`,
      sort: noun(d.mode), weight: 0.2, run: () => view.pick('departure', d.id),
    });
  }
  for (const term of terms) {
    out.push({ id: `h-${term}`, words: [t(`help.${term}`), term], detail: '', sort: t('cmd.term'), weight: 0.3, run: () => shell.explain(term) });
  }
  return out;
}
