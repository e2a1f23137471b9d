/**
 * MobileNetV1 at 224x224: Howard and others, "MobileNets: efficient convolutional neural networks for mobile vision applications",
 * arXiv:1704.04861, table 1, with ReLU as there.
 */
import { finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv, dense, depthwise } from './layers.js';
import { globalAverage, relu } from './maps.js';

/** Of each depthwise separable layer: channels after it, stride in it. */
const LAYERS = [
  ...[[64, 1] as const, [128, 2] as const, [128, 1] as const, [256, 2] as const, [256, 1] as const, [512, 2] as const],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  ...[[1024, 2] as const, [1024, 1] as const],
];

export const mobilenetV1 = (): Uint8Array => mobilenetV1Of('mobilenet-v1', { width: 1, side: 224, classes: 1000 });

export interface MobilenetOptions {
  /** Multiplies every number of channels: alpha in the paper. */
  readonly width: number;
  /** Of the image. */
  readonly side: number;
  readonly classes: number;
  /** Of the convolutions, besides the batch norm's; defaults to none. */
  readonly bias?: boolean;
}

export function mobilenetV1Of(name: string, { width, side, classes, bias = false }: MobilenetOptions): Uint8Array {
  const draft = openDraft(name, [1, 3, side, side]);
  const active = (x: Tensor): Tensor => relu(draft, batchNorm(draft, x));
  let x = active(conv(draft, draft.input, 32 * width, { kernel: 3, stride: 2, padding: 'same', bias }));
  for (const [channels, stride] of LAYERS) {
    x = active(depthwise(draft, x, { kernel: 3, stride, padding: 'same', bias }));
    x = active(conv(draft, x, channels * width, { kernel: 1, bias }));
  }
  return finish(draft, [dense(draft, globalAverage(draft, x), classes)]);
}
