/** A network of scripts/bench-networks and random samples of its input, as files. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { BENCH_NETWORKS } from '../../dist/scripts/bench-networks/table.js';
import { randomSource } from '../../dist/src/base/random.js';
import { npy, npz } from '../../examples/shapes/npz.mjs';

/** Samples of a small input, and of a large one. */
const SAMPLES = { small: 64, large: 2 };
const LARGE = 10_000;

/** @param {string} name @param {string} folder @returns {{ model: string, samples: string }} paths, written where they are missing */
export function networkFiles(name, folder) {
  const { write, inputShape, range } = BENCH_NETWORKS.find((network) => network.name === name);
  const model = `${folder}/${name}.onnx`;
  const samples = `${folder}/${name}-samples.npz`;
  if (existsSync(samples)) return { model, samples };
  mkdirSync(folder, { recursive: true });
  writeFileSync(model, write());
  const random = randomSource(1);
  const [low, high] = range;
  const each = inputShape.reduce((product, n) => product * n, 1);
  const count = each < LARGE ? SAMPLES.small : SAMPLES.large;
  const values = Float32Array.from({ length: count * each }, () => low + (high - low) * random.uniform());
  writeFileSync(samples, npz({ inputs: npy('<f4', [count, ...inputShape.slice(1)], values) }));
  return { model, samples };
}
