import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket } from './socket';
import { Store } from './store';

// The browser's end of a connection, with its other end in the test's hand.
class Wire {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  closed = false;
  sent: string[] = [];
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  close() {
    this.closed = true;
  }
  send(message: string) {
    this.sent.push(message);
  }
  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(code: number) {
    this.onclose?.({ code });
  }
}

let wires: Wire[];
let store: Store;
let socket: LiveSocket;
const last = () => wires.at(-1)!;
const snapshot = { type: 'snapshot', epoch: 'e 1', seq: 5, entities: {} };

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  store = new Store();
  socket = new LiveSocket(store, {
    url: 'ws://h/api/live',
    random: () => 1,
    open: (url) => {
      wires.push(new Wire(url));
      return last() as unknown as WebSocket;
    },
  });
  socket.start();
});
afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

describe('LiveSocket', () => {
  it('asks for a snapshot first, and resumes after a break', () => {
    expect(last().url).toBe('ws://h/api/live');
    last().say(snapshot);
    expect(socket.state).toBe('live');
    last().say({ type: 'changes', epoch: 'e 1', prev: 5, seq: 6, changes: [] });
    last().drop(1006);
    expect(socket.state).toBe('waiting');
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://h/api/live?epoch=e+1&seq=6');
    last().onopen?.();
    expect(socket.state).toBe('live');
  });

  it('asks anew, without resume, when a frame was missed', () => {
    last().say(snapshot);
    const first = last();
    first.say({ type: 'changes', epoch: 'e 1', prev: 8, seq: 9, changes: [] });
    expect(first.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://h/api/live');
    last().say({ ...snapshot, seq: 9 });
    expect([store.seq, socket.state]).toEqual([9, 'live']);
  });

  it('asks anew when the service cannot resume, and when a frame is no JSON', () => {
    last().say(snapshot);
    last().drop(4000);
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://h/api/live');
    last().onmessage?.({ data: '{' });
    vi.advanceTimersByTime(1000);
    expect(wires).toHaveLength(3);
    expect(last().url).toBe('ws://h/api/live');
  });

  it('waits twice as long each time, up to a limit, until a frame comes', () => {
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      last().drop(1006);
      const before = Date.now();
      waits.push(socket.retryAt - before);
      vi.advanceTimersByTime(20_000);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    last().say(snapshot);
    last().drop(1006);
    expect(socket.retryAt - Date.now()).toBe(500);
  });

  it('stops for good when the session has ended', () => {
    last().say(snapshot);
    last().drop(4003);
    vi.advanceTimersByTime(60_000);
    expect([wires.length, socket.state]).toEqual([1, 'ended']);
  });

  it('takes silence past two heartbeats for a break, and a heartbeat for life', () => {
    last().say(snapshot);
    vi.advanceTimersByTime(30_000);
    last().say({ type: 'heartbeat', at: '' });
    vi.advanceTimersByTime(30_000);
    expect(socket.state).toBe('live');
    vi.advanceTimersByTime(11_000);
    expect(wires.length).toBeGreaterThan(1);
  });

  it('tells of a traced batch when it was painted, and of no other, and not on another connection', () => {
    vi.stubGlobal('requestAnimationFrame', (f: () => void) => setTimeout(f, 16));
    last().say(snapshot);
    const first = last();
    first.say({ type: 'changes', epoch: 'e 1', prev: 5, seq: 6, changes: [] });
    first.say({ type: 'changes', epoch: 'e 1', prev: 6, seq: 7, trace: '00-a-b-01', changes: [] });
    expect(first.sent).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(first.sent).toHaveLength(1);
    const { painted, ms } = JSON.parse(first.sent[0]!) as { painted: string; ms: [number, number] };
    expect(painted).toBe('00-a-b-01');
    expect(ms[0]).toBeGreaterThanOrEqual(0);
    expect(ms[1]).toBeGreaterThanOrEqual(ms[0]);
    first.say({ type: 'changes', epoch: 'e 1', prev: 7, seq: 8, trace: '00-a-c-01', changes: [] });
    first.drop(1006);
    vi.advanceTimersByTime(600);
    expect(wires.length).toBeGreaterThan(1);
    expect(wires.flatMap((w) => w.sent)).toHaveLength(1);
    vi.unstubAllGlobals();
  });

  it('ignores the end of a connection that it has left', () => {
    last().say(snapshot);
    const first = last();
    first.say({ type: 'changes', epoch: 'other', prev: 5, seq: 6, changes: [] });
    vi.advanceTimersByTime(500);
    const tries = wires.length;
    first.drop(4003);
    expect([wires.length, socket.state]).toEqual([tries, 'connecting']);
  });
});
