/**
 * MobileNetV2 at 224x224: Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: inverted residuals and linear bottlenecks",
 * CVPR 2018, table 2.
 */
import { type Draft, finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv, dense, depthwise } from './layers.js';
import { add, globalAverage, relu6 } from './maps.js';

/** Rows of the table: expansion, channels, blocks, stride of the first of them. */
const ROWS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
/** So that the sum of several blocks stays in the range of one. */
const BRANCH = 0.7;

export function mobilenetV2(): Uint8Array {
  const draft = openDraft('mobilenet-v2', [1, 3, 224, 224]);
  let x = relu6(draft, batchNorm(draft, conv(draft, draft.input, 32, { kernel: 3, stride: 2 })));
  for (const [expansion, channels, blocks, stride] of ROWS) {
    for (let i = 0; i < blocks; i++)
      x = invertedResidual(draft, x, { expansion, channels, stride: i === 0 ? stride : 1 });
  }
  x = relu6(draft, batchNorm(draft, conv(draft, x, 1280, { kernel: 1, gain: 1 })));
  return finish(draft, [dense(draft, globalAverage(draft, x), 1000)]);
}

function invertedResidual(
  draft: Draft,
  x: Tensor,
  { expansion, channels, stride }: { readonly expansion: number; readonly channels: number; readonly stride: number },
): Tensor {
  const inputs = x.shape[1]!;
  // A block's input has no activation before it, so that its mean square is already that of the sum.
  const wide =
    expansion === 1 ? x : relu6(draft, batchNorm(draft, conv(draft, x, expansion * inputs, { kernel: 1, gain: 1 })));
  const filtered = relu6(draft, batchNorm(draft, depthwise(draft, wide, { kernel: 3, stride })));
  const narrow = conv(draft, filtered, channels, { kernel: 1 });
  if (stride !== 1 || inputs !== channels) return batchNorm(draft, narrow);
  return add(draft, x, batchNorm(draft, narrow, { scale: BRANCH }));
}
