/**
 * CNV at 32x32 with one-bit weights and activations, the image in 8 bits: Umuroglu and others, "FINN: a framework for fast,
 * scalable binarized neural network inference", FPGA 2017; layers and quantizers of Brevitas' bnn_pynq CNV_1W1A.
 */
import { bipolarConv, bipolarDense, bipolarScores, centred, sevenFractionBits } from './bipolar.js';
import { finish, openDraft } from './draft.js';
import { flatten, maxPool } from './maps.js';

/** Of the 3x3 convolutions, a pool by 2 after the second and the fourth. */
const CHANNELS = [64, 64, 128, 128, 256, 256];
const POOLED = [1, 3];
/** Mean square of values even over -1..1. */
const EVEN = 1 / 3;

export function cnvW1a1(): Uint8Array {
  const draft = openDraft('cnv-w1a1', [1, 3, 32, 32]);
  let x = sevenFractionBits(draft, centred(draft, draft.input));
  for (const [i, channels] of CHANNELS.entries()) {
    x = bipolarConv(draft, x, channels, i === 0 ? EVEN : 1);
    if (POOLED.includes(i)) x = maxPool(draft, x, 2, 2);
  }
  x = flatten(draft, x);
  for (const outputs of [512, 512]) x = bipolarDense(draft, x, outputs);
  return finish(draft, [bipolarScores(draft, x, 10)]);
}
