// What people type, paste and keep in spreadsheets, read as numbers, times and choices. Nothing is guessed: what cannot be
// read is null, and is told.

/** plain is a text without the differences that nobody means: full-width letters, cases, spaces and marks between words. */
export const plain = (s: string) => s.normalize('NFKC').toLowerCase().replace(/[\s_\-·・:：/]+/gu, '');

/** header is the plain name of a column, without a unit in brackets. */
export const header = (s: string) => plain(s.normalize('NFKC').replace(/[([【].*?[)\]】]/gu, '').replace(/\*/g, ''));

/** columnsOf matches the heads of a table: the column of each, or null where none is meant. Columns are listed with their names; one is taken once. */
export function columnsOf<C extends string>(heads: readonly string[], columns: Iterable<readonly [C, ...(readonly string[])]>): (C | null)[] {
  const by = new Map<string, C>();
  for (const all of columns) for (const n of all) by.set(header(n), all[0]);
  const taken = new Set<C>();
  return heads.map((h) => {
    const c = by.get(header(h)) ?? null;
    if (c === null || taken.has(c)) return null;
    taken.add(c);
    return c;
  });
}

/** several splits what stands in one cell, by commas or semicolons of any script. */
export const several = (text: string) => text.split(/[,，、;；|]+/).map((x) => x.trim()).filter((x) => x !== '');

const unit = /(m³|m3|cbm|立方米?|kgs?|公斤|千克|days?|d|天|%)$/iu;

/** number reads "1,234.5", "１２" and "20 m³"; null if it is none. */
export function number(text: string): number | null {
  const bare = text.trim().replace(unit, '').normalize('NFKC').trim();
  if (!/^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d+)?$/.test(bare) || !/\d/.test(bare)) return null;
  const x = Number(bare.replace(/,/g, ''));
  return Number.isFinite(x) ? x : null;
}

const dayMs = 86_400_000;

/**
 * time reads a moment as RFC 3339, in the viewer's zone where the text names none: "2027-03-01 08:00", "2027/3/1",
 * "2027年3月1日", "20270301", or the days since 1899-12-30 as Excel keeps them. A day without a time is its begin, or its end if
 * late. null if it is none, or no day of the calendar.
 */
export function time(text: string, late = false): string | null {
  const s = text.normalize('NFKC').trim();
  if (/^\d{5}(\.\d+)?$/.test(s)) {
    const days = Number(s);
    if (days < 30_000 || days > 80_000) return null;
    const at = new Date(Math.round(((days - 25_569) * dayMs) / 60_000) * 60_000); // its UTC fields are the local ones
    return local(at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), ...(Number.isInteger(days) && late ? [23, 59] as const : [at.getUTCHours(), at.getUTCMinutes()] as const));
  }
  const zoned = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})$/i.exec(s);
  if (zoned) {
    if (local(Number(zoned[1]), Number(zoned[2]), Number(zoned[3]), 12, 0) === null) return null;
    const ms = Date.parse(s.replace(' ', 'T'));
    return Number.isNaN(ms) ? null : new Date(ms).toISOString();
  }
  const m = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[T ]?(\d{1,2})[:时点](\d{2})?(?::\d{2})?分?)?$/.exec(s);
  if (!m) return null;
  const hour = m[6] === undefined ? (late ? 23 : 0) : Number(m[6]);
  const minute = m[6] === undefined ? (late ? 59 : 0) : Number(m[7] ?? 0);
  return local(Number(m[1]), Number(m[2] ?? m[4]), Number(m[3] ?? m[5]), hour, minute);
}

function local(y: number, mo: number, d: number, h: number, mi: number): string | null {
  if (mo < 1 || mo > 12 || d < 1 || d > new Date(y, mo, 0).getDate() || h > 23 || mi > 59) return null;
  return new Date(y, mo - 1, d, h, mi).toISOString();
}

/** stamp writes a moment as a cell: "2027-03-01 08:00" in the viewer's zone. */
export function stamp(iso: string | undefined | null): string {
  const ms = Date.parse(iso ?? '');
  if (Number.isNaN(ms)) return '';
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`;
}

const yes = new Set(['1', 'true', 'yes', 'y', '是', '对', '整批', '√', '✓', 'x']);
const no = new Set(['', '0', 'false', 'no', 'n', '否', '不', '-', '×']);

/** bool reads a yes or no; null if it is neither. */
export function bool(text: string): boolean | null {
  const s = text.normalize('NFKC').trim().toLowerCase();
  return yes.has(s) ? true : no.has(s) ? false : null;
}

/** Choices finds what is meant by an id or by any of its names. */
export class Choices {
  readonly list: readonly { id: string; name: string }[];
  #by = new Map<string, string>();

  constructor(list: readonly { id: string; name: string; more?: readonly (string | undefined)[] }[]) {
    this.list = list;
    for (const c of list) for (const n of [...(c.more ?? []), c.name]) if (n) this.#by.set(plain(n), c.id);
    for (const c of list) this.#by.set(plain(c.id), c.id); // an id means itself, whatever bears it as a name
  }

  find(text: string): string | null {
    return this.#by.get(plain(text)) ?? null;
  }

  /** findAll finds several, each once; null among them is one that is not known. */
  findAll(text: string): (string | null)[] {
    return [...new Set(several(text).map((s) => this.find(s)))];
  }

  /** name is how an id is written. */
  name(id: string): string {
    return this.list.find((x) => x.id === id)?.name ?? id;
  }
}

/** rows splits what a spreadsheet puts on the clipboard: tabs between cells, quotes around those with line breaks. */
export function pasted(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  const s = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (s[i + 1] === '"') cell += s[++i];
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === '\t' || c === '\n') {
      rows.at(-1)!.push(cell.trim());
      cell = '';
      if (c === '\n') rows.push([]);
    } else cell += c;
  }
  rows.at(-1)!.push(cell.trim());
  return rows;
}

/** copied is the way back. */
export const copied = (rows: readonly (readonly string[])[]) =>
  rows.map((r) => r.map((c) => (/[\t\n"]/.test(c) ? `"${c.replace(/"/g, '""')}"` : c)).join('\t')).join('\n');
