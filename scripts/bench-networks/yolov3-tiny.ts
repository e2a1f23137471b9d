/**
 * YOLOv3-tiny at 416x416 for the 80 classes of COCO: Redmon and Farhadi, "YOLOv3: an incremental improvement", arXiv:1804.02767,
 * as darknet's cfg/yolov3-tiny.cfg has it. Its outputs are what the two [yolo] layers read, [1, 255, 13, 13] and [1, 255, 26, 26]:
 * three boxes of 4 + 1 + 80 values a place.
 */
import { type Draft, finish, openDraft, type Tensor } from './draft.js';
import { batchNorm, conv } from './layers.js';
import { concat, doubled, leakyRelu, maxPool } from './maps.js';

const SLOPE = 0.1;
const HEAD = 3 * (4 + 1 + 80);

export function yolov3Tiny(): Uint8Array {
  const draft = openDraft('yolov3-tiny', [1, 3, 416, 416]);
  let x = draft.input;
  for (const channels of [16, 32, 64, 128]) x = maxPool(draft, block(draft, x, channels, 3), 2, 2);
  const fine = block(draft, x, 256, 3);
  x = block(draft, maxPool(draft, fine, 2, 2), 512, 3);
  // Darknet pads a pool of stride 1 by one row and column at the end.
  x = block(draft, maxPool(draft, x, 2, 1, [0, 0, 1, 1]), 1024, 3);
  const coarse = block(draft, x, 256, 1);
  const first = head(draft, block(draft, coarse, 512, 3));
  const raised = doubled(draft, block(draft, coarse, 128, 1));
  const second = head(draft, block(draft, concat(draft, raised, fine), 256, 3));
  return finish(draft, [first, second]);
}

function block(draft: Draft, x: Tensor, channels: number, kernel: number): Tensor {
  return leakyRelu(draft, batchNorm(draft, conv(draft, x, channels, { kernel })), SLOPE);
}

function head(draft: Draft, x: Tensor): Tensor {
  return conv(draft, x, HEAD, { kernel: 1, bias: true, gain: 1 });
}
