import type { Booking, Change, Departure, Match, Mode, Passage, Plan, Request, Warehouse } from './protocol';
import type { Happened } from './api';
import type { Store } from './store';

/** One thing that happened, in a form that either language can word. Last is the last leg that it holds for, if there are several. */
export type News = { at: number; id: string; replanned?: number; version?: number; last?: string } & (
  | { what: 'delayed'; departure: string; mode: Mode; hours: number; before: number; reason?: string }
  | { what: 'cancelled'; departure: string; mode: Mode; reason?: string }
  | { what: 'reinstated' | 'scheduled' | 'rate'; departure: string; mode: Mode }
  | { what: 'capacity'; departure: string; mode: Mode; m3: number; before: number }
  | { what: 'occupancy'; warehouse: string; m3: number; before: number }
  | { what: 'closed' | 'reopened' | 'opened'; warehouse: string }
  | { what: 'shut' | 'unshut'; passage: string }
  | { what: 'asked' | 'withdrawn'; request: string }
  | { what: 'held' | 'booked' | 'unbooked' | 'expired' | 'disrupted'; request: string; booking: string }
  | { what: 'planned' }
);

/** recorded puts what the log tells of a departure into words' form, newest first. */
export function recorded(d: Departure, list: readonly Happened[]): News[] {
  let [hours, m3] = [0, 0];
  const out = list.map((x, i): News => {
    const base = { id: `h${i}`, at: Date.parse(x.at), departure: d.id, mode: d.mode };
    const reason = x.reason ? { reason: x.reason } : {};
    const before = { hours, m3 };
    hours = x.hours ?? hours;
    m3 = x.capacity_m3 ?? m3;
    if (x.what === 'delayed') return { ...base, what: 'delayed', hours, before: before.hours, ...reason };
    if (x.what === 'cancelled') return { ...base, what: 'cancelled', ...reason };
    return x.what === 'capacity' ? { ...base, what: 'capacity', m3, before: before.m3 } : { ...base, what: x.what };
  });
  return out.reverse();
}

let serial = 0;
const next = () => `n${++serial}`;

/** today is the room that a warehouse offers on the day of now, in m3. */
export function roomOn(warehouse: Warehouse, now: number): number {
  const room = warehouse.capacity_m3;
  if (typeof room === 'number') return room;
  const from = warehouse.capacity_from ? Date.parse(`${warehouse.capacity_from}T00:00:00Z`) : now;
  const day = Math.floor((now - from) / 86_400_000);
  return room[Math.min(Math.max(day, 0), room.length - 1)] ?? 0;
}

/**
 * describe says what a frame of changes tells anew, oldest first, against the store before it. The frame's plan
 * settles the news since the last plan: each of them gets the number of matches that the plan changed.
 */
export function describe(store: Store, changes: readonly Change[], at: number): News[] {
  const out: News[] = [];
  const legs: Leg[] = [];
  let replanned = 0;
  let plan: Plan | null = null;
  for (const change of changes) {
    switch (change.kind) {
      case 'departure':
        departure(legs, store.tables.departure.get(change.id), change.value as Departure | null, at);
        break;
      case 'warehouse':
        warehouse(out, store.tables.warehouse.get(change.id), change.value as Warehouse | null, at);
        break;
      case 'passage':
        passage(out, store.tables.passage.get(change.id), change.value as Passage | null, at);
        break;
      case 'request':
        request(out, store.tables.request.get(change.id), change.value as Request | null, at);
        break;
      case 'booking':
        booking(out, store.tables.booking.get(change.id), change.value as Booking | null, at);
        break;
      case 'match':
        if (rerouted(store.tables.match.get(change.id), change.value as Match | null)) replanned++;
        break;
      case 'plan':
        plan = change.value as Plan | null;
        break;
    }
  }
  out.unshift(...voyages(legs));
  if (plan) {
    const fresh = [...out, ...store.news.filter((n) => n.version === undefined && at - n.at < 30_000)];
    for (const n of fresh) {
      n.version = plan.version;
      n.replanned = replanned;
    }
    if (fresh.length === 0 && replanned > 0) {
      out.push({ what: 'planned', id: next(), at, version: plan.version, replanned });
    }
  }
  return out;
}

interface Leg {
  news: News;
  is: Departure;
}

