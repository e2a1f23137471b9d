/**
 * The residual networks for ImageNet: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, table 1,
 * shortcuts of option B. A block's stride lies in its 3x3 convolution (torchvision's ResNet, "v1.5"), not in the 1x1 before it.
 */
import { type Draft, finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv, dense } from './layers.js';
import { add, globalAverage, maxPool, relu } from './maps.js';

/** Widths of the four stages. */
const WIDTHS = [64, 128, 256, 512];
const CLASSES = 1000;
/** So that the sum of many blocks stays in the range of one. */
const BRANCH = 0.5;

type Block = (draft: Draft, x: Tensor, width: number, stride: number) => Tensor;

/** `counts`: blocks of each stage. */
export function residualNetwork(name: string, block: Block, counts: readonly number[]): Uint8Array {
  const draft = openDraft(name, [1, 3, 224, 224]);
  const stem = relu(draft, batchNorm(draft, conv(draft, draft.input, 64, { kernel: 7, stride: 2 })));
  let x = maxPool(draft, stem, 3, 2, [1, 1, 1, 1]);
  for (const [stage, count] of counts.entries()) {
    for (let i = 0; i < count; i++) x = block(draft, x, WIDTHS[stage]!, stage > 0 && i === 0 ? 2 : 1);
  }
  return finish(draft, [dense(draft, globalAverage(draft, x), CLASSES)]);
}

/** Two 3x3 convolutions. */
export function basicBlock(draft: Draft, x: Tensor, width: number, stride: number): Tensor {
  const inner = relu(draft, batchNorm(draft, conv(draft, x, width, { kernel: 3, stride })));
  return joined(draft, x, conv(draft, inner, width, { kernel: 3 }), stride);
}

/** 1x1 to `width`, 3x3, 1x1 to four times as many channels. */
export function bottleneck(draft: Draft, x: Tensor, width: number, stride: number): Tensor {
  const narrow = relu(draft, batchNorm(draft, conv(draft, x, width, { kernel: 1 })));
  const inner = relu(draft, batchNorm(draft, conv(draft, narrow, width, { kernel: 3, stride })));
  return joined(draft, x, conv(draft, inner, 4 * width, { kernel: 1 }), stride);
}

/** The shortcut is a 1x1 convolution where the shape changes. */
function joined(draft: Draft, x: Tensor, branch: Tensor, stride: number): Tensor {
  const channels = branch.shape[1]!;
  const shortcut =
    stride === 1 && x.shape[1] === channels
      ? x
      : batchNorm(draft, conv(draft, x, channels, { kernel: 1, stride, gain: 1 }));
  return relu(draft, add(draft, batchNorm(draft, branch, { scale: BRANCH }), shortcut));
}
