import type { Colours } from './theme';

const ratio = 2;

type Draw = (c: CanvasRenderingContext2D) => void;

// Shapes in a box of 24 by 24, pointing north.
const ship: Draw = (c) => {
  c.moveTo(12, 2);
  c.bezierCurveTo(15.5, 6, 16, 9, 16, 12);
  c.lineTo(16, 20);
  c.quadraticCurveTo(12, 22.5, 8, 20);
  c.lineTo(8, 12);
  c.bezierCurveTo(8, 9, 8.5, 6, 12, 2);
};

const plane: Draw = (c) => {
  c.moveTo(12, 1.5);
  c.quadraticCurveTo(13.4, 3, 13.4, 6);
  c.lineTo(13.4, 9.2);
  c.lineTo(22, 14.6);
  c.lineTo(22, 16.6);
  c.lineTo(13.4, 14);
  c.lineTo(13, 19);
  c.lineTo(15.8, 21.2);
  c.lineTo(15.8, 22.6);
  c.lineTo(12, 21.5);
  c.lineTo(8.2, 22.6);
  c.lineTo(8.2, 21.2);
  c.lineTo(11, 19);
  c.lineTo(10.6, 14);
  c.lineTo(2, 16.6);
  c.lineTo(2, 14.6);
  c.lineTo(10.6, 9.2);
  c.lineTo(10.6, 6);
  c.quadraticCurveTo(10.6, 3, 12, 1.5);
};

const house: Draw = (c) => {
  c.moveTo(12, 3.5);
  c.lineTo(21.5, 9.5);
  c.lineTo(21.5, 20.5);
  c.lineTo(2.5, 20.5);
  c.lineTo(2.5, 9.5);
  c.closePath();
};

const diamond: Draw = (c) => {
  c.moveTo(12, 3);
  c.lineTo(21, 12);
  c.lineTo(12, 21);
  c.lineTo(3, 12);
};

const disc: Draw = (c) => c.arc(12, 12, 9.5, 0, 2 * Math.PI);

function image(draw: Draw, fill: string, halo: string, size: number, mark?: [number, number, number, number]): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * ratio;
  const c = canvas.getContext('2d')!;
  c.scale((size * ratio) / 24, (size * ratio) / 24);
  c.lineJoin = 'round';
  c.beginPath();
  draw(c);
  c.closePath();
  c.lineWidth = 2.6;
  c.strokeStyle = halo;
  c.stroke();
  c.fillStyle = fill;
  c.fill();
  if (mark) {
    c.fillStyle = halo;
    c.fillRect(...mark);
  }
  return c.getImageData(0, 0, canvas.width, canvas.height);
}

// A warehouse in outline, filled from the floor up by the share of its room that is used.
function store(used: number, colour: string, k: Colours): ImageData {
  const size = 24 * ratio;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const c = canvas.getContext('2d')!;
  c.scale(ratio, ratio);
  c.lineJoin = 'round';
  const outline = () => {
    c.beginPath();
    house(c);
  };
  outline();
  c.lineWidth = 5.2;
  c.strokeStyle = k.halo;
  c.stroke();
  c.fillStyle = k.halo;
  c.fill();
  c.save();
  c.clip();
  c.fillStyle = colour;
  c.fillRect(0, 20.5 - 17 * used, 24, 24);
  c.restore();
  outline();
  c.lineWidth = 2.6;
  c.strokeStyle = colour;
  c.stroke();
  return c.getImageData(0, 0, size, size);
}

const bar: [number, number, number, number] = [5.5, 10, 13, 4];

const side = 64;

/** movers draws what moves, side by side in the order of iconOf, each in a square of 64 pixels. */
export function movers(k: Colours): ImageData {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [4 * side, side];
  const c = canvas.getContext('2d')!;
  const drawn: [Draw, string][] = [[ship, k.sea], [ship, k.late], [plane, k.air], [plane, k.late]];
  drawn.forEach(([draw, fill], i) => c.putImageData(image(draw, fill, k.halo, side / ratio), i * side, 0));
  return c.getImageData(0, 0, canvas.width, canvas.height);
}

/** icons draws every other image of the map in the colours of a theme, at twice the size they are shown. */
export function icons(k: Colours): { pixelRatio: number; images: Record<string, ImageData> } {
  return {
    pixelRatio: ratio,
    images: {
      ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((n) => [`house-${n}`, store(n / 5, n < 4 ? k.good : n < 5 ? k.late : k.bad, k)])),
      'house-q': store(0, k.faint, k),
      'house-x': image(house, k.bad, k.halo, 24, bar),
      'passage-open': image(diamond, k.halo, k.sea, 12),
      'passage-shut': image(disc, k.bad, k.halo, 26, bar),
    },
  };
}
