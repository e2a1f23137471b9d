/**
 * The image classification network of MLPerf Tiny, ResNet-8 at 32x32, ten classes: Banbury and others, "MLPerf Tiny benchmark",
 * NeurIPS 2021 datasets and benchmarks. Without the softmax at its end.
 */
import { type Draft, finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv, dense } from './layers.js';
import { add, globalAverage, relu } from './maps.js';

export function resnet8(): Uint8Array {
  const draft = openDraft('resnet-8', [1, 3, 32, 32]);
  let x = relu(draft, normalized(draft, draft.input, 16, 1));
  for (const [channels, stride] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    const inner = relu(draft, normalized(draft, x, channels, stride));
    const branch = normalized(draft, inner, channels, 1);
    // This one has no batch norm.
    const shortcut =
      stride === 1 ? x : conv(draft, x, channels, { kernel: 1, stride, padding: 'same', bias: true, gain: 1 });
    x = relu(draft, add(draft, shortcut, branch));
  }
  return finish(draft, [dense(draft, globalAverage(draft, x), 10)]);
}

/** The convolutions have a bias although a batch norm follows. */
function normalized(draft: Draft, x: Tensor, channels: number, stride: number): Tensor {
  return batchNorm(draft, conv(draft, x, channels, { kernel: 3, stride, padding: 'same', bias: true }));
}
