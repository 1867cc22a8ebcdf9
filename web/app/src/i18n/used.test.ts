import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zh } from './zh';

// Every message that the sources ask for is there, and every message that is there is asked for.

const root = join(import.meta.dirname, '..');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((f) => /\.(ts|svelte)$/.test(f) && !/\.test\.ts$/.test(f) && !/^i18n[\\/]/.test(f))
  .map((f) => ({ file: f, text: readFileSync(join(root, f), 'utf8') }));
const keys = Object.keys(zh);

// t('a.b'), t(x ? 'a.b' : 'a.c') and t(`a.${b}`), which asks for some key that begins and ends like it.
const calls = sources.flatMap(({ file, text }) => [...text.matchAll(/\bt\(((?:[^()]|\([^()]*\))*)/g)].map((m) => ({ file, args: m[1]! })));
const patternOf = (template: string) => new RegExp(`^${template.split(/\$\{[^}]*\}/).map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`);

const literals = new Set(sources.flatMap(({ text }) => [...text.matchAll(/'([\w.-]+)'/g)].map((m) => m[1]!)));
const patterns = sources.flatMap(({ text }) => [...text.matchAll(/`([\w-]+\.[^`\s]*\$\{[^`\s]*)`/g)].map((m) => patternOf(m[1]!)));

describe('messages', () => {
  it('that the sources ask for are there', () => {
    const missing: string[] = [];
    let seen = 0;
    for (const { file, args } of calls) {
      const first = args.split(/,\s*\{/)[0]!; // without the parameters
      for (const m of first.matchAll(/(?<![=!]==\s)'([\w.-]+)'(?!\s*[=!]==)/g)) {
        seen++;
        if (!Object.hasOwn(zh, m[1]!)) missing.push(`${file}: ${m[1]}`);
      }
      for (const m of first.matchAll(/`([^`]*)`/g)) {
        seen++;
        const pattern = patternOf(m[1]!);
        if (!keys.some((k) => pattern.test(k))) missing.push(`${file}: ${m[1]}`);
      }
    }
    expect(seen).toBeGreaterThan(300); // the scan itself works
    expect(missing).toEqual([]);
  });

  it('that are there are asked for', () => {
    expect(keys.filter((k) => !literals.has(k) && !patterns.some((p) => p.test(k)))).toEqual([]);
  });
});

describe('colours', () => {
  it('follow the chosen appearance: only shell/theme asks what the system has', () => {
    const own = sources.filter(({ file, text }) => !file.endsWith('theme.svelte.ts') && /prefers-color-scheme/.test(text)).map((s) => s.file);
    expect(own).toEqual([]);
  });
});
