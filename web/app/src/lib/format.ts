// Numbers, money, units and times as the viewer's locale writes them. Pure functions of (tag, value).

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.DisplayNames>();

function numbers(tag: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${tag}${JSON.stringify(options)}`;
  let f = cache.get(key) as Intl.NumberFormat | undefined;
  if (!f) cache.set(key, (f = new Intl.NumberFormat(tag, options)));
  return f;
}

function dates(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${tag}${JSON.stringify(options)}`;
  let f = cache.get(key) as Intl.DateTimeFormat | undefined;
  if (!f) cache.set(key, (f = new Intl.DateTimeFormat(tag, options)));
  return f;
}

export function number(tag: string, x: number, digits = 0): string {
  return numbers(tag, { maximumFractionDigits: digits }).format(x);
}

/** volume and mass write a quantity with its unit; small ones keep a decimal. */
export const volume = (tag: string, m3: number) => `${number(tag, m3, Math.abs(m3) < 100 ? 1 : 0)} m³`;
export const area = (tag: string, m2: number) => `${number(tag, m2)} m²`;
export function mass(tag: string, kg: number): string {
  return kg >= 10_000 ? `${number(tag, kg / 1000, kg < 100_000 ? 1 : 0)} t` : `${number(tag, kg)} kg`;
}

/** money writes an amount in a currency; a rate below 100 keeps its cents. */
export function money(tag: string, currency: string, amount: number): string {
  const digits = amount !== 0 && Math.abs(amount) < 100 ? 2 : 0;
  try {
    return numbers(tag, {
      style: 'currency', currency, currencyDisplay: 'narrowSymbol', minimumFractionDigits: digits, maximumFractionDigits: digits,
    }).format(amount);
  } catch {
    return `${currency} ${number(tag, amount, digits)}`; // not an ISO 4217 code
  }
}

/** shortMoney is for places with room for a few characters: 12.4M, 1240万. */
export function shortMoney(tag: string, currency: string, amount: number): string {
  try {
    return numbers(tag, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: 'compact', maximumSignificantDigits: 4 }).format(amount);
  } catch {
    return `${currency} ${numbers(tag, { notation: 'compact', maximumSignificantDigits: 4 }).format(amount)}`;
  }
}

export function percent(tag: string, share: number, digits = 1): string {
  return numbers(tag, { style: 'percent', maximumFractionDigits: digits }).format(share);
}

/** gap writes how far a plan may be from the best, rounded up, so that the sentence stays true. */
export function gap(tag: string, x: number): string {
  const hundredths = Math.max(x, 0) * 100;
  const digits = hundredths >= 1 ? 1 : hundredths >= 0.1 ? 2 : hundredths >= 0.01 ? 3 : 4;
  const up = Math.ceil(hundredths * 10 ** digits - 1e-9) / 10 ** digits;
  return `${numbers(tag, { maximumFractionDigits: digits }).format(Math.max(up, 10 ** -digits))}%`;
}

const valid = (iso: string | undefined | null) => (iso ? !Number.isNaN(Date.parse(iso)) : false);

export function dateTime(tag: string, iso: string | undefined | null): string {
  if (!valid(iso)) return '—';
  return dates(tag, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso!));
}

export function day(tag: string, iso: string | undefined | null): string {
  if (!valid(iso)) return '—';
  return dates(tag, { month: 'short', day: 'numeric' }).format(new Date(iso!));
}

export function clock(tag: string, ms: number, utc = false): string {
  return dates(tag, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(utc ? { timeZone: 'UTC' } : {}) }).format(ms);
}

export function clockSeconds(tag: string, ms: number): string {
  return ms > 0 ? dates(tag, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(ms) : '—';
}

/** utc is the same moment in UTC, for a hint beside a local time. */
export function utc(iso: string | undefined | null): string {
  return valid(iso) ? `${new Date(iso!).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
}

/** span writes a length of time in its two largest useful units: "3 d 4 h", "3天4小时". */
export function span(zh: boolean, hours: number): string {
  const total = Math.max(0, Math.round(hours * 60));
  const d = Math.floor(total / 1440);
  const h = Math.floor((total % 1440) / 60);
  const m = total % 60;
  const unit = zh ? { d: '天', h: '小时', m: '分钟', s: '' } : { d: ' d', h: ' h', m: ' min', s: ' ' };
  if (d > 0) return h > 0 ? `${d}${unit.d}${unit.s}${h}${unit.h}` : `${d}${unit.d}`;
  if (h > 0) return m > 0 && h < 10 ? `${h}${unit.h}${unit.s}${m}${unit.m}` : `${h}${unit.h}`;
  return `${m}${unit.m}`;
}

// How a map or list published in China names these, whatever the browser's own tables say.
const regions: Record<string, [zh: string, en: string]> = {
  TW: ['中国台湾', 'Taiwan, China'],
  HK: ['中国香港', 'Hong Kong, China'],
  MO: ['中国澳门', 'Macao, China'],
};

/**
 * oneTongue picks the half of a name given in both languages, "中文名 · English name", that the viewer reads; any
 * other name stays as it is.
 */
export function oneTongue(zh: boolean, name: string): string {
  const halves = name.split(' · ');
  if (halves.length !== 2) return name;
  const han = halves.map((h) => /\p{Script=Han}/u.test(h));
  if (han[0] === han[1]) return name;
  return halves[han[0] === zh ? 0 : 1]!;
}

/** region names a country or region by ISO 3166-1 code; a market may add a part of it, as in "US-W". */
export function region(zh: boolean, code: string | undefined): string {
  if (!code) return '—';
  const match = /^([A-Z]{2})(?:[-_ ](.+))?$/.exec(code);
  if (!match?.[1]) return code;
  const fixed = regions[match[1]];
  let name: string | undefined = fixed?.[zh ? 0 : 1];
  if (!name) {
    const key = `r${zh}`;
    let f = cache.get(key) as Intl.DisplayNames | undefined;
    if (!f) cache.set(key, (f = new Intl.DisplayNames(zh ? 'zh-CN' : 'en', { type: 'region', fallback: 'none' })));
    try {
      name = f.of(match[1]);
    } catch {
      name = undefined;
    }
  }
  if (!name) return code;
  return match[2] ? `${name} ${match[2]}` : name;
}

/** forInput and fromInput turn a time into what <input type="datetime-local"> holds, and back, in the viewer's zone. */
export function forInput(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}
export function fromInput(text: string): string | null {
  const ms = new Date(text).getTime();
  return text === '' || Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
