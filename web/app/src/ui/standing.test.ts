import { describe, expect, it } from 'vitest';
import type { Assignment, Booking, Match, Request } from '../live/protocol';
import { standing, totals } from './standing';

const request: Request = { id: 'R', market: 'US', class: 'general', volume_m3: 10 };
const part = (fraction: number, cost?: number): Assignment => ({
  request: 'R', fraction, departures: ['D'], gateway: 'G', warehouse: 'W', arrive: `2027-01-0${Math.round(fraction * 4) + 1}T00:00:00Z`, ...(cost === undefined ? {} : { cost }),
});
const match = (parts: Assignment[] | null, unmatched: number): Match => ({ request: 'R', parts, unmatched });
const booking = (over: Partial<Booking> = {}): Booking => ({ booking: 'B', request: 'R', volume_m3: 10, weight_kg: 1, parts: [], status: 'CONFIRMED', price: 0, cancelled: false, ...over });

describe('standing', () => {
  it('reads the match', () => {
    expect(standing(request, undefined, [])).toBe('waiting');
    expect(standing(request, match([part(1)], 0), [])).toBe('matched');
    expect(standing(request, match([part(0.5)], 0.5), [])).toBe('partly');
    expect(standing(request, match(null, 1), [])).toBe('unmatched');
    expect(standing(request, match([part(1)], 1e-9), [])).toBe('matched');
  });

  it('puts bookings first, disrupted ones before all', () => {
    const booked = { ...request, booked_share: 1 };
    expect(standing(booked, undefined, [booking()])).toBe('booked');
    expect(standing(booked, undefined, [booking({ status: 'HELD' })])).toBe('held');
    expect(standing(booked, undefined, [booking({ disruptions: ['S1 cancelled'] })])).toBe('disrupted');
    expect(standing(request, match([part(1)], 0), [booking({ cancelled: true, disruptions: ['x'] })])).toBe('matched');
    expect(standing({ ...request, booked_share: 0.4 }, undefined, [booking()])).toBe('partly');
    expect(standing({ ...booked, withdrawn: true }, undefined, [])).toBe('withdrawn');
  });
});

describe('totals', () => {
  it('adds costs up and takes the last arrival; a cost that is not shown makes none', () => {
    expect(totals(match([part(0.25, 100), part(0.75, 50)], 0))).toEqual({ cost: 150, arrive: '2027-01-04T00:00:00Z' });
    expect(totals(match([part(0.25, 100), part(0.75)], 0)).cost).toBeNull();
    expect(totals(undefined)).toEqual({ cost: null, arrive: null });
  });
});
