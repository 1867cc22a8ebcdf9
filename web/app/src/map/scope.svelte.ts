import { flushSync } from 'svelte';
import { laneLoads, occupancy, type LaneLoad, type Occupancy } from '../live/api';
import { paced } from '../lib/pace';
import { roomOn } from '../live/news';
import type { Departure, Warehouse } from '../live/protocol';
import { live } from '../ui/live.svelte';
import { sieve } from './filter';
import { lens } from './lens.svelte';
import type { Room, Worth } from './scene';
import { weekMs, weeks } from './week';

const dayMs = 86_400_000;
const turnMs = 300; // sums over the tables are made anew so often at most,
const turnShare = 10; // and take no more of the time than a tenth
/** Playing, a second shows six hours. */
const playing = 6 * 3600;

/** Scope is what the lens shows of the store: the departures and warehouses, and sums over them, at the time that is looked at. */
class Scope {
  /** Rises when tables that the map sums over have changed. */
  turn = $state(0);
  #occupancy = $state.raw<Occupancy | null>(null);
  #played = { from: 0, at: 0 };

  /** What time the map shows, ms. */
  readonly time = (): number => {
    if (lens.when === null) return Date.now();
    return lens.playing ? Math.min(this.#played.from + (performance.now() - this.#played.at) * playing, this.end) : lens.when;
  };
  get rate(): number {
    return lens.when === null ? 1 : lens.playing ? playing : 0;
  }

  #minute = $derived(Math.floor(live.now / 60_000) * 60_000);
  /** The time of sums: a minute is fine enough for what time alone changes in them; while time is played, what a second shows. */
  at = $derived.by(() => {
    if (lens.when === null) return Math.max(this.#minute, 0);
    const step = lens.playing ? playing * 1000 : 3_600_000;
    return Math.floor(lens.when / step) * step;
  });

  /** The span of the time bar, whole days: four weeks back, and as far as is planned. */
  begin = $derived(Math.floor((this.#minute - 28 * dayMs) / dayMs) * dayMs);
  end = $derived.by(() => {
    const start = Date.parse(live.plan?.start ?? '');
    const days = live.plan?.days ?? 0;
    return days > 0 && !Number.isNaN(start) ? start + days * dayMs : Math.floor((this.#minute + 56 * dayMs) / dayMs) * dayMs;
  });

  sieve = $derived.by(() => {
    if (lens.market) void this.turn; // the way to a market is told by the tables
    const f = { market: lens.market, mode: lens.mode, firm: lens.firm, cargo: lens.cargo };
    return sieve(f, live.store.tables.departure.values(), live.store.tables.warehouse.values());
  });
  departures = $derived.by<Departure[]>(() => {
    void this.turn;
    const all = [...live.store.tables.departure.values()];
    return lens.filtered ? all.filter(this.sieve.departure) : all;
  });
  warehouses = $derived.by<Warehouse[]>(() => {
    void this.turn;
    const all = [...live.store.tables.warehouse.values()];
    return lens.filtered ? all.filter(this.sieve.warehouse) : all;
  });
  /** Lanes' loads in the week looked at, as the service sums them up for the commission; its weeks begin on Mondays. */
  #loads = $state.raw<readonly LaneLoad[]>([]);
  weeks = $derived.by(() => {
    const all = weeks(this.departures, live.store.tables.departure_load, live.departurePrices, (id) => live.store.changedAt.get(`departure:${id}`) ?? -Infinity, this.at, Date.now());
    const monday = new Date(Math.floor((this.at - 4 * dayMs) / weekMs) * weekMs + 4 * dayMs).toISOString().slice(0, 10);
    for (const { lane, week, m3, room_m3 } of lens.filtered ? [] : this.#loads) {
      const w = week === monday ? all.get(lane) : undefined;
      if (w) Object.assign(w, { m3: m3 ?? 0, room: room_m3, load: m3 === null ? null : m3 / room_m3 || 0 });
    }
    return all;
  });

  /** What one more m3 is worth this week, dearest first: on a lane, and in a warehouse on its dearest day. */
  bottlenecks = $derived.by<Worth[]>(() => {
    const list: Worth[] = [];
    for (const [id, w] of this.weeks) if (w.worth > 0) list.push({ kind: 'lane', id, worth: w.worth });
    const start = Date.parse(live.plan?.start ?? '');
    const shown = new Set(this.warehouses.map((w) => w.id));
    const dearest = new Map<string, number>();
    for (const p of live.plan?.warehouse_prices ?? []) {
      const day = start + p.day * dayMs;
      if (day > this.at - dayMs && day < this.at + weekMs && shown.has(p.id)) dearest.set(p.id, Math.max(dearest.get(p.id) ?? 0, p.m3));
    }
    for (const [id, worth] of dearest) if (worth > 0) list.push({ kind: 'warehouse', id, worth });
    return list.sort((a, b) => b.worth - a.worth || a.id.localeCompare(b.id));
  });

  /** roomOf is the room that a warehouse shares, and what is left of it: now as the plan has it on its fullest day, else on the day looked at. */
  roomOf = $derived.by(() => {
    void this.turn;
    const [at, table] = [this.at, lens.when === null ? null : this.#occupancy];
    const day = table ? Math.floor((at - Date.parse(table.start)) / dayMs) : -1;
    const byId = new Map((table?.warehouses ?? []).map((w) => [w.id, w.m3]));
    return (w: Warehouse): Room => {
      const room = roomOn(w, at);
      const used = table ? (day < 0 ? null : (byId.get(w.id)?.[day] ?? (byId.has(w.id) ? null : 0))) : this.#planned(w.id);
      return { room, free: used === null ? null : room - used };
    };
  });

  #planned(id: string): number | null {
    const load = live.store.tables.warehouse_load.get(id);
    return load ? load.m3 : 0;
  }

  /** open follows the store until what it returns is called. */
  open(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let rest = turnMs;
    const unsubscribe = live.store.subscribe((parts) => {
      if (timer !== undefined || (parts.size === 1 && parts.has('position'))) return;
      timer = setTimeout(() => {
        timer = undefined;
        const begun = performance.now();
        this.turn++;
        flushSync();
        rest = Math.max(turnMs, (performance.now() - begun) * turnShare);
      }, rest);
    });
    const end = $effect.root(() => {
      // What stands in warehouses day by day is asked for only by who looks at another day.
      const soonStored = paced(5000);
      const another = $derived(lens.when !== null);
      $effect(() => {
        void live.plan?.version;
        if (another) return soonStored(() => void occupancy().then((o) => (this.#occupancy = o), () => {}));
      });
      const soonSummed = paced(5000);
      $effect(() => {
        void live.plan?.version;
        if (live.me?.role === 'commission') return soonSummed(() => void laneLoads().then((l) => (this.#loads = l), () => {}));
      });
      $effect(() => {
        if (!lens.playing) return;
        this.#played = { from: lens.when ?? Date.now(), at: performance.now() };
        lens.when = this.#played.from;
        const step = setInterval(() => {
          lens.when = this.time();
          if (lens.when >= this.end) lens.playing = false;
        }, 250);
        return () => clearInterval(step);
      });
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
      end();
    };
  }
}

export const scope = new Scope();
