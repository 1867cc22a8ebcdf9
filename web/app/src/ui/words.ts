import { has, i18n, t } from '../i18n/index.svelte';
import type { Departure, Mode, Passage, Place, Reason, Relaxation, Request, Warehouse } from '../live/protocol';
import type { Obstacle } from '../live/api';
import type { News } from '../live/news';
import * as format from '../lib/format';
import { live } from './live.svelte';

// How things are named and worded on the screen, in the viewer's language.

const zh = () => i18n.locale === 'zh';

export const num = (x: number, digits = 0) => format.number(i18n.tag, x, digits);
export const m3 = (x: number) => format.volume(i18n.tag, x);
export const kg = (x: number) => format.mass(i18n.tag, x);
export const m2 = (x: number) => format.area(i18n.tag, x);
export const money = (x: number) => format.money(i18n.tag, live.currency, x);
export const shortMoney = (x: number) => format.shortMoney(i18n.tag, live.currency, x);
export const percent = (x: number, digits = 1) => format.percent(i18n.tag, x, digits);
export const dateTime = (iso: string | undefined | null) => format.dateTime(i18n.tag, iso);
export const day = (iso: string | undefined | null) => format.day(i18n.tag, iso);
export const span = (hours: number) => format.span(zh(), hours);
export const region = (code: string | undefined) => format.region(zh(), code);
export const mode = (m: Mode) => t(`mode.${m}`);

/** cargoClass and kind word a value that data may extend; an unknown one is shown as it is. */
export function cargoClass(c: string): string {
  const key = `class.${c}`;
  return has(key) ? t(key) : c;
}
export function kind(k: string | undefined): string {
  const key = `kind.${k}`;
  return k && has(key) ? t(key) : (k ?? '');
}

export function placeLabel(p: Place | undefined, id: string): string {
  return (zh() ? p?.name_zh : p?.name_en) || p?.name || id;
}
export const place = (id: string) => placeLabel(live.place(id), id);

export function warehouseLabel(w: Warehouse | undefined, id: string): string {
  return w?.name ? format.oneTongue(zh(), w.name) : id;
}
export const warehouse = (id: string) => warehouseLabel(live.warehouse(id), id);

/** service is how people call a departure: its vessel or flight number before its voyage before its id. */
export function service(d: Departure): string {
  return d.vessel || d.voyage || d.id;
}

const nouns = { sea: 'dep.sailing', air: 'dep.flight', rail: 'dep.train', road: 'dep.truck', post: 'dep.post' } as const;
export const noun = (m: Mode) => t(nouns[m] ?? 'dep.sailing');

export function passageLabel(p: Passage | undefined, id: string): string {
  return (zh() ? p?.name_zh : p?.name_en) || id;
}
export const passage = (id: string) => passageLabel(live.passage(id), id);
export const passages = (ids: readonly string[]) => ids.map(passage).join(zh() ? '、' : ', ');

/** days writes hours as days with one decimal: detours are long. */
export const days = (hours: number) => num(hours / 24, 1);

export const route = (d: { from: string; to: string }) => `${place(d.from)} → ${place(d.to)}`;

export function departure(id: string, last?: string): string {
  const d = live.departure(id);
  const to = (last ? live.departure(last) : undefined)?.to ?? d?.to ?? '';
  return d ? `${noun(d.mode)} ${d.voyage || d.id} ${route({ from: d.from, to })}` : id;
}

/** news words one thing that happened, and what the plan made of it. */
export function news(n: News): { text: string; effect: string } {
  const effect = n.replanned === undefined || live.me?.role === 'commission' ? '' : n.replanned > 0 ? t('news.replanned', { n: num(n.replanned) }) : t('news.unmoved');
  return { text: happened(n), effect: n.what === 'planned' ? t('news.replanned', { n: num(n.replanned ?? 0) }) : effect };
}

