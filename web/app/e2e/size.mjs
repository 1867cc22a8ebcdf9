// Adds up what a browser is sent of the built page, each file gzipped, and fails above the budget.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budgetKiB = 700;
const dist = join(import.meta.dirname, '../../dist/app');
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile())
  .map((f) => join(f.parentPath, f.name))
  .filter((f) => !f.startsWith(join(dist, 'docs')));
const sizes = files.map((file) => ({ file: file.slice(dist.length + 1), kib: gzipSync(readFileSync(file), { level: 9 }).length / 1024 }));
for (const s of sizes.sort((a, b) => b.kib - a.kib)) console.log(`${s.kib.toFixed(1).padStart(8)} KiB  ${s.file}`);
const all = sizes.reduce((sum, s) => sum + s.kib, 0);
console.log(`${all.toFixed(1).padStart(8)} KiB of ${budgetKiB}`);
process.exit(all <= budgetKiB ? 0 : 1);
