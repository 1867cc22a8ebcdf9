import { shutNow } from '../lib/passages';
import type { Passage, Warehouse } from '../live/protocol';
import type { Target } from './api';

export type Alert =
  | { kind: 'late'; target: Target }
  | { kind: 'shut'; passage: string; affected: number }
  | { kind: 'bottleneck'; departure: string; price: number }
  | { kind: 'closed'; warehouse: string };

/** A departure is a bottleneck from this price of one more m3 on. */
export const steep = 20;
const shown = 5;

/** alerts lists what asks for attention, the gravest first. Known are the bottlenecks that there were when one began to look. */
export function alerts(
  targets: readonly Target[], passages: Iterable<Passage>, affected: ReadonlyMap<string, number>, warehouses: Iterable<Warehouse>,
  prices: ReadonlyMap<string, number>, known: ReadonlySet<string>, now: number,
): Alert[] {
  const list: Alert[] = [];
  for (const p of passages) if (shutNow(p, now)) list.push({ kind: 'shut', passage: p.id, affected: affected.get(p.id) ?? 0 });
  for (const target of targets) if (target.late) list.push({ kind: 'late', target });
  for (const w of warehouses) if (w.closed) list.push({ kind: 'closed', warehouse: w.id });
  const fresh = [...prices].filter(([id, price]) => price >= steep && !known.has(id)).sort((a, b) => b[1] - a[1]);
  for (const [departure, price] of fresh.slice(0, shown)) list.push({ kind: 'bottleneck', departure, price });
  return list;
}
