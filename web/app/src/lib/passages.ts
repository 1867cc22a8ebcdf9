import type { Departure, Lane, Passage } from '../live/protocol';
import { timesOf } from '../map/fleet';

/** Traffic is how many sailings under way or to come meet a passage, and how many sail around it, or later, or not at all, since it is shut. */
export interface Traffic {
  through: number;
  affected: number;
}

export function traffic(departures: Iterable<Departure>, lanes: ReadonlyMap<string, Lane>, now: number): Map<string, Traffic> {
  const met = new Map<string, Traffic>();
  const at = (id: string) => {
    let t = met.get(id);
    if (!t) met.set(id, (t = { through: 0, affected: 0 }));
    return t;
  };
  for (const d of departures) {
    if (d.mode !== 'sea' || d.cancelled || timesOf(d).arrive <= now) continue;
    for (const id of d.diversion?.passages ?? []) at(id).affected++;
    if (!d.diversion?.blocked) for (const id of lanes.get(d.lane)?.passages ?? []) at(id).through++;
  }
  return met;
}

// The page's clock may be behind the service's.
const slackMs = 60_000;

/** announced is whether a closure lies ahead. */
export const announced = (p: Passage, now: number) => p.closed && p.since !== undefined && Date.parse(p.since) > now + slackMs;

/** shutNow is whether ships find a passage shut; its end may have come without anybody having said so. */
export const shutNow = (p: Passage, now: number) => p.closed && !announced(p, now) && !(p.until && Date.parse(p.until) <= now);
