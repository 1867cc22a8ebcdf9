import type { Mode, RequestBody } from '../live/protocol';
import * as cells from './cells';
import type { Cells } from './sheet';

// The columns of an order book, how their cells are read, and what is wrong with a row.

export const orderColumns = ['goods', 'hs_code', 'origin', 'market', 'class', 'volume_m3', 'weight_kg', 'ready', 'due', 'storage_days', 'drawdown', 'modes', 'whole', 'value'] as const;
export type OrderColumn = (typeof orderColumns)[number];

/** Other names that order books use for a column, beside its id and its names on the screen. */
const aliases: Record<OrderColumn, readonly string[]> = {
  goods: ['品名', '货物', '货名', '商品', '商品名称', 'description', 'product', 'item', 'cargo', 'goods name'],
  hs_code: ['hs', 'hs编码', '海关编码', '税号', '商品编码', 'hscode', 'tariff code'],
  origin: ['起运地', '起运港', '装货港', 'from', 'pol', 'port of loading'],
  market: ['市场', '目的市场', '目的国', '国家', 'to', 'destination', 'country', 'destination market'],
  class: ['货类', '类别', 'cargo class', 'type'],
  volume_m3: ['方量', '体积', '立方', 'm3', 'cbm', 'volume', 'measurement'],
  weight_kg: ['重量', '毛重', 'kg', 'weight', 'gross weight', 'gw'],
  ready: ['备妥', '备妥时间', '货好时间', 'ready date', 'cargo ready date', 'crd', 'available'],
  due: ['交期', '最晚到仓', '到仓时间', '截止', 'due date', 'deadline', 'required by'],
  storage_days: ['仓储天数', '仓储', '存储天数', 'storage', 'days in storage'],
  drawdown: ['出库方式', '出库', 'outflow'],
  modes: ['运输方式', '方式', 'mode', 'transport'],
  whole: ['整批', '必须整批', 'in one piece', 'unsplit'],
  value: ['最高成本', '最高可接受成本', '预算', 'budget', 'limit', 'max cost'],
};

/** How the cells of this network are read, and what stands in for empty ones. */
export interface Words {
  origins: cells.Choices;
  markets: cells.Choices;
  classes: cells.Choices;
  modes: cells.Choices;
  drawdowns: cells.Choices;
  density(goods: string): number; // kg/m3
  now: number; // ms
}

/** What a m3 is taken to be worth at most before anyone says otherwise: about twice a usual sea chain. */
export const valuePerM3 = 400;
const usualStorage = 30;
const usualLead = 3; // days

export type CellFault = 'required' | 'number' | 'positive' | 'nonneg' | 'wholenumber' | 'time' | 'order' | 'unknown' | 'yesno' | 'hs' | 'long' | 'large';

export const columnsOf = (heads: readonly string[], names: (c: OrderColumn) => readonly string[]) => cells.columnsOf(heads, orderColumns.map((c) => [c, ...aliases[c], ...names(c)] as const));

/** Limits of the service, so that they are told beside the cell. */
const most = { volume_m3: 1e6, weight_kg: 1e9, storage_days: 3660, value: 1e12 } as const;

/** read makes a request of a row, or says what is wrong, column by column. */
export function read(row: Cells, w: Words): { body: RequestBody; faults: null } | { body: null; faults: Partial<Record<OrderColumn, CellFault>> } {
  const faults: Partial<Record<OrderColumn, CellFault>> = {};
  const text = (c: OrderColumn) => (row[c] ?? '').trim();
  const choice = (c: OrderColumn, of: cells.Choices, usual: string | null): string => {
    const s = text(c);
    const found = s === '' ? usual : of.find(s);
    if (found === null) faults[c] = s === '' ? 'required' : 'unknown';
    return found ?? '';
  };
  const amount = (c: keyof typeof most, usual: number | null, zero: boolean): number => {
    const s = text(c);
    const x = s === '' ? usual : cells.number(s);
    if (x === null) faults[c] = s === '' ? 'required' : 'number';
    else if (x < 0) faults[c] = zero ? 'nonneg' : 'positive';
    else if (x === 0 && !zero) faults[c] = 'positive';
    else if (x > most[c]) faults[c] = 'large';
    return x ?? 0;
  };
  const moment = (c: 'ready' | 'due', usual: string | null): string => {
    const s = text(c);
    const at = s === '' ? usual : cells.time(s, c === 'due');
    if (at === null) faults[c] = s === '' ? 'required' : 'time';
    return at ?? '';
  };
  const goods = text('goods');
  if (goods.length > 160) faults.goods = 'long'; // the service counts bytes, up to 500
  const hs = text('hs_code').replace(/[.\s]/g, '');
  if (hs !== '' && !/^\d{6,10}$/.test(hs)) faults.hs_code = 'hs';
  const volume = amount('volume_m3', null, false);
  const ready = moment('ready', new Date(new Date(w.now + usualLead * 86_400_000).setHours(8, 0, 0, 0)).toISOString());
  const due = moment('due', null);
  if (ready && due && Date.parse(due) <= Date.parse(ready)) faults.due = 'order';
  const days = amount('storage_days', usualStorage, true);
  if (!faults.storage_days && !Number.isInteger(days)) faults.storage_days = 'wholenumber';
  const modes: Mode[] = [];
  for (const m of text('modes').split(/[,，、;；+|\s]+/).filter((s) => s !== '')) {
    const found = w.modes.find(m);
    if (found === null) faults.modes = 'unknown';
    else if (!modes.includes(found as Mode)) modes.push(found as Mode);
  }
  const whole = cells.bool(text('whole'));
  if (whole === null) faults.whole = 'yesno';
  const body: RequestBody = {
    origin: choice('origin', w.origins, w.origins.list[0]?.id ?? null),
    market: choice('market', w.markets, null),
    class: choice('class', w.classes, 'general'),
    ...(goods ? { goods } : {}),
    ...(hs ? { hs_code: hs } : {}),
    volume_m3: volume,
    weight_kg: amount('weight_kg', Math.round(volume * w.density(goods)), false),
    ready,
    due,
    storage_days: days,
    drawdown: choice('drawdown', w.drawdowns, 'linear') as RequestBody['drawdown'],
    ...(modes.length > 0 ? { modes } : {}),
    whole: whole ?? false,
    value: amount('value', Math.round(volume * valuePerM3), false),
  };
  if (faults.volume_m3) {
    // What follows from the volume is not wrong for itself.
    if (text('weight_kg') === '') delete faults.weight_kg;
    if (text('value') === '') delete faults.value;
  }
  return Object.keys(faults).length > 0 ? { body: null, faults } : { body, faults: null };
}
