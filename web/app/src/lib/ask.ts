import type { Mode, RequestBody } from '../live/protocol';

/** What the form holds: texts as typed, numbers as read, null where a box is empty. */
export interface Asked {
  goods: string;
  hs_code: string;
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

export type Fault = 'required' | 'positive' | 'nonneg' | 'whole' | 'order' | 'hs';

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
  if (!/^(\d{6,10})?$/.test(a.hs_code.trim())) out.hs_code = 'hs';
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
    ...(a.hs_code.trim() ? { hs_code: a.hs_code.trim() } : {}),
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

/** One market's part of what is asked. */
export interface Share {
  market: string;
  volume_m3: number | null;
}

/** How often it is asked: times in all, days apart. */
export interface Repeat {
  times: number;
  days: number;
}

const dayMs = 86_400_000;

/**
 * bodies is all that a form asks for: for each market its part of volume, weight and value, and for each time again the dates moved
 * on. Call it only when faults found nothing; a share without volume is left out.
 */
export function bodies(a: Asked, shares: readonly Share[], repeat: Repeat): RequestBody[] {
  const one = body(a);
  const parts = shares.filter((s) => s.market !== '' && (s.volume_m3 ?? 0) > 0);
  const each = parts.length === 0 ? [one] : parts.map((s) => {
    const f = s.volume_m3! / one.volume_m3;
    return { ...one, market: s.market, volume_m3: s.volume_m3!, weight_kg: one.weight_kg * f, value: one.value * f };
  });
  const later = (iso: string, days: number) => new Date(Date.parse(iso) + days * dayMs).toISOString();
  return Array.from({ length: Math.max(1, repeat.times) }, (_, k) => each.map((b) => ({ ...b, ready: later(b.ready, k * repeat.days), due: later(b.due, k * repeat.days) }))).flat();
}

export type Merit = 'cheapest' | 'fastest' | 'greenest' | 'surest';

/** merits names what each of some quotes is best at; of equals the first. */
export function merits(quotes: readonly { cost: number; arrive: string; co2e_kg?: number; on_time?: { share: number } }[]): Merit[][] {
  const out: Merit[][] = quotes.map(() => []);
  const best = (merit: Merit, by: (q: (typeof quotes)[number]) => number | undefined) => {
    let at = -1;
    let least = Infinity;
    quotes.forEach((q, i) => {
      const x = by(q);
      if (x !== undefined && x < least) [at, least] = [i, x];
    });
    if (at >= 0) out[at]!.push(merit);
  };
  if (quotes.length < 2) return out;
  best('cheapest', (q) => q.cost);
  best('fastest', (q) => Date.parse(q.arrive));
  best('greenest', (q) => q.co2e_kg);
  best('surest', (q) => (q.on_time ? -q.on_time.share : undefined));
  return out;
}
