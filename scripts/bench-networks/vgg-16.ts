/**
 * VGG-16 at 224x224: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
 * configuration D.
 */
import { finish, openDraft } from './draft.js';
import { conv, dense } from './layers.js';
import { flatten, maxPool, relu } from './maps.js';

/** Channels of the 3x3 convolutions; a pool by 2 follows each stage. */
const STAGES = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

export function vgg16(): Uint8Array {
  const draft = openDraft('vgg-16', [1, 3, 224, 224]);
  let x = draft.input;
  for (const stage of STAGES) {
    for (const channels of stage) x = relu(draft, conv(draft, x, channels, { kernel: 3, bias: true }));
    x = maxPool(draft, x, 2, 2);
  }
  x = flatten(draft, x);
  for (const outputs of [4096, 4096]) x = relu(draft, dense(draft, x, outputs, 2));
  return finish(draft, [dense(draft, x, 1000)]);
}
