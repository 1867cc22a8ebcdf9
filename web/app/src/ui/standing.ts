import type { Booking, Departure, Match, Request } from '../live/protocol';

export type Standing = 'booked' | 'held' | 'disrupted' | 'matched' | 'partly' | 'unmatched' | 'waiting' | 'withdrawn';

const whole = 1 - 1e-6;

/** standing is how a request stands: held or booked before matched, and waiting while no plan has spoken of it. */
export function standing(request: Request, match: Match | undefined, bookings: readonly Booking[]): Standing {
  if (request.withdrawn) return 'withdrawn';
  const held = bookings.filter((b) => !b.cancelled);
  if (held.some((b) => (b.disruptions?.length ?? 0) > 0)) return 'disrupted';
  if ((request.booked_share ?? 0) >= whole) return held.some((b) => b.status === 'HELD') ? 'held' : 'booked';
  if (!match) return (request.booked_share ?? 0) > 0 ? 'partly' : 'waiting';
  const share = (match.parts ?? []).reduce((sum, p) => sum + p.fraction, 0);
  if (match.unmatched <= 1 - whole && share > 0) return 'matched';
  return share > 0 || (request.booked_share ?? 0) > 0 ? 'partly' : 'unmatched';
}

export const standings: readonly Standing[] = ['disrupted', 'unmatched', 'partly', 'waiting', 'held', 'matched', 'booked', 'withdrawn'];

/** cost and arrival of all parts of a match; null where there are none. */
export function totals(match: Match | undefined): { cost: number | null; arrive: string | null } {
  const parts = match?.parts ?? [];
  if (parts.length === 0) return { cost: null, arrive: null };
  return {
    cost: parts.every((p) => p.cost !== undefined) ? parts.reduce((sum, p) => sum + (p.cost ?? 0), 0) : null,
    arrive: parts.reduce((last, p) => (p.arrive > last ? p.arrive : last), ''),
  };
}

/** runs is whether a departure takes cargo to where it should: not cancelled, and with a way left. */
export const runs = (d: Departure) => !d.cancelled && !d.diversion?.blocked;

/** late is how many hours later than planned a departure comes in, by its delay and by shut passages. */
export const late = (d: Departure) => d.delay_hours + (d.diversion ? d.diversion.carried_hours + d.diversion.hours : 0);

export type Phase = 'cancelled' | 'blocked' | 'arrived' | 'underway' | 'late' | 'early' | 'ontime';

/** phase is the one word for a departure at a time. */
export function phase(d: Departure, now: number): Phase {
  if (d.cancelled) return 'cancelled';
  if (d.diversion?.blocked) return 'blocked';
  if (Date.parse(d.arrive) <= now) return 'arrived';
  if (Date.parse(d.depart) <= now) return 'underway';
  return late(d) > 0 ? 'late' : late(d) < 0 ? 'early' : 'ontime';
}
