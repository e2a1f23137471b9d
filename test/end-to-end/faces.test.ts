/** The face detector with its box decoding on the host, at 8 bits, on photographs that it was not calibrated on. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyPreprocess } from '../../src/base/preprocess/apply.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { openFastModel } from '../../src/quant/fast/open-fast-model.js';
import { outputFrame } from '../../src/quant/frame.js';
import { inputCodes, modelOutputs } from '../../src/quant/numerics.js';
import { quantizeGraph } from '../../src/quant/quantize-graph.js';
import { projectRoot } from '../sim/rtl-files.js';
import { decodeJpeg, type Picture } from '../support/jpeg.js';

const models = join(projectRoot, '../shared/models');
const faces = join(models, 'data/faces');
const model = join(models, 'ultraface-rfb-320-float.onnx');
const SCORE = 0.7;
const SUPPRESS = 0.3;
const MATCH = 0.5;

/** left, top, right, bottom */
type Box = readonly [number, number, number, number];

function inputOf({ width, height, rgb }: Picture): Float32Array {
  const steps = [
    { step: 'resize', height: 240, width: 320, method: 'bilinear', axes: [0, 1] },
    { step: 'transpose', axes: [2, 0, 1] },
    { step: 'mean', values: 127 },
    { step: 'std', values: 128 },
  ] as const;
  return applyPreprocess(steps as never, { shape: [height, width, 3], data: Float32Array.from(rgb) }, 'test').data;
}

function mirrored({ width, height, rgb }: Picture): Picture {
  const turned = Uint8Array.from(rgb, (_, i) => {
    const x = Math.floor(i / 3) % width;
    return rgb[i + 3 * (width - 1 - 2 * x)]!;
  });
  return { width, height, rgb: turned };
}

function overlap(a: Box, b: Box): number {
  const side = (i: 0 | 1): number => Math.max(0, Math.min(a[i + 2]!, b[i + 2]!) - Math.max(a[i]!, b[i]!));
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
  const both = side(0) * side(1);
  return both / (area(a) + area(b) - both);
}

/** Boxes of at least the score, none of which hides another. */
function detections(scores: Float32Array, boxes: Float32Array, { width, height }: Picture): Box[] {
  const candidates = Array.from({ length: scores.length / 2 }, (_, i) => i).filter((i) => scores[2 * i + 1]! > SCORE);
  candidates.sort((a, b) => scores[2 * b + 1]! - scores[2 * a + 1]!);
  const kept: Box[] = [];
  for (const i of candidates) {
    const [x0, y0, x1, y1] = boxes.subarray(4 * i, 4 * i + 4) as unknown as Box;
    const box: Box = [x0 * width, y0 * height, x1 * width, y1 * height];
    if (kept.every((other) => overlap(box, other) <= SUPPRESS)) kept.push(box);
  }
  return kept;
}

describe.skipIf(!existsSync(model))('the face detector (skipped where ../shared/models is absent)', () => {
  it('finds at least 42 of the 43 faces with 8-bit weights, with at most 2 false boxes', {
    timeout: 600_000,
  }, async () => {
    const truth = Object.entries(JSON.parse(readFileSync(join(faces, 'boxes.json'), 'utf8')) as Record<string, Box[]>);
    const pictures = truth.map(([name]) => decodeJpeg(readFileSync(join(faces, name))));
    const graph = importOnnx(readFileSync(model));
    const calibration = await calibrate(
      graph,
      pictures.map((picture) => inputOf(mirrored(picture))),
    );
    const widths = { mBits: 34, bBits: 64, nBits: 6 };
    const network = quantizeGraph(graph, calibration, { weights: 8, activations: 8, ends: 8, widths });
    const fast = openFastModel(network);
    let [found, total, wrong] = [0, 0, 0];
    for (const [i, picture] of pictures.entries()) {
      const frame = outputFrame(network, fast.run(inputCodes(network, inputOf(picture))));
      const outputs = modelOutputs(network, frame);
      const boxes = detections(outputs.get('scores')!, outputs.get('boxes')!, picture);
      const real = truth[i]![1].map(([x, y, w, h]): Box => [x, y, x + w, y + h]);
      total += real.length;
      found += real.filter((face) => boxes.some((box) => overlap(box, face) >= MATCH)).length;
      wrong += boxes.filter((box) => !real.some((face) => overlap(box, face) >= MATCH)).length;
    }
    expect(total).toBe(43);
    expect(found).toBeGreaterThanOrEqual(42);
    expect(wrong).toBeLessThanOrEqual(2);
  });
});
