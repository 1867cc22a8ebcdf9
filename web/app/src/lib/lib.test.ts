import { describe, expect, it } from 'vitest';
import { body, faults, type Asked } from './ask';
import * as format from './format';

describe('gap', () => {
  it('rounds up, so that "within" stays true, and never says zero', () => {
    expect(format.gap('en-GB', 0.000301)).toBe('0.031%');
    expect(format.gap('en-GB', 0.0123)).toBe('1.3%');
    expect(format.gap('en-GB', 0)).toBe('0.0001%');
    expect(format.gap('en-GB', -1e-12)).toBe('0.0001%');
  });
});

describe('span', () => {
  it('has the two largest useful units', () => {
    expect(format.span(false, 52)).toBe('2 d 4 h');
    expect(format.span(true, 52)).toBe('2天4小时');
    expect(format.span(false, 2.5)).toBe('2 h 30 min');
    expect(format.span(false, 24)).toBe('1 d');
    expect(format.span(false, 0.25)).toBe('15 min');
  });
});

describe('money', () => {
  it('keeps cents of small rates and lives with a code that is no currency', () => {
    expect(format.money('en-GB', 'USD', 2.5)).toBe('$2.50');
    expect(format.money('en-GB', 'USD', 1234.5)).toMatch(/^\$1,23[45]$/);
    expect(format.money('en-GB', 'points', 12)).toBe('points 12');
  });
});

describe('region', () => {
  it('names countries and regions, parts of them, and leaves other codes alone', () => {
    expect(format.region(true, 'US')).toBe('美国');
    expect(format.region(false, 'US-W')).toBe('United States W');
    expect(format.region(true, 'TW')).toBe('中国台湾');
    expect(format.region(false, 'HK')).toBe('Hong Kong, China');
    expect(format.region(false, 'elsewhere')).toBe('elsewhere');
    expect(format.region(false, undefined)).toBe('—');
  });
});

describe('oneTongue', () => {
  it('picks a half only where there are two, one in each script', () => {
    expect(format.oneTongue(true, '洛杉矶仓 · Los Angeles')).toBe('洛杉矶仓');
    expect(format.oneTongue(false, '洛杉矶仓 · Los Angeles')).toBe('Los Angeles');
    expect(format.oneTongue(false, 'A · B')).toBe('A · B');
    expect(format.oneTongue(false, '自行车 BMX')).toBe('自行车 BMX');
  });
});

describe('times', () => {
  it('go into a box and back, to the minute', () => {
    const ms = Date.parse('2027-03-04T05:06:00Z');
    expect(format.fromInput(format.forInput(ms))).toBe('2027-03-04T05:06:00.000Z');
    expect(format.fromInput('')).toBeNull();
    expect(format.utc('2027-03-04T05:06:00Z')).toBe('2027-03-04 05:06 UTC');
    expect(format.dateTime('en-GB', 'no time')).toBe('—');
  });
});

describe('a request', () => {
  const good: Asked = {
    goods: ' carpets ', hs_code: '', origin: 'CNTXG', market: 'US', class: 'general', volume_m3: 20, weight_kg: 6000, ready: '2027-01-01T00:00:00Z',
    due: '2027-02-01T00:00:00Z', storage_days: 30, drawdown: 'linear', modes: [], whole: false, value: 8000,
  };

  it('is sent as the service reads it', () => {
    expect(faults(good)).toEqual({});
    expect(body(good)).toEqual({
      goods: 'carpets', origin: 'CNTXG', market: 'US', class: 'general', volume_m3: 20, weight_kg: 6000, ready: '2027-01-01T00:00:00Z',
      due: '2027-02-01T00:00:00Z', storage_days: 30, drawdown: 'linear', whole: false, value: 8000, time_cost_m3_day: 0, co2e_price_t: 0,
    });
    expect(body({ ...good, modes: ['sea'] }).modes).toEqual(['sea']);
  });

  it('is faulted field by field', () => {
    expect(faults({ ...good, origin: '', volume_m3: 0, weight_kg: null, storage_days: 1.5, due: good.ready })).toEqual({
      origin: 'required', volume_m3: 'positive', weight_kg: 'required', storage_days: 'whole', due: 'order',
    });
    expect(faults({ ...good, storage_days: -1, ready: null })).toEqual({ storage_days: 'nonneg', ready: 'required' });
  });
});
