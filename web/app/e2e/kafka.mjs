import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** publish writes one CloudEvent to a topic with kcat, a Kafka client that shares no code with the service. */
export function publish(brokers, { topic, key, type, source, data }) {
  const now = new Date();
  const headers = {
    ce_specversion: '1.0', ce_id: randomUUID(), ce_source: source, ce_type: `haihe.${type}`, ce_time: now.toISOString(),
    ce_sequence: String(now.getTime() * 1000), 'content-type': 'application/json',
  };
  const args = ['-P', '-b', brokers, '-t', topic, '-k', key, ...Object.entries(headers).flatMap(([k, v]) => ['-H', `${k}=${v}`])];
  return new Promise((resolve, reject) => {
    const kcat = spawn(process.env.KCAT ?? 'kcat', args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let err = '';
    kcat.stderr.on('data', (b) => (err += b));
    kcat.on('error', reject);
    kcat.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`kcat ended with ${code}: ${err}`))));
    kcat.stdin.end(JSON.stringify(data));
  });
}
