import { describe, expect, it } from 'vitest';
import type { Passage, Warehouse } from '../live/protocol';
import { alerts } from './alerts';
import type { Target } from './api';

const now = Date.parse('2027-03-01T00:00:00Z');
const passage = (id: string, closed: boolean, since?: string) => ({ id, closed, ...(since ? { since } : {}) }) as Passage;
const target = (late: boolean): Target => ({ id: 'firms', value: 1, goal: 70, late, trend: [] });

describe('alerts', () => {
  it('tells of what is shut, late, closed and newly tight, and of nothing else', () => {
    const got = alerts(
      [target(true), { ...target(false), id: 'area_m2' }],
      [passage('suez', true, '2027-02-01T00:00:00Z'), passage('panama', false), passage('malacca', true, '2027-04-01T00:00:00Z')],
      new Map([['suez', 12]]),
      [{ id: 'W1', closed: true } as Warehouse, { id: 'W2', closed: false } as Warehouse],
      new Map([['a', 30], ['b', 400], ['c', 19], ['d', 90]]),
      [{ id: 'a', since: '2027-02-28T12:00:00Z' }, { id: 'b', since: '2027-02-28T23:00:00Z' }, { id: 'c', since: '2027-02-28T23:00:00Z' }, { id: 'd', since: '2027-02-20T00:00:00Z' }], now,
    );
    expect(got.map((a) => a.kind)).toEqual(['shut', 'late', 'closed', 'bottleneck', 'bottleneck']);
    expect(got[0]).toEqual({ kind: 'shut', passage: 'suez', affected: 12 });
    expect(got.slice(3).map((a) => a.kind === 'bottleneck' && a.departure)).toEqual(['b', 'a']);
  });

  it('is silent where all is well', () => {
    expect(alerts([target(false)], [], new Map(), [], new Map([['a', 500]]), [{ id: 'a', since: '2027-02-27T00:00:00Z' }], now)).toEqual([]);
  });
});
