import { kinds, type Departure, type Entities, type Kind, type Lane, type Me, type Passage, type Place, type Plan, type Warehouse } from '../live/protocol';
import { calls, type Call } from '../live/calls';
import { LiveSocket, type Connection } from '../live/socket';
import { Store, type Part } from '../live/store';
import type { News } from '../live/news';

const parts: readonly Part[] = [...kinds, 'plan', 'position', 'news', 'changed'];

/** Live is the bridge from the plain store to what the screen reads: a read here is read again when its part changes. */
class Live {
  readonly store = new Store();
  me = $state<Me | null>(null);
  connection = $state<Connection>('connecting');
  /** When the service was last heard and when the next try to reach it is due, in ms; told when the connection changes. */
  heardAt = $state(0);
  retryAt = $state(0);
  /** Calls to the API without an answer so far. */
  calls = $state.raw<readonly Call[]>([]);
  ready = $state(false); // the first snapshot is here
  epoch = $state('');
  seq = $state(-1);
  /** Now, in ms; moves on every second. */
  now = $state(Date.now());

  #turn = $state(Object.fromEntries(parts.map((p) => [p, 0])) as Record<Part, number>);
  #socket: LiveSocket | null = null;

  places = $derived(this.#table('place'));
  passages = $derived(this.#table('passage'));
  lanes = $derived(this.#table('lane'));
  departures = $derived(this.#table('departure'));
  warehouses = $derived(this.#table('warehouse'));
  requests = $derived(this.#table('request'));
  matches = $derived(this.#table('match'));
  bookings = $derived(this.#table('booking'));
  markets = $derived(this.#table('market'));
  departureLoads = $derived(this.#table('departure_load'));
  warehouseLoads = $derived(this.#table('warehouse_load'));
  plan = $derived.by<Plan | null>(() => (this.#turn.plan, this.store.plan));
  news = $derived.by<News[]>(() => (this.#turn.news, [...this.store.news]));
  currency = $derived(this.plan?.currency || 'USD');

  departurePrices = $derived(new Map((this.plan?.departure_prices ?? []).map((p) => [p.id, p])));
  /** The tightest day of each warehouse that has a price. */
  warehousePrices = $derived.by(() => {
    const best = new Map<string, { day: number; m3: number }>();
    for (const p of this.plan?.warehouse_prices ?? []) {
      if (p.m3 > (best.get(p.id)?.m3 ?? 0)) best.set(p.id, p);
    }
    return best;
  });

  constructor() {
    this.store.subscribe((touched) => {
      for (const part of touched) this.#turn[part]++;
      this.epoch = this.store.epoch;
      this.seq = this.store.seq;
      this.ready = true;
    });
    calls.onchange = () => (this.calls = calls.under);
    setInterval(() => (this.now = Date.now()), 1000);
  }

  /** positions is read by the map alone: it turns with every report. */
  positionsTurn(): number {
    return this.#turn.position;
  }

  /** changed is when a row last changed, or 0. */
  changed(kind: Kind, id: string): number {
    void this.#turn.changed;
    return this.store.changedAt.get(`${kind}:${id}`) ?? 0;
  }

  connect(): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.#socket = new LiveSocket(this.store, { url: `${scheme}://${location.host}/api/live` });
    const socket = this.#socket;
    socket.onstate = (state) => {
      this.connection = state;
      this.heardAt = socket.heardAt;
      this.retryAt = socket.retryAt;
      if (state === 'live') calls.flush();
    };
    this.#socket.start();
    const wake = () => {
      if (this.connection === 'waiting') this.#socket?.start();
    };
    addEventListener('online', wake);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') wake();
    });
  }

  retry(): void {
    this.#socket?.start();
  }

  place = (id: string): Place | undefined => this.places.get(id);
  passage = (id: string): Passage | undefined => this.passages.get(id);
  lane = (id: string): Lane | undefined => this.lanes.get(id);
  departure = (id: string): Departure | undefined => this.departures.get(id);
  warehouse = (id: string): Warehouse | undefined => this.warehouses.get(id);

  // A fresh map each turn, so that everything derived from it is derived again.
  #table<K extends Kind>(kind: K): ReadonlyMap<string, Entities[K]> {
    void this.#turn[kind];
    return new Map(this.store.tables[kind] as Map<string, Entities[K]>);
  }
}

export const live = new Live();
