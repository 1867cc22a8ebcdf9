import type { Mode, RequestBody } from '../live/protocol';

/** What the form holds: texts as typed, numbers as read, null where a box is empty. */
export interface Asked {
  goods: string;
  origin: string;
  market: string;
  class: string;
  volume_m3: number | null;
  weight_kg: number | null;
  ready: string | null; // RFC 3339
  due: string | null;
  storage_days: number | null;
  drawdown: 'none' | 'linear';
  modes: Mode[];
  whole: boolean;
  value: number | null;
}

export type Fault = 'required' | 'positive' | 'nonneg' | 'whole' | 'order';

/** faults says what is wrong with a form, field by field; an empty answer means that body may be sent. */
export function faults(a: Asked): Partial<Record<keyof Asked, Fault>> {
  const out: Partial<Record<keyof Asked, Fault>> = {};
  for (const field of ['origin', 'market', 'class'] as const) if (!a[field]) out[field] = 'required';
  for (const field of ['ready', 'due'] as const) if (!a[field]) out[field] = 'required';
  for (const field of ['volume_m3', 'weight_kg', 'value'] as const) {
    const x = a[field];
    if (x === null || !Number.isFinite(x)) out[field] = 'required';
    else if (x <= 0) out[field] = 'positive';
  }
  const days = a.storage_days;
  if (days === null || !Number.isFinite(days)) out.storage_days = 'required';
  else if (!Number.isInteger(days)) out.storage_days = 'whole';
  else if (days < 0) out.storage_days = 'nonneg';
  if (a.ready && a.due && Date.parse(a.due) <= Date.parse(a.ready)) out.due = 'order';
  return out;
}

/** body is what is sent; call it only when faults found nothing. */
export function body(a: Asked): RequestBody {
  return {
    origin: a.origin,
    market: a.market,
    class: a.class,
    ...(a.goods.trim() ? { goods: a.goods.trim() } : {}),
    volume_m3: a.volume_m3!,
    weight_kg: a.weight_kg!,
    ready: a.ready!,
    due: a.due!,
    storage_days: a.storage_days!,
    drawdown: a.drawdown,
    ...(a.modes.length > 0 ? { modes: a.modes } : {}),
    whole: a.whole,
    value: a.value!,
    time_cost_m3_day: 0,
    co2e_price_t: 0,
  };
}
