/**
 * TFC at 28x28 with one-bit weights, activations and pixels, 784-64-64-64-10: the tiny form of the fully connected networks of
 * Umuroglu and others, "FINN: a framework for fast, scalable binarized neural network inference", FPGA 2017; layers and
 * quantizers of Brevitas' bnn_pynq TFC_1W1A.
 */
import { bipolar, bipolarDense, bipolarScores, centred } from './bipolar.js';
import { finish, openDraft } from './draft.js';
import { flatten } from './maps.js';

export function tfcW1a1(): Uint8Array {
  const draft = openDraft('tfc-w1a1', [1, 1, 28, 28]);
  let x = bipolar(draft, centred(draft, flatten(draft, draft.input)));
  for (const outputs of [64, 64, 64]) x = bipolarDense(draft, x, outputs);
  return finish(draft, [bipolarScores(draft, x, 10)]);
}
