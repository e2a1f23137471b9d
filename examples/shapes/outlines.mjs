/**
 * The ten shapes, each as a test of a point: x to the right, y down, the shape about one unit in radius.
 * @type {readonly { name: string, inside: (x: number, y: number) => boolean }[]}
 */
export const SHAPES = [
  { name: 'circle', inside: (x, y) => x * x + y * y <= 0.72 },
  { name: 'ring', inside: (x, y) => x * x + y * y <= 0.9 && x * x + y * y >= 0.32 },
  { name: 'square', inside: (x, y) => Math.abs(x) <= 0.74 && Math.abs(y) <= 0.74 },
  { name: 'triangle', inside: polygon([0, -1, 0.92, 0.68, -0.92, 0.68]) },
  {
    name: 'star',
    // Ten corners at multiples of 36 degrees, outer radius 1.1, inner radius 0.44.
    inside: polygon(
      [
        [0, -1.1, 0.259, -0.356, 1.046, -0.34, 0.418, 0.136, 0.647, 0.89],
        [0, 0.44, -0.647, 0.89, -0.418, 0.136, -1.046, -0.34, -0.259, -0.356],
      ].flat(),
    ),
  },
  { name: 'heart', inside: heart },
  {
    name: 'cross',
    inside: (x, y) => (Math.abs(x) <= 0.3 && Math.abs(y) <= 0.98) || (Math.abs(y) <= 0.3 && Math.abs(x) <= 0.98),
  },
  { name: 'moon', inside: (x, y) => x * x + y * y <= 0.95 && (x - 0.5) * (x - 0.5) + y * y >= 0.62 },
  { name: 'arrow', inside: polygon([0, -1.05, 0.8, -0.1, 0.3, -0.1, 0.3, 1, -0.3, 1, -0.3, -0.1, -0.8, -0.1]) },
  { name: 'bolt', inside: polygon([0.35, -1.1, -0.62, 0.18, -0.06, 0.18, -0.35, 1.1, 0.62, -0.24, 0.08, -0.24]) },
];

const heartTip = polygon([-0.93, -0.1, -0.5, -0.36, 0.5, -0.36, 0.93, -0.1, 0, 1]);

/** Two discs above a tip. */
function heart(x, y) {
  const dx = Math.abs(x) - 0.5;
  const dy = y + 0.36;
  return dx * dx + dy * dy <= 0.25 || heartTip(x, y);
}

/** Even-odd rule over the corners x0, y0, x1, y1, ... */
function polygon(corners) {
  return (x, y) => {
    let inside = false;
    for (let i = 0, j = corners.length - 2; i < corners.length; j = i, i += 2) {
      const [xi, yi, xj, yj] = [corners[i], corners[i + 1], corners[j], corners[j + 1]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  };
}
