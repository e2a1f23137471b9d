/**
 * The keyword spotting network of MLPerf Tiny, a depthwise separable CNN over 49 frames of 10 features, 12 classes: Zhang, Suda,
 * Lai and Chandra, "Hello edge: keyword spotting on microcontrollers", arXiv:1711.07128; Banbury and others, "MLPerf Tiny
 * benchmark", NeurIPS 2021 datasets and benchmarks. Without the softmax at its end.
 */
import { finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv, dense, depthwise } from './layers.js';
import { globalAverage, relu } from './maps.js';

const CHANNELS = 64;
const LAYERS = 4;

export function dsCnn(): Uint8Array {
  const draft = openDraft('ds-cnn', [1, 1, 49, 10]);
  // The convolutions have a bias although a batch norm follows.
  const same = { padding: 'same', bias: true } as const;
  const active = (x: Tensor): Tensor => relu(draft, batchNorm(draft, x));
  let x = active(conv(draft, draft.input, CHANNELS, { ...same, kernel: [10, 4], stride: 2 }));
  for (let i = 0; i < LAYERS; i++) {
    x = active(depthwise(draft, x, { ...same, kernel: 3 }));
    x = active(conv(draft, x, CHANNELS, { ...same, kernel: 1 }));
  }
  return finish(draft, [dense(draft, globalAverage(draft, x), 12)]);
}
