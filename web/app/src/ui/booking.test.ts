import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en';
import { zh } from '../i18n/zh';
import type { BookingState } from '../live/protocol';
import { bookingTone, remaining } from './booking';

const all: BookingState[] = ['QUOTED', 'HELD', 'CONFIRMED', 'PENDING_AMENDMENT', 'IN_TRANSIT', 'STORED', 'COMPLETED', 'CANCELLED', 'EXPIRED'];

describe('booking', () => {
  it('counts down to nothing', () => {
    expect(remaining(30 * 60_000)).toBe('30:00');
    expect(remaining(65_001)).toBe('01:06');
    expect(remaining(1)).toBe('00:01');
    expect(remaining(24 * 3_600_000 - 1000)).toBe('23:59:59');
    expect(remaining(0)).toBe('');
    expect(remaining(-5)).toBe('');
    expect(remaining(NaN)).toBe('');
  });

  it('has a word and a tone for every status', () => {
    for (const s of all) {
      expect(en).toHaveProperty([`book.status.${s}`]);
      expect(zh).toHaveProperty([`book.status.${s}`]);
      expect(bookingTone(s)).not.toBe('');
    }
  });
});
