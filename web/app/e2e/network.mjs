import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const rows = (file) =>
  readFileSync(new URL(`../../../geo/${file}`, import.meta.url), 'utf8')
    .split('\n').filter((l) => l && !l.startsWith('#')).slice(1).map((l) => l.split(','))
    .map(([code, zh, , country, , lat, lon]) => ({ code, zh, country, lat: +lat, lon: +lon }));

const day = 86_400_000;
const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * network is a problem with n ships and aircraft under way, one in eight an aircraft, on at most 400 lanes between the ports
 * and airports of the gazetteer; always the same but for the clock. They stay under way for a day and more. It has two beacons besides, ships by which a test
 * can tell what it did: BEACON/1 and BEACON/2.
 */
export function network(n, now = Date.now()) {
  const [ports, airports] = [rows('seaports.csv'), rows('airports.csv')];
  const used = new Map();
  const use = (p, kind) => (used.set(p.code, { id: p.code, name: p.zh, kind, country: p.country, lat: p.lat, lon: p.lon, transfer_hours: 24, transfer_cost_m3: 2 }), p.code);
  const departures = [];
  const add = (id, mode, a, b, from, to) => departures.push({
    id, mode, carrier: `Crowd ${id.length % 7}`, voyage: id, from: a, to: b, cutoff: iso(now + (from - 0.2) * day), depart: iso(now + from * day), arrive: iso(now + to * day),
    capacity_m3: 100, capacity_kg: 50_000, rate: { per: 'm3', amount: 80, kg_per_m3: 1000 }, co2e_kg_per_t: 100, classes: ['general'],
  });
  for (let i = 0; i < n; i++) {
    const air = i % 8 === 0;
    const list = air ? airports : ports;
    const lane = air ? i % 80 : 80 + (i % 320);
    const a = lane % 3 === 0 ? list[0] : list[(lane * 37 + 11) % list.length];
    let b = list[(lane * 71 + 29) % list.length];
    if (a === b) b = list[(lane * 71 + 30) % list.length];
    // Spread along the lane, so that no two are at one place.
    const done = ((i * 0.618034) % 1) * 0.9 + 0.02;
    const days = 40;
    add(`CROWD${i}/1`, air ? 'air' : 'sea', use(a, air ? 'airport' : 'seaport'), use(b, air ? 'airport' : 'seaport'), -done * days, (1 - done) * days);
  }
  for (const k of [1, 2]) add(`BEACON/${k}`, 'sea', use(ports.find((p) => p.code === 'NZAKL'), 'seaport'), use(ports.find((p) => p.code === 'CLVAP') ?? ports.at(-1), 'seaport'), -10, 10);
  return {
    version: 'haihe.problem/1', currency: 'USD', start: iso(Math.floor(now / day) * day), days: 60,
    places: [...used.values()], departures, warehouses: [], requests: [],
  };
}

/** importInto publishes a problem to the brokers by haihe import. */
export async function importInto(brokers, problem, file) {
  writeFileSync(file, JSON.stringify(problem));
  await promisify(execFile)(process.env.HAIHE_BIN, ['import', '--brokers', brokers, file], { maxBuffer: 1 << 26 });
}
