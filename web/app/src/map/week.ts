import type { Departure, Load } from '../live/protocol';
import { runs } from '../ui/standing';
import { timesOf } from './fleet';
import { perM3 } from '../lib/prices';

// What the map tells of a lane and a warehouse at a time: sums over the departures of the week that begins then.

export const weekMs = 7 * 86_400_000;

/** Week is a lane's. Load is null where none of it may be seen; worth is what the best-placed m3 more would save. */
export interface Week {
  coming: number; // departures to come or under way at the time
  m3: number;
  room: number; // of the departures whose load may be seen
  load: number | null;
  worth: number; // per m3, in the plan's currency
  priced: string | null; // the departure that has that price
  red: boolean; // one was just cancelled
}

export interface Price {
  m3: number;
  kg: number;
}

const redForMs = 120_000;

/** weeks sums up by lane. Cancelled is when a departure was last changed. */
export function weeks(
  departures: Iterable<Departure>, loads: ReadonlyMap<string, Load>, prices: ReadonlyMap<string, Price>, changedAt: (id: string) => number, when: number, now: number,
): Map<string, Week> {
  const found = new Map<string, Week>();
  const of = (lane: string) => {
    let w = found.get(lane);
    if (!w) found.set(lane, (w = { coming: 0, m3: 0, room: 0, load: null, worth: 0, priced: null, red: false }));
    return w;
  };
  for (const d of departures) {
    if (d.cancelled) {
      if (now - changedAt(d.id) < redForMs) of(d.lane).red = true;
      continue;
    }
    const { depart, arrive } = timesOf(d);
    if (!runs(d) || !(arrive > when)) continue;
    const week = of(d.lane);
    week.coming++;
    if (depart < when || depart >= when + weekMs) continue;
    const load = loads.get(d.id);
    if (load && load.m3 !== null) {
      week.m3 += load.m3 + (load.booked_m3 ?? 0);
      week.room += d.capacity_m3;
      week.load = week.room > 0 ? week.m3 / week.room : 0;
    }
    const price = prices.get(d.id);
    const worth = price ? perM3(price, d) : 0;
    if (worth > week.worth) [week.worth, week.priced] = [worth, d.id];
  }
  return found;
}
