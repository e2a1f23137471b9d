/**
 * The visual wake words network of MLPerf Tiny, MobileNetV1 of width 0.25 at 96x96, two classes: Banbury and others, "MLPerf Tiny
 * benchmark", NeurIPS 2021 datasets and benchmarks; Howard and others, arXiv:1704.04861. The convolutions have a
 * bias although a batch norm follows; without the softmax at the end.
 */
import { mobilenetV1Of } from './mobilenet-v1.js';

export const visualWakeWords = (): Uint8Array =>
  mobilenetV1Of('visual-wake-words', { width: 0.25, side: 96, classes: 2, bias: true });
