// Measures the npm package searoute-js and haihe distance on the same pairs, side by side: make bench-sea.
// node searoute.mjs PAIRS.csv HAIHE.csv: PAIRS.csv has from,from_lon,from_lat,to,to_lon,to_lat,distance_nm; HAIHE.csv is
// what haihe distance --pairs made of it, with the CPU seconds that it took in the environment variable HAIHE_SECONDS.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const searoute = createRequire(process.cwd() + '/')('searoute-js');
const read = (file) => readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
const [pairsFile, haiheFile] = process.argv.slice(2);
const pairs = read(pairsFile);
const haihe = read(haiheFile);
const point = (lon, lat) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [+lon, +lat] } });

console.log = () => {}; // searoute-js talks about routes that it cannot find
const begun = process.cpuUsage();
const theirs = pairs.map((p) => {
  try {
    // its own nautical miles are statute miles times 1.15 where they should be divided: take its kilometres
    return searoute(point(p[1], p[2]), point(p[4], p[5]), 'kilometers').properties.length / 1.852;
  } catch {
    return NaN;
  }
});
const used = process.cpuUsage(begun);
const theirSeconds = (used.user + used.system) / 1e6;

const report = (name, miles, seconds) => {
  const found = pairs.map((p, i) => Math.abs(miles[i] / +p[6] - 1)).filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => (100 * found[Math.floor(share * found.length)]).toFixed(2);
  process.stdout.write(`| ${name} | ${pairs.length} | ${pairs.length - found.length} | ${at(0.5)} % | ${at(0.9)} % | ${at(0.95)} % | ${(pairs.length / seconds).toFixed(0)} |\n`);
};
process.stdout.write('| | pairs | no way found | median | p90 | p95 | routes/s |\n|---|---:|---:|---:|---:|---:|---:|\n');
report('haihe distance --pairs', haihe.map((r) => parseFloat(r.at(-1))), +process.env.HAIHE_SECONDS);
report('searoute-js', theirs, theirSeconds);
