import { describe, expect, it } from 'vitest';
import { bool, Choices, copied, number, pasted, stamp, time } from './cells';
import { columnsOf, orderColumns, read, type Words } from './orders';
import { conflicts, Sheet } from './sheet';

describe('cells', () => {
  it('read numbers as people write them', () => {
    for (const [text, want] of [['1,234.5', 1234.5], ['１２', 12], ['20 m³', 20], ['3CBM', 3], ['-4', -4], ['1e3', 1000], ['', null], ['abc', null], ['1,23', null], ['.', null], ['1 2', null]] as const) {
      expect(number(text), text).toBe(want);
    }
  });

  it('read times as people write them, in the viewer’s zone where none is named', () => {
    const at = (y: number, m: number, d: number, h = 0, mi = 0) => new Date(y, m - 1, d, h, mi).toISOString();
    for (const text of ['2027-03-01', '2027/3/1', '2027.03.01', '2027年3月1日', '20270301', '46447']) expect(time(text), text).toBe(at(2027, 3, 1));
    expect(time('2027-03-01', true)).toBe(at(2027, 3, 1, 23, 59));
    expect(time('46447.5')).toBe(at(2027, 3, 1, 12));
    expect(time('2027-03-01 8:05')).toBe(at(2027, 3, 1, 8, 5));
    expect(time('2027-03-01T08:00:00Z')).toBe('2027-03-01T08:00:00.000Z');
    expect(time('2027-03-01T08:00:00+08:00')).toBe('2027-03-01T00:00:00.000Z');
    for (const text of ['', '2027-02-30', '2027-13-01', 'soon', '3/1/27', '2027-03-01 25:00', '2027-02-30T08:00:00Z', '12']) expect(time(text), text).toBeNull();
    expect(time(stamp('2027-03-01T08:05:00Z'))).toBe('2027-03-01T08:05:00.000Z');
  });

  it('read choices by id and by any name, and yes and no', () => {
    const c = new Choices([{ id: 'US', name: '美国', more: ['United States'] }, { id: 'DE', name: '德国' }]);
    expect(['us', '美国', 'united-states', 'ＵＳ', 'FR'].map((s) => c.find(s))).toEqual(['US', 'US', 'US', 'US', null]);
    expect(['是', 'No', '', 'maybe'].map(bool)).toEqual([true, false, false, null]);
  });

  it('take the clipboard of a spreadsheet apart and put it together', () => {
    const rows = [['a', 'line\nbreak', 'say "x"'], ['', 'b', '']];
    expect(pasted(copied(rows))).toEqual(rows);
    expect(pasted('1\t2\r\n3\t4\r\n')).toEqual([['1', '2'], ['3', '4']]);
  });
});

const words: Words = {
  origins: new Choices([{ id: 'CNTXG', name: '天津新港' }, { id: 'TSN', name: '天津滨海' }]),
  markets: new Choices([{ id: 'US', name: '美国' }]),
  classes: new Choices([{ id: 'general', name: '普通货' }]),
  modes: new Choices([{ id: 'sea', name: '海运' }, { id: 'air', name: '空运' }]),
  drawdowns: new Choices([{ id: 'linear', name: '逐日' }, { id: 'none', name: '一次' }]),
  density: () => 300,
  now: Date.parse('2027-03-01T00:00:00Z'),
};

describe('order books', () => {
  it('know their columns by many names, each once', () => {
    expect(columnsOf(['Market', '方量（m³）', 'CBM', 'Due date*', '备注'], () => [])).toEqual(['market', 'volume_m3', null, 'due', null]);
    for (const c of orderColumns) expect(columnsOf([c], () => [])).toEqual([c]);
  });

  it('fill in what is empty', () => {
    const { body } = read({ market: '美国', volume_m3: '20', due: '2027-05-01' }, words);
    expect(body).toMatchObject({ origin: 'CNTXG', market: 'US', class: 'general', volume_m3: 20, weight_kg: 6000, storage_days: 30, drawdown: 'linear', value: 8000, whole: false });
    expect(body?.modes).toBeUndefined();
  });

  it('say what is wrong, each in its place', () => {
    const bad = read({ goods: '海'.repeat(161), hs_code: '12', origin: 'X', market: '', class: 'y', volume_m3: '-1', weight_kg: 'z', ready: '2027-05-01', due: '2027-04-01', storage_days: '1.5', drawdown: 'q', modes: '海运,筏', whole: 'maybe', value: '0' }, words);
    expect(bad.faults).toEqual({ goods: 'long', hs_code: 'hs', origin: 'unknown', market: 'required', class: 'unknown', volume_m3: 'positive', weight_kg: 'number', due: 'order', storage_days: 'wholenumber', drawdown: 'unknown', modes: 'unknown', whole: 'yesno', value: 'positive' });
    expect(read({ volume_m3: '' }, words).faults).toEqual({ market: 'required', volume_m3: 'required', due: 'required' });
  });
});

describe('a sheet', () => {
  const stood = () => '100';
  it('undoes and redoes every change', () => {
    const s = new Sheet();
    s.add([{ key: 'a', cells: { x: '1' } }]);
    s.put([{ key: 'a', column: 'x', value: '2' }, { key: 'theirs', column: 'm3', value: '120' }], stood, [{ key: 'b', cells: {} }]);
    expect(s.own.map((r) => r.cells.x)).toEqual(['2', undefined]);
    expect(s.edits.get('theirs')).toEqual({ m3: { value: '120', from: '100' } });
    s.remove(new Set(['a']));
    expect(s.own.length).toBe(1);
    s.undo();
    s.undo();
    expect([s.own.length, s.own[0]?.cells.x, s.edits.size]).toEqual([1, '1', 0]);
    s.redo();
    expect([s.own.length, s.own[0]?.cells.x, s.edits.size]).toEqual([2, '2', 1]);
    s.put([{ key: 'theirs', column: 'm3', value: '100' }], stood);
    expect(s.edits.size).toBe(0);
    expect(s.canRedo).toBe(false);
  });

  it('forgets for good what the service has taken', () => {
    const s = new Sheet();
    s.add([{ key: 'a', cells: {} }, { key: 'b', cells: {} }]);
    s.settle(new Set(['a']));
    s.undo();
    s.redo();
    expect(s.own.map((r) => r.key)).toEqual(['b']);
    s.tell(new Map([['b', { '': 'no' }]]));
    expect(s.own[0]?.told).toEqual({ '': 'no' });
    s.put([{ key: 'b', column: 'x', value: '1' }], stood);
    expect(s.own[0]?.told).toBeUndefined();
  });

  it('sees that somebody else changed an edited cell', () => {
    const edits = { m3: { value: '120', from: '100' } };
    expect(conflicts(edits, { m3: '100' })).toEqual({});
    expect(conflicts(edits, { m3: '120' })).toEqual({});
    expect(conflicts(edits, { m3: '150', kg: '9' })).toEqual({ m3: '150' });
  });
});
