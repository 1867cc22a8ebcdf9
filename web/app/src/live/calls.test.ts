import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, Problem } from './api';
import { calls } from './calls';

const answer = (status: number, body: unknown = {}) => new Response(JSON.stringify(body), { status });

describe('a command under a broken connection', () => {
  let sent: RequestInit[] = [];
  let answers: (Response | null)[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    vi.stubGlobal('fetch', async (_: string, request: RequestInit) => {
      sent.push(request);
      const next = answers.shift();
      if (!next) throw new TypeError('no connection');
      return next;
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is sent again with its key when the connection is back', async () => {
    answers = [null, answer(503), answer(200, { booking: 'B-1' })];
    const booked = api.book('R-1', 'HELD', 'key-1');
    await vi.waitFor(() => expect(calls.under[0]?.waiting).toBe(true));
    calls.flush();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await vi.advanceTimersByTimeAsync(60_000); // no flush this time: it tries by itself
    await expect(booked).resolves.toEqual({ booking: 'B-1' });
    expect(sent.map((r) => (r.headers as Record<string, string>)['Idempotency-Key'])).toEqual(['key-1', 'key-1', 'key-1']);
    expect(calls.under).toEqual([]);
  });

  it('fails once the person drops it', async () => {
    answers = [null];
    const failed = api.setOccupancy('W-1', 5).catch((e: unknown) => e);
    await vi.waitFor(() => expect(calls.under[0]?.waiting).toBe(true));
    calls.drop();
    expect(await failed).toBeInstanceOf(Problem);
    expect(sent).toHaveLength(1);
    expect(calls.under).toEqual([]);
  });

  it('is not repeated where a repetition may do more, or where it was refused', async () => {
    answers = [null];
    await expect(api.quote({} as never)).rejects.toBeInstanceOf(Problem);
    answers = [answer(422, { detail: 'volume' })];
    await expect(api.submit({} as never, 'key-2')).rejects.toMatchObject({ status: 422, message: 'volume' });
    expect(sent).toHaveLength(2);
  });
});
