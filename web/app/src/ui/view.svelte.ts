import type { Assignment, RequestBody } from '../live/protocol';

export const pickedKinds = ['departure', 'warehouse', 'place', 'lane', 'passage'] as const;
export type Picked = { kind: (typeof pickedKinds)[number]; id: string };
export const tabIds = ['requests', 'ask', 'orders', 'fleet', 'departures', 'warehouses', 'publish', 'overview', 'bottlenecks', 'passages', 'whatif', 'events'] as const;
export type Tab = (typeof tabIds)[number];

/** What a list is narrowed to: words searched for, a filter, an order. What is missing is the list's default. */
export interface Narrowing {
  q?: string;
  f?: string;
  s?: string;
}

/** View is what the viewer looks at: nothing of it comes from the service. The address bar follows it (shell/address). */
class View {
  tab = $state<Tab | null>(null);
  /** What the card on the map shows. */
  picked = $state<Picked | null>(null);
  /** The request whose itinerary is open, in the panel and on the map. */
  request = $state<string | null>(null);
  /** What a new request starts from, if it is made like an older one. */
  draft = $state<Partial<RequestBody> | null>(null);
  /** A quote whose route is on the map. */
  way = $state<Pick<Assignment, 'departures' | 'gateway' | 'warehouse' | 'arrive'> | null>(null);
  /** False once it is known that this browser cannot draw the map. */
  webgl = $state(true);
  lists = $state<Partial<Record<Tab, Narrowing>>>({});
  /** While the page is printed, lists show all their rows. */
  printing = $state(false);

  pick(kind: Picked['kind'], id: string): void {
    this.picked = { kind, id };
  }

  open(request: string | null): void {
    this.request = request;
    if (request) this.picked = null;
  }

  /** go shows a tab with nothing open in it. */
  go(tab: Tab): void {
    this.tab = tab;
    this.request = null;
    if (tab === 'orders' || tab === 'fleet') this.picked = null; // these take the map's room
  }
}

export const view = new View();

/** ListView is the narrowing of one tab's list, to be bound to its controls. The first of each choice is its default. */
export class ListView<F extends string, S extends string = string> {
  #tab: Tab;
  #filters: readonly F[];
  #sorts: readonly S[];

  constructor(tab: Tab, filters: readonly [F, ...F[]], sorts: readonly S[] = []) {
    this.#tab = tab;
    this.#filters = filters;
    this.#sorts = sorts;
  }

  get q(): string {
    return view.lists[this.#tab]?.q ?? '';
  }
  set q(q: string) {
    this.#set({ q: q || undefined });
  }
  get f(): F {
    const f = view.lists[this.#tab]?.f;
    return this.#filters.find((x) => x === f) ?? this.#filters[0]!;
  }
  set f(f: F) {
    this.#set({ f: f === this.#filters[0] ? undefined : f });
  }
  get s(): S {
    const s = view.lists[this.#tab]?.s;
    return this.#sorts.find((x) => x === s) ?? this.#sorts[0]!;
  }
  set s(s: S) {
    this.#set({ s: s === this.#sorts[0] ? undefined : s });
  }

  #set(part: { [K in keyof Narrowing]: string | undefined }): void {
    const next: Narrowing = {};
    for (const [k, v] of Object.entries({ ...view.lists[this.#tab], ...part })) if (v) next[k as keyof Narrowing] = v;
    view.lists[this.#tab] = next;
  }
}
