import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { paced } from './pace';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it('asks at once, then once for all that come within the pace', () => {
  const soon = paced(5000);
  const ask = vi.fn();
  let drop = soon(ask);
  vi.advanceTimersByTime(0);
  expect(ask).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 4; i++) {
    drop();
    drop = soon(ask);
    vi.advanceTimersByTime(1000);
  }
  expect(ask).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(ask).toHaveBeenCalledTimes(2);
  drop = soon(ask);
  drop();
  vi.advanceTimersByTime(20_000);
  expect(ask).toHaveBeenCalledTimes(2);
});
