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

const door: [number, number, number, number] = [7.5, 13.5, 9, 7];
const bar: [number, number, number, number] = [5.5, 10, 13, 4];

/** icons draws every image of the map in the colours of a theme, at twice the size they are shown. */
export function icons(k: Colours): { pixelRatio: number; images: Record<string, ImageData> } {
  return {
    pixelRatio: ratio,
    images: {
      'ship-sea': image(ship, k.sea, k.halo, 20),
      'ship-late': image(ship, k.late, k.halo, 20),
      'plane-air': image(plane, k.air, k.halo, 22),
      'plane-late': image(plane, k.late, k.halo, 22),
      'house-room': image(house, k.good, k.halo, 24, door),
      'house-tight': image(house, k.late, k.halo, 24, door),
      'house-full': image(house, k.bad, k.halo, 24, door),
      'passage-open': image(diamond, k.halo, k.sea, 12),
      'passage-shut': image(disc, k.bad, k.halo, 26, bar),
    },
  };
}
