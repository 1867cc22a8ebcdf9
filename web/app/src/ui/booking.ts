import type { BookingState } from '../live/protocol';

/** bookingTone is the colour of a booking. */
export function bookingTone(status: BookingState): 'good' | 'late' | 'bad' | 'info' | 'plain' {
  switch (status) {
    case 'QUOTED':
    case 'HELD':
      return 'late';
    case 'CONFIRMED':
    case 'IN_TRANSIT':
      return 'info';
    case 'STORED':
    case 'COMPLETED':
      return 'good';
    case 'PENDING_AMENDMENT':
      return 'bad';
    default:
      return 'plain';
  }
}

/** remaining is the time left on a clock that counts down, 29:05 or 23:59:00; empty when it has run out. */
export function remaining(ms: number): string {
  if (!(ms > 0)) return '';
  const s = Math.ceil(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
}
