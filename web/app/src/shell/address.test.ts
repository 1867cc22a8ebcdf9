import { describe, expect, it } from 'vitest';
import { nowhere, read, stepped, write, type Place } from './address';

const places: Place[] = [
  nowhere,
  { tab: 'departures', request: null, picked: { kind: 'departure', id: 'D 1/海&=?#' }, list: { q: '汉堡 & co', f: 'underway' } },
  { tab: 'requests', request: 'R-7', picked: null, list: { s: 'cost' } },
  { tab: null, request: null, picked: { kind: 'passage', id: 'suez' }, list: {} },
];

describe('addresses', () => {
  it('lead back to the place that they were made of', () => {
    for (const place of places) expect(read(write(place))).toEqual(place);
  });

  it('drop what is unknown or too long', () => {
    expect(read('?tab=nonsense&x=1')).toEqual(nowhere);
    expect(read(`?request=${'a'.repeat(5000)}`).request).toHaveLength(200);
  });

  it('are the same however one came to the place', () => {
    expect(write({ ...nowhere, list: { f: 'a', q: 'b' } })).toBe(write({ ...nowhere, list: { q: 'b', f: 'a' } }));
  });

  it('keep the parameters of others', () => {
    expect(write(places[2]!, '?scenario=s1&tab=ask&q=old')).toBe('?scenario=s1&tab=requests&request=R-7&s=cost');
  });

  it('are a step where tab, request or card change, and none where a list is narrowed', () => {
    expect(stepped(places[1]!, { ...places[1]!, list: { q: 'x' } })).toBe(false);
    expect(stepped(places[1]!, { ...places[1]!, picked: null })).toBe(true);
    expect(stepped(nowhere, places[2]!)).toBe(true);
  });
});
