import type { Departure, Mode, Warehouse } from '../live/protocol';
import { timesOf } from './fleet';

/** Filter narrows the map; an empty string narrows nothing. */
export interface Filter {
  market: string;
  mode: Mode | '';
  firm: string;
  cargo: string;
}

export interface Sieve {
  departure: (d: Departure) => boolean;
  warehouse: (w: Warehouse) => boolean;
}

/**
 * sieve makes a filter of tables. A departure serves a market if it ends at a gateway of a warehouse that delivers there, or
 * if its voyage calls at one later.
 */
export function sieve(f: Filter, departures: Iterable<Departure>, warehouses: Iterable<Warehouse>): Sieve {
  const takes = (classes: string[] | null | undefined) => !f.cargo || (classes ?? []).includes(f.cargo);
  const delivers = (w: Warehouse) => !f.market || (w.markets ?? []).some((m) => m.id === f.market);
  const gateways = new Set<string>();
  const lastCall = new Map<string, number>();
  if (f.market) {
    for (const w of warehouses) {
      if (delivers(w)) for (const g of w.gateways ?? []) gateways.add(g.place);
    }
    for (const d of departures) {
      if (d.voyage && gateways.has(d.to)) lastCall.set(voyage(d), Math.max(lastCall.get(voyage(d)) ?? -Infinity, timesOf(d).depart));
    }
  }
  const serves = (d: Departure) => !f.market || gateways.has(d.to) || (!!d.voyage && (lastCall.get(voyage(d)) ?? -Infinity) >= timesOf(d).depart);
  return {
    departure: (d) => (!f.mode || d.mode === f.mode) && (!f.firm || d.carrier === f.firm) && takes(d.classes) && serves(d),
    warehouse: (w) => (!f.firm || w.operator === f.firm) && takes(w.classes) && delivers(w),
  };
}

const voyage = (d: Departure) => `${d.carrier ?? ''}/${d.voyage}`;
