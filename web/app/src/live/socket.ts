import type { ServerMessage } from './protocol';
import type { Store } from './store';

export type Connection = 'connecting' | 'live' | 'waiting' | 'ended';

const firstWaitMs = 500;
const longestWaitMs = 15_000;
const silenceMs = 40_000; // heartbeats come every 15 s

/** Codes that the service closes with. */
const badResume = 4000;
const sessionEnded = 4003;

export interface Options {
  url: string; // ws://host/api/live
  open?: (url: string) => WebSocket;
  random?: () => number;
}

/**
 * LiveSocket keeps a Store level with the service. After a break it resumes from the epoch and sequence that the
 * store has; if the service cannot go on from there, or a frame was missed, it asks for a fresh snapshot.
 */
export class LiveSocket {
  state: Connection = 'connecting';
  /** When the next try is due, in ms of the page's clock, while waiting. */
  retryAt = 0;
  /** When the service was last heard, in ms of the page's clock, or 0. */
  heardAt = 0;
  onstate: (state: Connection) => void = () => {};

  #store: Store;
  #options: Options;
  #socket: WebSocket | null = null;
  #tries = 0;
  #fresh = false;
  #stopped = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, options: Options) {
    this.#store = store;
    this.#options = options;
  }

  /** start connects; calling it while waiting tries at once. */
  start(): void {
    this.#stopped = false;
    clearTimeout(this.#retry);
    if (this.#socket) return;
    this.#set('connecting');
    const resume = !this.#fresh && this.#store.epoch !== '';
    const query = resume ? `?${new URLSearchParams({ epoch: this.#store.epoch, seq: String(this.#store.seq) })}` : '';
    const socket = (this.#options.open ?? ((url) => new WebSocket(url)))(this.#options.url + query);
    this.#socket = socket;
    socket.onopen = () => {
      this.#listen();
      // What is shown is level as far as anyone knows; the service says so with a frame only once something changes.
      if (resume && this.#socket === socket) this.#set('live');
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#take(String(event.data));
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#lost(event.code);
    };
    this.#listen();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #take(text: string): void {
    this.#listen();
    this.heardAt = Date.now();
    const at = performance.now();
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
    } catch {
      return this.#again();
    }
    switch (message.type) {
      case 'snapshot':
        this.#store.snapshot(message);
        this.#fresh = false;
        break;
      case 'changes':
        if (!this.#store.changes(message)) return this.#again();
        if (message.trace) this.#seen(message.trace, at);
        break;
      case 'positions':
        this.#store.reported(message);
        break;
    }
    this.#tries = 0;
    this.#set('live');
  }

  // Of a batch that is traced, from at on, the service hears when it was applied and painted: at the end of the next frame.
  #seen(painted: string, at: number): void {
    const socket = this.#socket;
    const applied = performance.now() - at;
    requestAnimationFrame(() => setTimeout(() => {
      if (this.#socket === socket) socket?.send(JSON.stringify({ painted, ms: [applied, performance.now() - at] }));
    }));
  }

  // #again drops the connection for one without resume.
  #again(): void {
    this.#fresh = true;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#wait();
  }

  #lost(code: number): void {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (this.#stopped) return;
    if (code === sessionEnded) return this.#set('ended');
    if (code === badResume) this.#fresh = true;
    this.#wait();
  }

  // Waits grow twofold, spread by up to a half, so that a restart is not met by all pages at once.
  #wait(): void {
    const base = Math.min(firstWaitMs * 2 ** this.#tries++, longestWaitMs);
    const wait = base * (0.5 + 0.5 * (this.#options.random ?? Math.random)());
    this.retryAt = Date.now() + wait;
    this.#set('waiting');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.start(), wait);
  }

  // A connection that says nothing past two heartbeats is dead, whatever the network stack believes.
  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const socket = this.#socket;
      this.#socket = null;
      socket?.close(1000);
      this.#wait();
    }, silenceMs);
  }

  #set(state: Connection): void {
    if (state === this.state && state !== 'waiting') return;
    this.state = state;
    this.onstate(state);
  }
}
