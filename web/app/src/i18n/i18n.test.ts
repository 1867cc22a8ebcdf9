import { describe, expect, it } from 'vitest';
import { en } from './en';
import { fill } from './fill';
import { zh } from './zh';

const names = (s: string) => new Set([...s.matchAll(/\{(\w+)/g)].map((m) => m[1]));

describe('catalogues', () => {
  it('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it('leave no message empty', () => {
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) expect(text.trim(), key).not.toBe('');
  });

  it('fill in the same names', () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(names(en[key]), key).toEqual(names(zh[key]));
    }
  });

  it('have Chinese in the Chinese one and none in the English one, but for names', () => {
    const allowed = new Set(['brand', 'brand.full', 'lang.other', 'lang.switch', 'map.approved']);
    for (const [key, text] of Object.entries(en)) {
      if (!allowed.has(key)) expect(text, key).not.toMatch(/\p{Script=Han}/u);
    }
  });
});

describe('fill', () => {
  it('words by number and leaves unknown names alone', () => {
    expect(fill('{n} {n|ship|ships}', { n: 1 })).toBe('1 ship');
    expect(fill('{n} {n|ship|ships}', { n: 3 })).toBe('3 ships');
    expect(fill('{a} {b}', { a: 'x' })).toBe('x {b}');
  });

  it('takes values as they are, braces and all', () => {
    expect(fill('{a}', { a: '{b}$&' })).toBe('{b}$&');
  });
});
