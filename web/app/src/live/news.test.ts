import { describe, expect, it } from 'vitest';
import { recorded } from './news';
import type { Departure } from './protocol';

describe('recorded', () => {
  it('tells what the log tells, newest first, each against what was before', () => {
    const d = { id: 'A/1', mode: 'sea' } as Departure;
    const at = (h: number) => `2027-03-01T0${h}:00:00Z`;
    const told = recorded(d, [
      { at: at(0), what: 'scheduled', capacity_m3: 100 },
      { at: at(1), what: 'delayed', hours: 6, reason: 'fog' },
      { at: at(2), what: 'delayed', hours: 9 },
      { at: at(3), what: 'capacity', capacity_m3: 80 },
      { at: at(4), what: 'cancelled', reason: 'strike' },
    ]);
    expect(told.map((n) => n.what)).toEqual(['cancelled', 'capacity', 'delayed', 'delayed', 'scheduled']);
    expect(told[1]).toMatchObject({ m3: 80, before: 100, departure: 'A/1', at: Date.parse(at(3)) });
    expect(told[2]).toMatchObject({ hours: 9, before: 6 });
    expect(told[3]).toMatchObject({ hours: 6, before: 0, reason: 'fog' });
  });
});
