import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
    const allowed = new Set(['brand.full', 'lang.other', 'lang.switch', 'map.approved']);
    for (const [key, text] of Object.entries(en)) {
      if (!allowed.has(key)) expect(text, key).not.toMatch(/\p{Script=Han}/u);
    }
  });
});

// The sources as text, without the catalogues and tests.
const sources = (readdirSync(join(import.meta.dirname, '..'), { recursive: true }) as string[])
  .filter((f) => /\.(ts|svelte)$/.test(f) && !/\.test\.ts$/.test(f) && !/i18n[/\\](\w+\.)?(zh|en)\.ts$/.test(f))
  .map((f) => ({ f, text: readFileSync(join(import.meta.dirname, '..', f), 'utf8') }));

describe('the sources', () => {
  it('ask for no message that is not there', () => {
    for (const { f, text } of sources) {
      for (const [, key] of text.matchAll(/\bt\(\s*'([^']+)'/g)) expect(zh, f).toHaveProperty([key!]);
      // A key made of data must begin as some key does.
      for (const [, begin] of text.matchAll(/\bt\(\s*`([^`$]+)\$\{/g)) expect(Object.keys(zh).some((k) => k.startsWith(begin!)), `${f}: ${begin}`).toBe(true);
    }
  });

  it('use every message that there is', () => {
    const all = sources.map((s) => s.text).join('\n');
    const begins = [...all.matchAll(/`([a-z][\w.]*\.)\$\{/g)].map((m) => m[1]!);
    const unused = Object.keys(zh).filter((k) => !all.includes(`'${k}'`) && !begins.some((b) => k.startsWith(b)));
    expect(unused).toEqual([]);
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
