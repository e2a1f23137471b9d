/** What preprocess steps make of bytes: the codes of an input that the model leaves open. */
import type { Preprocess, PreprocessStep } from '../../base/preprocess/steps.js';
import { roundHalfEven } from '../../quant/host/elementwise.js';
import type { InputCodes } from '../../quant/to-integer-network.js';

const BITS = 8;
const TOP = 2 ** BITS - 1;
/** What float32 steps may be off, in codes. */
const ROUNDING = 2 ** -12;

/** Codes whose real values are those of the bytes 0 .. 255; null where the steps scale channels differently, or put no byte at zero. */
export function preprocessGrid(steps: Preprocess): InputCodes | null {
  const values = Array.from({ length: TOP + 1 }, (_, byte) => byte);
  for (const step of steps) {
    const scaling = scalingOf(step);
    if (scaling === null) return null;
    values.forEach((x, i) => {
      values[i] = scaling(x);
    });
  }
  const scale = Math.fround((values[TOP]! - values[0]!) / TOP);
  if (!(scale > 0)) return null;
  const zero = Math.round(-values[0]! / scale);
  if (Math.abs(values[0]! / scale + zero) > ROUNDING) return null;
  const isCode = (x: number, byte: number): boolean => roundHalfEven(Math.fround(x / scale)) + zero === byte;
  return zero >= 0 && zero <= TOP && values.every(isCode) ? { bits: BITS, scale, zero: zero + 0 } : null;
}

/** null for channels of their own. */
function scalingOf(step: PreprocessStep): ((x: number) => number) | null {
  if (step.step !== 'scale' && step.step !== 'mean' && step.step !== 'std') return (x) => x;
  const given = [step.step === 'scale' ? step.by : step.values].flat();
  const by = Math.fround(given[0]!);
  if (given.some((v) => v !== given[0])) return null;
  if (step.step === 'scale') return (x) => Math.fround(x * by);
  return step.step === 'mean' ? (x) => Math.fround(x - by) : (x) => Math.fround(x / by);
}