/** voyages makes one of what happened alike to several legs of a voyage, which is how a ship is late. */
function voyages(legs: readonly Leg[]): News[] {
  const groups = new Map<string, Leg[]>();
  for (const leg of legs) {
    const { news, is } = leg;
    const what = 'hours' in news ? `${news.what} ${news.hours}` : news.what;
    const alike = is.voyage && (news.what === 'delayed' || news.what === 'cancelled' || news.what === 'reinstated' || news.what === 'scheduled');
    const key = alike ? `${is.carrier}/${is.voyage} ${what}` : news.id;
    const group = groups.get(key);
    if (group) group.push(leg);
    else groups.set(key, [leg]);
  }
  return [...groups.values()].map((group) => {
    const [first, ...rest] = group.sort((a, b) => a.is.depart.localeCompare(b.is.depart));
    const last = rest.at(-1);
    return { ...first!.news, ...(last ? { last: last.is.id } : {}) };
  });
}

function departure(legs: Leg[], was: Departure | undefined, is: Departure | null, at: number): void {
  if (!is) return;
  const base = { id: next(), at, departure: is.id, mode: is.mode };
  const tell = (news: News) => legs.push({ news, is });
  if (!was) tell({ ...base, what: 'scheduled' });
  else if (is.cancelled !== was.cancelled) {
    if (is.cancelled) tell({ ...base, what: 'cancelled', ...(is.cancel_reason ? { reason: is.cancel_reason } : {}) });
    else tell({ ...base, what: 'reinstated' });
  } else if (is.delay_hours !== was.delay_hours) {
    const reason = is.delay_reason ? { reason: is.delay_reason } : {};
    tell({ ...base, what: 'delayed', hours: is.delay_hours, before: was.delay_hours, ...reason });
  } else if (is.capacity_m3 !== was.capacity_m3) {
    tell({ ...base, what: 'capacity', m3: is.capacity_m3, before: was.capacity_m3 });
  } else if (is.rate?.amount !== was.rate?.amount) tell({ ...base, what: 'rate' });
}

function warehouse(out: News[], was: Warehouse | undefined, is: Warehouse | null, at: number): void {
  if (!is) return;
  const base = { id: next(), at, warehouse: is.id };
  if (!was) out.push({ ...base, what: 'opened' });
  else if (is.closed !== was.closed) out.push({ ...base, what: is.closed ? 'closed' : 'reopened' });
  else {
    const [m3, before] = [roomOn(is, at), roomOn(was, at)];
    if (m3 !== before) out.push({ ...base, what: 'occupancy', m3, before });
  }
}

function passage(out: News[], was: Passage | undefined, is: Passage | null, at: number): void {
  if (is && was && is.closed !== was.closed) out.push({ id: next(), at, what: is.closed ? 'shut' : 'unshut', passage: is.id });
}

function request(out: News[], was: Request | undefined, is: Request | null, at: number): void {
  if (!is) return;
  if (!was) out.push({ what: 'asked', id: next(), at, request: is.id });
  else if (is.withdrawn && !was.withdrawn) out.push({ what: 'withdrawn', id: next(), at, request: is.id });
}

function booking(out: News[], was: Booking | undefined, is: Booking | null, at: number): void {
  if (!is) return;
  const base = { id: next(), at, request: is.request, booking: is.booking };
  if (is.cancelled) {
    if (was && !was.cancelled) out.push({ ...base, what: is.status === 'EXPIRED' ? 'expired' : 'unbooked' });
    return;
  }
  const before = was?.status;
  if (is.status === 'HELD' && before !== 'HELD') out.push({ ...base, what: 'held' });
  if (is.status === 'CONFIRMED' && before !== 'CONFIRMED' && before !== 'PENDING_AMENDMENT') out.push({ ...base, what: 'booked' });
  if (was && (is.disruptions?.length ?? 0) > (was.disruptions?.length ?? 0)) out.push({ ...base, what: 'disrupted' });
}

/** rerouted says whether a match goes another way than before; new costs on the same way do not count. */
function rerouted(was: Match | undefined, is: Match | null): boolean {
  const way = (m: Match | null | undefined) =>
    (m?.parts ?? []).map((p) => `${p.fraction.toFixed(6)} ${p.departures.join('>')} ${p.warehouse} ${p.arrive}`).join('|');
  return way(was) !== way(is);
}
