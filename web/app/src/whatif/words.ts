import { i18n, t } from '../i18n/index.svelte';
import { m3, mode, money, num, passage, place, region, warehouse } from '../ui/words';
import type { Change, Pair, Total } from './api';

const list = (names: string[]) => names.join(i18n.locale === 'zh' ? '—' : '–');

/** change says in one line what is supposed. */
export function change(c: Change): string {
  switch (c.kind) {
    case 'passage_shut':
      return t('wi.is.shut', { passage: passage(c.passage ?? '') });
    case 'passage_open':
      return t('wi.is.open', { passage: passage(c.passage ?? '') });
    case 'service_added':
      return t('wi.is.service', { mode: mode(c.service?.mode ?? 'sea'), calls: list((c.service?.calls ?? []).map(place)), days: num(c.service?.every_days || 7, 1) });
    case 'warehouse_changed': {
      const wh = warehouse(c.warehouse ?? '');
      if (c.factor === undefined) return t(c.public ? 'wi.is.public' : 'wi.is.private', { wh });
      return t('wi.is.warehouse', { wh, factor: num(c.factor, 2) });
    }
    case 'port_strike':
      return t('wi.is.strike', { place: place(c.place ?? ''), days: num(c.days ?? 0, 1) });
    case 'demand_changed':
      return t('wi.is.demand', { market: c.market ? region(c.market) : t('wi.everymarket'), factor: num(c.factor ?? 1, 2) });
  }
}

/** Good is the direction in which a figure is to go: 1 up, −1 down, 0 neither. */
export const figures: { id: Exclude<Total, 'asked_m3' | 'requests' | 'regret'>; good: 1 | -1 | 0; show: (x: number) => string }[] = [
  { id: 'objective', good: -1, show: money },
  { id: 'matched_m3', good: 1, show: m3 },
  { id: 'matched', good: 1, show: num },
  { id: 'unmatched', good: -1, show: money },
  { id: 'cost', good: 0, show: money },
  { id: 'days', good: -1, show: (x) => t('wi.ndays', { n: num(x, 1) }) },
  { id: 'co2e_t', good: -1, show: (x) => `${num(x, x < 100 ? 1 : 0)} t` },
];

/** signed writes a change with its sign; what rounds to nothing is a dash. */
export function signed(x: number, show: (x: number) => string): string {
  const text = show(Math.abs(x));
  if (!/[1-9]/.test(text)) return t('none');
  return `${x > 0 ? '+' : '−'}${text}`;
}

/** tone colours a change: better, worse, or neither. */
export function tone(p: Pair | null | undefined, good: 1 | -1 | 0): '' | 'up' | 'down' {
  const d = p ? (p.after - p.before) * good : 0;
  const size = p ? Math.max(Math.abs(p.before), Math.abs(p.after), 1) : 1;
  if (Math.abs(d) < size * 1e-4) return '';
  return d > 0 ? 'up' : 'down';
}
