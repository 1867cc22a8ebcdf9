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
      new Set(['d']), now,
    );
    expect(got.map((a) => a.kind)).toEqual(['shut', 'late', 'closed', 'bottleneck', 'bottleneck']);
    expect(got[0]).toEqual({ kind: 'shut', passage: 'suez', affected: 12 });
    expect(got.slice(3).map((a) => a.kind === 'bottleneck' && a.departure)).toEqual(['b', 'a']);
  });

  it('is silent where all is well', () => {
    expect(alerts([target(false)], [], new Map(), [], new Map([['a', 500]]), new Set(['a']), now)).toEqual([]);
  });
});
