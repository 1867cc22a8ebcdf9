import { describe, type News } from './news';
import {
  keyOf, kinds, type Change, type Changes, type Entities, type Kind, type Plan, type Position, type Positions,
  type Snapshot,
} from './protocol';

type Tables = { [K in Kind]: Map<string, Entities[K]> };
export type Part = Kind | 'plan' | 'position' | 'news' | 'changed';
/** What a message touched: parts, and of which kind and id; null after a snapshot, which is everything. */
type Listener = (parts: ReadonlySet<Part>, touched: readonly Touched[] | null) => void;
export interface Touched {
  kind: Kind | 'plan' | 'position';
  id: string;
}

const newsKept = 200;
// Who asks when a row changed wants to know of the last minutes.
const changesKept = 4096;
const changesKeptMs = 300_000;

/**
 * Store is the page's copy of what the service shows it: entities by kind and id, the plan, the positions last
 * reported, and the news that the changes amount to. It knows nothing of the screen.
 */
export class Store {
  epoch = '';
  seq = -1;
  readonly tables: Tables = Object.fromEntries(kinds.map((k) => [k, new Map()])) as unknown as Tables;
  plan: Plan | null = null;
  readonly positions = new Map<string, Position>();
  /** Newest first. */
  news: News[] = [];
  /** When, in ms of the page's clock, the row "kind:id" last changed after the last snapshot; old ones are forgotten. */
  readonly changedAt = new Map<string, number>();

  #listeners = new Set<Listener>();
  #now: () => number;
  #positionsMost = 1024;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** subscribe calls back after every message with the parts that it touched; it returns the way out. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** snapshot replaces everything. What differs from before is not news: it may be hours old. */
  snapshot(message: Snapshot): void {
    for (const kind of kinds) {
      const table = this.tables[kind] as Map<string, Entities[Kind]>;
      table.clear();
      for (const value of message.entities[kind] ?? []) table.set(keyOf(kind, value as Entities[typeof kind]), value);
    }
    this.plan = message.entities.plan ?? null;
    this.positions.clear();
    this.epoch = message.epoch;
    this.seq = message.seq;
    this.changedAt.clear();
    this.#tell(new Set<Part>([...kinds, 'plan', 'position']), null);
  }

  /** changes applies a numbered frame, or returns false, untouched, if a frame before it was missed. */
  changes(message: Changes): boolean {
    if (message.epoch !== this.epoch || message.prev !== this.seq) return false;
    const now = this.#now();
    const touched = new Set<Part>();
    const news = describe(this, message.changes, now);
    for (const change of message.changes) {
      if (this.#apply(change)) {
        touched.add(change.kind);
        this.changedAt.delete(`${change.kind}:${change.id}`); // so that the oldest stand first
        this.changedAt.set(`${change.kind}:${change.id}`, now);
        touched.add('changed');
      }
    }
    if (this.changedAt.size > changesKept) {
      for (const [id, at] of this.changedAt) {
        if (now - at <= changesKeptMs) break;
        this.changedAt.delete(id);
      }
    }
    this.seq = message.seq;
    if (news.length > 0 || message.changes.some((c) => c.kind === 'plan')) {
      this.news = [...news.reverse(), ...this.news].slice(0, newsKept);
      touched.add('news');
    }
    this.#tell(touched, message.changes);
    return true;
  }

  /** reported takes positions; the newest of each wins, whatever the order they come in. */
  reported(message: Positions): void {
    const touched: Touched[] = [];
    for (const { id, ...position } of message.positions) {
      const known = this.positions.get(id);
      if (known && Date.parse(known.at) > Date.parse(position.at)) continue;
      this.positions.set(id, position);
      touched.push({ kind: 'position', id });
    }
    if (this.positions.size > this.#positionsMost) this.#shed(Date.parse(message.at));
    this.#tell(new Set<Part>(['position']), touched);
  }

  /** position is the last that was reported of a departure, by either way. */
  position(departure: string): Position | null {
    const a = this.positions.get(departure);
    const b = this.tables.departure.get(departure)?.position;
    if (!a || !b) return a ?? b ?? null;
    return Date.parse(a.at) >= Date.parse(b.at) ? a : b;
  }

  // The service says where what has arrived was no more; nor is it kept here.
  #shed(now: number): void {
    for (const id of this.positions.keys()) {
      const d = this.tables.departure.get(id);
      if (!d || Date.parse(d.arrive) < now - 3_600_000) this.positions.delete(id);
    }
    this.#positionsMost = 1024 + 2 * this.positions.size;
  }

  #apply(change: Change): boolean {
    if (change.kind === 'plan') {
      this.plan = change.value as Plan | null;
      return true;
    }
    // A kind that a newer service may have added is left alone.
    const table = this.tables[change.kind] as Map<string, unknown> | undefined;
    if (!table) return false;
    if (change.value === null) {
      table.delete(change.id);
      if (change.kind === 'departure') this.positions.delete(change.id);
    } else table.set(change.id, change.value);
    return true;
  }

  #tell(parts: ReadonlySet<Part>, touched: readonly Touched[] | null): void {
    for (const listener of this.#listeners) listener(parts, touched);
  }
}
