// A sheet is what somebody has put into a grid and not yet sent: rows of their own, and edits of rows that the service has.
// Every change can be undone. Plain data; no screen.

export type Cells = Readonly<Record<string, string>>;

/** A row that only the sheet has. */
export interface Own {
  readonly key: string;
  readonly cells: Cells;
  /** What the service said of it, by column; '' is the whole row. Gone once the row is edited. */
  readonly told?: Cells;
}

/** An edit of one cell, and what stood there when it was made. */
export interface Edit {
  readonly value: string;
  readonly from: string;
}

export interface Put {
  readonly key: string;
  readonly column: string;
  readonly value: string;
}

interface Content {
  readonly own: readonly Own[];
  readonly edits: ReadonlyMap<string, Readonly<Record<string, Edit>>>;
}

const steps = 200;

export class Sheet {
  #now: Content = { own: [], edits: new Map() };
  #past: Content[] = [];
  #future: Content[] = [];

  get own(): readonly Own[] {
    return this.#now.own;
  }
  get edits(): Content['edits'] {
    return this.#now.edits;
  }
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  #step(next: Content): void {
    this.#past.push(this.#now);
    if (this.#past.length > steps) this.#past.shift();
    this.#future = [];
    this.#now = next;
  }

  undo(): void {
    const last = this.#past.pop();
    if (!last) return;
    this.#future.push(this.#now);
    this.#now = last;
  }
  redo(): void {
    const next = this.#future.pop();
    if (!next) return;
    this.#past.push(this.#now);
    this.#now = next;
  }

  /** add puts rows behind its own. */
  add(rows: readonly Own[]): void {
    if (rows.length > 0) this.#step({ ...this.#now, own: [...this.#now.own, ...rows] });
  }

  /** put sets cells; stood tells what the service has in a cell of a row that is not the sheet's own. An edit back to that is none. */
  put(puts: readonly Put[], stood: (key: string, column: string) => string, more: readonly Own[] = []): void {
    if (puts.length === 0 && more.length === 0) return;
    const by = new Map<string, Put[]>();
    for (const p of puts) by.set(p.key, [...(by.get(p.key) ?? []), p]);
    const own = this.#now.own.map((row) => {
      const here = by.get(row.key);
      if (!here) return row;
      by.delete(row.key);
      return { key: row.key, cells: { ...row.cells, ...Object.fromEntries(here.map((p) => [p.column, p.value])) } };
    });
    const edits = new Map(this.#now.edits);
    for (const [key, here] of by) {
      const row: Record<string, Edit> = { ...edits.get(key) };
      for (const p of here) {
        const from = stood(key, p.column);
        if (p.value === from) delete row[p.column];
        else row[p.column] = { value: p.value, from };
      }
      if (Object.keys(row).length > 0) edits.set(key, row);
      else edits.delete(key);
    }
    this.#step({ own: [...own, ...more], edits });
  }

  /** remove takes rows of its own away, and edits of others. */
  remove(keys: ReadonlySet<string>): void {
    if (keys.size > 0) this.#step(this.#without(this.#now, keys));
  }

  /** settle takes away what the service has taken: no undo brings it back. */
  settle(keys: ReadonlySet<string>): void {
    this.#now = this.#without(this.#now, keys);
    this.#past = this.#past.map((c) => this.#without(c, keys));
    this.#future = this.#future.map((c) => this.#without(c, keys));
  }

  /** tell notes why rows were refused. */
  tell(why: ReadonlyMap<string, Cells>): void {
    this.#now = { ...this.#now, own: this.#now.own.map((row) => (why.has(row.key) ? { ...row, told: why.get(row.key)! } : row)) };
  }

  #without(c: Content, keys: ReadonlySet<string>): Content {
    return { own: c.own.filter((r) => !keys.has(r.key)), edits: new Map([...c.edits].filter(([k]) => !keys.has(k))) };
  }
}

/** conflicts are the edited cells of a row whose value at the service is neither what it was nor what was meant. */
export function conflicts(edits: Readonly<Record<string, Edit>> | undefined, stands: Cells): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [column, e] of Object.entries(edits ?? {})) {
    const now = stands[column] ?? '';
    if (now !== e.from && now !== e.value) out[column] = now;
  }
  return out;
}
