/** The networks of the bench and their inputs, written as .npz files of the models' own float32 values. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { renderedSet } from '../../examples/shapes/make-data.mjs';
import { npy, npz } from '../../examples/shapes/npz.mjs';
import { SEEDS } from '../../examples/shapes/render.mjs';
import { ROOT } from '../lib/systole.mjs';

/** Models trained by others, beside the project; rows that need them are skipped where they are absent. */
const SHARED = `${ROOT}../shared/models`;

/**
 * Each: title, ONNX file, file it needs or null where all is in the project, and how its inputs come about.
 * images(count) -> .npz bytes with inputs and labels, calibration() -> .npz bytes with inputs.
 */
export const NETWORKS = {
  shapes: {
    title: 'shapes',
    model: `${ROOT}examples/shapes/shapes.onnx`,
    images: (count) => renderedSet({ ...SEEDS.unseen, count: Math.min(count, SEEDS.unseen.count) }),
    calibration: () => renderedSet(SEEDS.calibration),
    count: 1000,
  },
  mnist: {
    title: 'mnist-8-float',
    model: `${SHARED}/mnist-8-float.onnx`,
    images: (count) => sharedImages('mnist-10k', count, [1, 28, 28], [1, 28, 28]),
    calibration: () => sharedImages('mnist-10k', 64, [1, 28, 28], [1, 28, 28]),
    count: 1000,
  },
  resnet8: {
    title: 'resnet8-float',
    model: `${SHARED}/resnet8-float.onnx`,
    images: (count) => sharedImages('cifar10-100', count, [32, 32, 3], [3, 32, 32]),
    // There are no other images: calibrated on those it is judged on.
    calibration: () => sharedImages('cifar10-100', 100, [32, 32, 3], [3, 32, 32]),
    count: 100,
  },
};

export const isPresent = (network) => existsSync(network.model);

/** Writes the inputs once into folder; returns the file's path. */
export function inputFile(folder, key, count) {
  const path = `${folder}/${key}-${count ?? 'calibration'}.npz`;
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, count === undefined ? NETWORKS[key].calibration() : NETWORKS[key].images(count));
  return path;
}

/** First `count` images of a shared set as float32, planes first. from: [h, w] or [h, w, c] with c last where it differs from to. */
function sharedImages(name, count, from, to) {
  const files = unzipSync(readFileSync(`${SHARED}/data/${name}.npz`));
  const each = to.reduce((product, n) => product * n, 1);
  const pixels = values(files['images.npy']);
  const n = Math.min(count, pixels.length / each);
  const inputs = new Float32Array(n * each);
  const channelsLast = from[0] !== to[0];
  const [channels, area] = [to[0], to[1] * to[2]];
  for (let i = 0; i < n * each; i++) {
    const at = i % each;
    inputs[i] = pixels[channelsLast ? i - at + (at % area) * channels + Math.floor(at / area) : i];
  }
  const labels = BigInt64Array.from(values(files['labels.npy']).subarray(0, n), (label) => BigInt(label));
  return npz({ inputs: npy('<f4', [n, ...to], inputs), labels: npy('<i8', [n], labels) });
}

/** Bytes of a u8 .npy file after its header. */
function values(file) {
  const text = new TextDecoder('latin1').decode(file.subarray(0, 128));
  if (!text.includes("'|u1'")) throw new Error('shared data: expected u8 arrays');
  return file.subarray(10 + file[8] + 256 * file[9]);
}