function happened(n: News): string {
  switch (n.what) {
    case 'delayed': {
      const dep = departure(n.departure, n.last);
      if (n.hours === 0) return t('news.ontime', { dep });
      return t(n.hours > 0 ? 'news.delayed' : 'news.early', { dep, hours: num(Math.abs(n.hours), 1) });
    }
    case 'cancelled':
    case 'reinstated':
    case 'scheduled':
    case 'rate':
      return t(`news.${n.what}`, { dep: departure(n.departure, n.last) });
    case 'capacity':
      return t(n.m3 > n.before ? 'news.capacity.up' : 'news.capacity.down', { dep: departure(n.departure), m3: m3(Math.abs(n.m3 - n.before)) });
    case 'occupancy':
      return t(n.m3 > n.before ? 'news.occupancy.up' : 'news.occupancy.down', { wh: warehouse(n.warehouse), m3: m3(Math.abs(n.m3 - n.before)) });
    case 'closed':
    case 'reopened':
    case 'opened':
      return t(`news.${n.what}`, { wh: warehouse(n.warehouse) });
    case 'shut':
    case 'unshut':
      return t(`news.${n.what}`, { passage: passage(n.passage) });
    case 'asked':
    case 'withdrawn':
    case 'held':
    case 'booked':
    case 'expired':
    case 'unbooked':
    case 'disrupted':
      return t(`news.${n.what}`, { req: n.request });
    case 'planned':
      return t('news.planned');
  }
}

export function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 5) return t('news.now');
  if (s < 60) return t('news.ago.s', { n: s });
  if (s < 3600) return t('news.ago.m', { n: Math.floor(s / 60) });
  return t('news.ago.h', { n: Math.floor(s / 3600) });
}

const reasons = ['no_route', 'class', 'mode', 'late', 'too_dear', 'no_capacity', 'whole'] as const;

/** reason words why a request, or a part of it, is left, from its code. */
export function reason(r: Reason, request: Request | undefined): string {
  const code = reasons.find((c) => c === r.code);
  if (!code) return t('reason.other', { code: r.code });
  return t(`reason.${code}`, {
    origin: request?.origin ? place(request.origin) : '',
    market: region(request?.market),
    class: cargoClass(request?.class ?? ''),
  });
}

/** obstacle names where it is stuck, or is empty. */
export function obstacle(r: Reason): string {
  const day = r.day === undefined ? '' : ` · ${t('reason.at.day', { day: r.day + 1 })}`;
  if (r.departure) return t('reason.at.departure', { dep: departure(r.departure) });
  if (r.warehouse) return t('reason.at.warehouse', { wh: warehouse(r.warehouse) }) + day;
  return '';
}

/** changed says why a way cannot be had any more. */
export const changed = (o: Obstacle) => t(`gone.${o.kind}`, {
  what: o.departure ? departure(o.departure) : warehouse(o.warehouse ?? ''), left: m3(o.left_m3 ?? 0), need: m3(o.need_m3 ?? 0), day: day(o.day ?? o.arrive ?? ''),
});

/** relaxation says what would help, how much of the request would go then, and whether less may be enough. */
export function relaxation(x: Relaxation): string {
  const part = !x.part ? '' : x.part < 0.01 ? t('relax.some') : t('relax.part', { part: percent(x.part, 0) });
  return change(x) + part + (x.smallest || x.kind === 'split' ? '' : t('relax.enough'));
}

function change(x: Relaxation): string {
  switch (x.kind) {
    case 'due':
    case 'ready':
      return t(`relax.${x.kind}`, { t: span(x.hours ?? 0) });
    case 'modes':
      return t('relax.modes', { modes: (x.modes ?? []).map(mode).join(zh() ? '、' : ', ') });
    case 'value':
      return t('relax.value', { value: money(Math.ceil(x.value ?? 0)) });
    case 'm3':
      return t('relax.m3', { m3: m3(x.m3 ?? 0) });
    default:
      return t('relax.split');
  }
}
