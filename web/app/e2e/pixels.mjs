import { inflateSync } from 'node:zlib';

/** decode reads a PNG of 8-bit RGB or RGBA without interlace, which is what the browser makes. */
export function decode(png) {
  let [at, width, height, channels] = [8, 0, 0, 0];
  const parts = [];
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      channels = { 2: 3, 6: 4 }[body[9]];
      if (body[8] !== 8 || !channels || body[12] !== 0) throw new Error('a PNG of another kind');
    } else if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const row = width * channels;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const a = x >= channels ? pixels[y * row + x - channels] : 0;
      const b = y > 0 ? pixels[(y - 1) * row + x] : 0;
      const c = x >= channels && y > 0 ? pixels[(y - 1) * row + x - channels] : 0;
      let guess = 0;
      if (filter === 1) guess = a;
      else if (filter === 2) guess = b;
      else if (filter === 3) guess = (a + b) >> 1;
      else if (filter === 4) {
        const p = a + b - c;
        const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
        guess = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      }
      pixels[y * row + x] = (raw[y * (row + 1) + 1 + x] + guess) & 255;
    }
  }
  return { width, height, channels, pixels };
}

const near = (p, i, [r, g, b], by) => Math.abs(p[i] - r) <= by && Math.abs(p[i + 1] - g) <= by && Math.abs(p[i + 2] - b) <= by;

// The colours of src/map/theme.ts in both schemes.
const land = [[0x1a, 0x26, 0x2f], [0xfb, 0xfb, 0xf8]];
const water = [[0x0b, 0x14, 0x1b], [0xdf, 0xe9, 0xee]];

/** inked is the share of a picture that is land, water, and blue or violet enough to be a lane. */
export function inked(png) {
  const { width, height, channels, pixels } = decode(png);
  const n = { land: 0, water: 0, lanes: 0 };
  for (let i = 0; i < pixels.length; i += channels) {
    if (land.some((c) => near(pixels, i, c, 2))) n.land++;
    else if (water.some((c) => near(pixels, i, c, 2))) n.water++;
    else if (pixels[i + 2] - Math.min(pixels[i], pixels[i + 1]) > 45) n.lanes++;
  }
  const all = width * height;
  return { land: n.land / all, water: n.water / all, lanes: n.lanes / all };
}

/** different counts the pixels in which two pictures differ plainly, in the square around a point. */
export function different(one, other, { x, y }, reach = 12) {
  const [a, b] = [decode(one), decode(other)];
  let n = 0;
  for (let row = Math.round(y) - reach; row <= y + reach; row++) {
    for (let col = Math.round(x) - reach; col <= x + reach; col++) {
      const i = (row * a.width + col) * a.channels;
      if (!near(a.pixels, i, [b.pixels[i], b.pixels[i + 1], b.pixels[i + 2]], 24)) n++;
    }
  }
  return n;
}

/** red counts the pixels of plain red in the square around a point, in either scheme: what is shut, full or cancelled. */
export function red(png, { x, y }, reach = 12) {
  const { width, channels, pixels } = decode(png);
  let n = 0;
  for (let row = Math.round(y) - reach; row <= y + reach; row++) {
    for (let col = Math.round(x) - reach; col <= x + reach; col++) {
      const i = (row * width + col) * channels;
      if (pixels[i] - Math.max(pixels[i + 1], pixels[i + 2]) > 100) n++;
    }
  }
  return n;
}

/** pointOf is where the whole map, as the page first shows it, has a place: see home in src/map/chart.ts. */
export function pointOf(lon, lat, { width, height }) {
  const world = 512 * 2 ** Math.max(Math.log2((width * 360) / 344 / 512), Math.log2(height / 512));
  const y = (deg) => (0.5 - Math.log(Math.tan(Math.PI / 4 + (deg * Math.PI) / 360)) / (2 * Math.PI)) * world;
  const middle = Math.min(Math.max(y(30), height / 2), world - height / 2); // the map does not leave the world
  const east = ((lon - 147 + 540) % 360) - 180;
  return { x: width / 2 + (east / 360) * world, y: height / 2 + y(lat) - middle };
}
