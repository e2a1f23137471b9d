/** ONNX's NonMaxSuppression of one image, in float32, boxes of one score in the order of their index. */
import type { Constant } from '../../frontend/graph.js';
import type { HostOp } from '../../frontend/host-step.js';

type Nms = Extract<HostOp, { readonly kind: 'nms' }>;

/** Two corners. */
interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Rows of image, class and box, by class and falling score; the rest is -1. */
export function nonMaxSuppression(op: Nms, { data: boxes }: Constant, { data: scores, shape }: Constant): Float32Array {
  const [, classes = 0, count = 0] = shape;
  const rows = new Float32Array(3 * classes * op.perClass).fill(-1);
  let at = 0;
  for (let c = 0; c < classes; c++) {
    const score = (i: number): number => scores[c * count + i]!;
    const candidates = Array.from({ length: count }, (_, i) => i).filter((i) => score(i) > op.score);
    candidates.sort((a, b) => score(b) - score(a) || a - b);
    const taken: Box[] = [];
    for (const i of candidates) {
      if (taken.length === op.perClass) break;
      const box = boxAt(boxes, i, op.centre);
      if (taken.some((other) => overlaps(box, other, op.iou))) continue;
      taken.push(box);
      rows.set([0, c, i], at);
      at += 3;
    }
  }
  return rows;
}

function boxAt(boxes: Float32Array, index: number, centre: boolean): Box {
  const [a, b, c, d] = boxes.subarray(4 * index, 4 * index + 4) as unknown as [number, number, number, number];
  if (!centre) return { y0: Math.min(a, c), x0: Math.min(b, d), y1: Math.max(a, c), x1: Math.max(b, d) };
  const [w, h] = [Math.fround(c / 2), Math.fround(d / 2)];
  return { x0: Math.fround(a - w), x1: Math.fround(a + w), y0: Math.fround(b - h), y1: Math.fround(b + h) };
}

/** More than `iou` of their union is in both. */
function overlaps(a: Box, b: Box, iou: number): boolean {
  const width = Math.fround(Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0));
  const height = Math.fround(Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0));
  if (!(width > 0 && height > 0)) return false;
  const both = Math.fround(width * height);
  const [areaA, areaB] = [areaOf(a), areaOf(b)];
  const union = Math.fround(Math.fround(areaA + areaB) - both);
  return areaA > 0 && areaB > 0 && union > 0 && Math.fround(both / union) > Math.fround(iou);
}

function areaOf({ x0, y0, x1, y1 }: Box): number {
  return Math.fround(Math.fround(x1 - x0) * Math.fround(y1 - y0));
}
