import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** free is a loopback port that nothing listens on. */
export function free() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * startService runs HAIHE_BIN serve --sample, with more flags if given, on ports and in a folder of its own. It answers with the base URL,
 * link, the broker's address, the process's id, restart and stop.
 */
export async function startService(more = []) {
  const bin = process.env.HAIHE_BIN;
  if (!bin) throw new Error('HAIHE_BIN is not set: give the path of the haihe binary');
  const data = mkdtempSync(join(tmpdir(), 'haihe-e2e-'));
  const [http, kafka] = [await free(), await free()];
  const brokers = `127.0.0.1:${kafka}`;
  let child;

  const start = () =>
    new Promise((resolve, reject) => {
      let [out, err] = ['', ''];
      child = spawn(bin, ['serve', '--sample', '--listen', `127.0.0.1:${http}`, '--broker-listen', brokers, '--data', data, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`haihe serve ended with ${code} before it was ready\n${out}\n${err}`)));
      child.stderr.on('data', (b) => (err = (err + b).slice(-20_000)));
      child.stdout.on('data', (b) => {
        out += b;
        const links = Object.fromEntries([...out.matchAll(/^\s*(firm|exporter|commission)\s+(http\S+)/gm)].map((m) => [m[1], m[2]]));
        if (links.firm && links.exporter && links.commission) resolve(links);
      });
    });
  const stop = () =>
    new Promise((resolve) => {
      if (!child || child.exitCode !== null) return resolve();
      child.removeAllListeners('exit');
      child.on('exit', resolve);
      child.kill('SIGTERM');
    });
  const ready = async () => {
    for (;;) {
      const health = await fetch(`http://127.0.0.1:${http}/api/health`).then((r) => r.json(), () => null);
      if (health?.ready && health.plan_version > 0) return;
      await new Promise((r) => setTimeout(r, 300));
    }
  };

  const base = `http://127.0.0.1:${http}`;
  const links = await start();
  await ready();
  return {
    base,
    /** link makes a link that signs in, once, as a role of the sample. */
    async link(role) {
      const [claims] = new URL(links[role]).searchParams.get('token').split('.');
      const { org, name } = JSON.parse(Buffer.from(claims, 'base64url'));
      return (await promisify(execFile)(bin, ['link', '--data', data, '--server', base, role, org, name])).stdout.trim();
    },
    brokers,
    pid: () => child.pid,
    async restart() {
      await stop();
      await start();
      await ready();
    },
    /** pause ends the service, as a break of the network would; resume starts it again where it was. */
    pause: stop,
    async resume() {
      await start();
      await ready();
    },
    async stop() {
      await stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
