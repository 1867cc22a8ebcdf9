import { describe, expect, it } from 'vitest';
import { read, write, type Shown } from './lens.svelte';

const plain: Shown = { when: null, lanes: 'mode', market: '', mode: '', firm: '', cargo: '', globe: false, table: false };

describe('a link to the map', () => {
  it('says what is shown, and is read back alike', () => {
    const shown: Shown = {
      when: Date.parse('2027-01-09T06:30:00Z'), lanes: 'worth', market: 'US-W', mode: 'sea', firm: '津海 & Co', cargo: 'general', globe: true, table: true,
    };
    expect(read(write('', shown))).toEqual(shown);
    expect(write('', plain)).toBe('');
    expect(read('')).toEqual(plain);
  });

  it('leaves to others what is theirs', () => {
    expect(write('?tab=events&mode=air', { ...plain, mode: 'sea' })).toBe('?tab=events&mode=sea');
  });

  it('takes nothing that makes no sense', () => {
    expect(read('?when=soon&lanes=pink&mode=boat&globe=yes')).toEqual(plain);
    expect(read(`?firm=${'x'.repeat(5000)}`).firm).toHaveLength(120);
  });
});
