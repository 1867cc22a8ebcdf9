import type { Topology } from 'topojson-specification';

// The coastline as it travels: JSON spends more bytes on the steps between points than the steps have. A file is the length
// of its head (4 bytes, big endian), the head as JSON, then the steps of all arcs, first along x and then along y, each a
// zigzag varint.

interface Head extends Omit<Topology, 'arcs'> {
  points: number[]; // of each arc
}

export function encode({ arcs, ...rest }: Topology): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify({ ...rest, points: arcs.map((a) => a.length) } satisfies Head));
  const bytes: number[] = [];
  for (const axis of [0, 1]) {
    for (const step of arcs.flat()) {
      const n = step[axis]!;
      let zigzag = n < 0 ? -2 * n - 1 : 2 * n;
      for (; zigzag > 127; zigzag = Math.floor(zigzag / 128)) bytes.push((zigzag % 128) + 128);
      bytes.push(zigzag);
    }
  }
  const file = new Uint8Array(4 + head.length + bytes.length);
  new DataView(file.buffer).setUint32(0, head.length);
  file.set(head, 4);
  file.set(bytes, 4 + head.length);
  return file;
}

export function decode(file: ArrayBuffer): Topology {
  const length = new DataView(file).getUint32(0);
  const { points, ...rest } = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 4, length))) as Head;
  const bytes = new Uint8Array(file, 4 + length);
  const arcs = points.map((n) => Array.from({ length: n }, () => [0, 0]));
  let at = 0;
  for (const axis of [0, 1]) {
    for (const step of arcs.flat()) {
      let zigzag = 0;
      for (let unit = 1; ; unit *= 128) {
        const byte = bytes[at++];
        if (byte === undefined) throw new RangeError('the coastline is cut short');
        zigzag += (byte % 128) * unit;
        if (byte < 128) break;
      }
      step[axis] = zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    }
  }
  return { ...rest, arcs };
}
