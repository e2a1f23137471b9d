/**
 * Renders the example's images: one of ten shapes on a textured background, turned, stretched, lit
 * from a side, partly covered and noisy. A seed is an image; label = seed modulo 10.
 */
import { SHAPES } from './outlines.mjs';
import { randomSource } from './random.mjs';

/** Width and height, pixels. */
export const SIZE = 32;
export const CLASSES = SHAPES.map((shape) => shape.name);

/** Which seeds are whose. The network never saw `unseen`; hyper-parameters were chosen on `validation`. */
export const SEEDS = {
  unseen: { first: 0, count: 1000 },
  calibration: { first: 20000, count: 64 },
  validation: { first: 40000, count: 2000 },
  training: { first: 100000, count: 24000 },
};

/**
 * One image: RGB bytes, planes first ([3, SIZE, SIZE]).
 * @param {number} seed integer from 0
 * @returns {{ label: number, name: string, pixels: Uint8Array }}
 */
export function renderShape(seed) {
  const label = seed % SHAPES.length;
  const random = randomSource(seed);
  const picture = background(random);
  const fill = contrasting(random, picture);
  paintShape(picture, SHAPES[label].inside, fill, random);
  finish(picture, random);
  return { label, name: SHAPES[label].name, pixels: Uint8Array.from(picture.rgb, toByte) };
}

const toByte = (value) => Math.max(0, Math.min(255, Math.round(value)));
const colour = (random) => [random.between(0, 255), random.between(0, 255), random.between(0, 255)];
const mix = (a, b, t) => a.map((value, i) => value + (b[i] - value) * t);
const distance = (a, b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) * (value - b[i]), 0));

/** Two colours woven by stripes, squares, or clouds, and a few specks. */
function background(random) {
  const first = colour(random);
  let second = mix(first, colour(random), 0.4);
  if (random.chance(0.2)) second = first;
  const texture = [stripes, squares, clouds][random.below(3)](random);
  const rgb = new Float64Array(3 * SIZE * SIZE);
  const picture = { rgb, first, second };
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) put(picture, x, y, mix(first, second, texture(x, y)), 1);
  }
  for (let specks = random.below(4); specks > 0; specks--) {
    disc(picture, random.between(0, SIZE), random.between(0, SIZE), random.between(0.8, 2.6), colour(random));
  }
  return picture;
}

function stripes(random) {
  const [dx, dy] = random.direction();
  const period = random.between(3, 12);
  const start = random.between(0, period);
  const sharp = random.between(1, 4);
  return (x, y) => {
    const t = (x * dx + y * dy + start + 64 * period) / period;
    const wave = Math.abs(2 * (t - Math.floor(t)) - 1);
    return Math.max(0, Math.min(1, 0.5 + (wave - 0.5) * sharp));
  };
}

function squares(random) {
  const [dx, dy] = random.direction();
  const side = random.between(2.5, 8);
  return (x, y) => {
    const i = Math.floor((x * dx + y * dy) / side);
    const j = Math.floor((y * dx - x * dy) / side);
    return (i + j) & 1 ? 1 : 0;
  };
}

/** Random heights on a 6 x 6 lattice, bilinear between. */
function clouds(random) {
  const heights = Array.from({ length: 36 }, () => random.between(0, 1));
  const at = (i, j) => heights[j * 6 + i];
  return (x, y) => {
    const [u, v] = [(x * 5) / SIZE, (y * 5) / SIZE];
    const [i, j] = [Math.floor(u), Math.floor(v)];
    const top = at(i, j) + (at(i + 1, j) - at(i, j)) * (u - i);
    const bottom = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * (u - i);
    return top + (bottom - top) * (v - j);
  };
}

/** A colour that stands out from both colours of the background. */
function contrasting(random, { first, second }) {
  for (;;) {
    const candidate = colour(random);
    if (distance(candidate, first) > 120 && distance(candidate, second) > 120) return candidate;
  }
}

/** Nine samples a pixel; turned, scaled, stretched, moved; sometimes outlined; sometimes partly covered by a bar. */
function paintShape(picture, inside, fill, random) {
  const radius = random.between(9, 14);
  const reach = Math.max(0, SIZE / 2 - radius) * 0.9;
  const [cx, cy] = [SIZE / 2 + random.between(-reach, reach), SIZE / 2 + random.between(-reach, reach)];
  const [cos, sin] = random.direction();
  const [stretch, shear] = [random.between(0.84, 1.19), random.between(-0.16, 0.16)];
  const shade = mix(fill, colour(random), random.between(0, 0.3));
  const within = (px, py) => {
    const [dx, dy] = [(px - cx) / radius, (py - cy) / radius];
    const [x, y] = [dx * cos + dy * sin, dy * cos - dx * sin];
    return inside((x + shear * y) * stretch, y / stretch);
  };
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let hits = 0;
      for (let k = 0; k < 9; k++) {
        if (within(x + ((k % 3) + 0.5) / 3, y + (Math.floor(k / 3) + 0.5) / 3)) hits++;
      }
      if (hits > 0) put(picture, x, y, mix(fill, shade, y / SIZE), hits / 9);
    }
  }
  if (random.chance(0.5)) cover(picture, cx, cy, radius, random);
}

/** A bar one sixth of the shape wide, across its rim. */
function cover(picture, cx, cy, radius, random) {
  const paint = colour(random);
  const [nx, ny] = random.direction();
  const offset = random.between(0.35, 0.85) * radius;
  const half = random.between(0.06, 0.14) * radius;
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const across = (x + 0.5 - cx) * nx + (y + 0.5 - cy) * ny - offset;
      put(picture, x, y, paint, Math.max(0, Math.min(1, half + 0.5 - Math.abs(across))));
    }
  }
}

function disc(picture, cx, cy, radius, paint) {
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const gap = Math.sqrt((x + 0.5 - cx) * (x + 0.5 - cx) + (y + 0.5 - cy) * (y + 0.5 - cy)) - radius;
      put(picture, x, y, paint, Math.max(0, Math.min(1, 0.5 - gap)));
    }
  }
}

/** Light from one side and noise in every byte. */
function finish(picture, random) {
  const [dx, dy] = random.direction();
  const slope = random.between(0, 0.3) / SIZE;
  const noise = random.between(2, 16);
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const light = 1 + ((x - SIZE / 2) * dx + (y - SIZE / 2) * dy) * slope;
        const at = (plane * SIZE + y) * SIZE + x;
        picture.rgb[at] = picture.rgb[at] * light + random.bell() * noise;
      }
    }
  }
}

function put(picture, x, y, paint, opacity) {
  if (opacity <= 0) return;
  for (let plane = 0; plane < 3; plane++) {
    const at = (plane * SIZE + y) * SIZE + x;
    picture.rgb[at] += (paint[plane] - picture.rgb[at]) * opacity;
  }
}
