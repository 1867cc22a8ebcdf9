import { describe, expect, it } from 'vitest';
import { Index } from './rank';

const index = new Index([
  { words: ['鹿特丹', 'Rotterdam', 'NLRTM'], weight: 0 },
  { words: ['洛杉矶', 'Los Angeles', 'USLAX'], weight: 0 },
  { words: ['苏伊士运河', 'Suez Canal', 'suez'], weight: 0 },
  { words: ['航班与航次', 'Departures'], weight: 1 },
  { words: ['R-0042', 'Carpets', '手工地毯'], weight: 0 },
  { words: ['R-0420', 'Bicycles', '自行车'], weight: 0 },
]);
const first = (search: string) => index.find(search, 5)[0]?.words[0];

describe('the palette finds', () => {
  it('by name in either language, by code and by id', () => {
    expect(first('鹿特')).toBe('鹿特丹');
    expect(first('rotter')).toBe('鹿特丹');
    expect(first('uslax')).toBe('洛杉矶');
    expect(first('R-0042')).toBe('R-0042');
    expect(first('0420')).toBe('R-0420');
  });

  it('by letters left out, by pinyin initials, by words in any order', () => {
    expect(first('losang')).toBe('洛杉矶');
    expect(first('rotdam')).toBe('鹿特丹');
    expect(first('lsj')).toBe('洛杉矶');
    expect(first('sysyh')).toBe('苏伊士运河');
    expect(first('canal suez')).toBe('苏伊士运河');
    expect(first('地毯 0042')).toBe('R-0042');
  });

  it('nothing for what is not there, and what weighs most where nothing is searched', () => {
    expect(index.find('qqqq', 5)).toEqual([]);
    expect(index.find('Rotterdam suez', 5)).toEqual([]);
    expect(first(' ')).toBe('航班与航次');
    expect(index.find('', 2)).toHaveLength(2);
  });
});
