import { shutNow } from '../lib/passages';
import type { Passage, Warehouse } from '../live/protocol';
import type { Target } from './api';

export type Alert =
  | { kind: 'late'; target: Target }
  | { kind: 'shut'; passage: string; affected: number }
  | { kind: 'bottleneck'; departure: string; price: number; since: string }
  | { kind: 'closed'; warehouse: string };

/** A departure is a bottleneck from this price of one more m3 on, and a new one for a day. */
const steep = 20;
const newMs = 86_400_000;
const shown = 5;

/** alerts lists what asks for attention, the gravest first. Since is when a departure became a bottleneck. */
export function alerts(
  targets: readonly Target[], passages: Iterable<Passage>, affected: ReadonlyMap<string, number>, warehouses: Iterable<Warehouse>,
  prices: ReadonlyMap<string, number>, since: Iterable<{ id: string; since: string }>, now: number,
): Alert[] {
  const list: Alert[] = [];
  for (const p of passages) if (shutNow(p, now)) list.push({ kind: 'shut', passage: p.id, affected: affected.get(p.id) ?? 0 });
  for (const target of targets) if (target.late) list.push({ kind: 'late', target });
  for (const w of warehouses) if (w.closed) list.push({ kind: 'closed', warehouse: w.id });
  const fresh: Extract<Alert, { kind: 'bottleneck' }>[] = [];
  for (const s of since) {
    const price = prices.get(s.id) ?? 0;
    if (price >= steep && now - Date.parse(s.since) < newMs) fresh.push({ kind: 'bottleneck', departure: s.id, price, since: s.since });
  }
  list.push(...fresh.sort((a, b) => b.price - a.price).slice(0, shown));
  return list;
}
