/** Quantized codes that leave the network: the host makes them of the real values that the array gives. */
import { SystoleError } from '../../base/error.js';
import type { HostOp } from '../host-step.js';
import { type HostInput, hostStep } from './host.js';
import { type ImportState, unusedName } from './state.js';
import type { HostValue } from './value.js';

/**
 * round(x / scale) + zero point, x being on the grid.
 * @throws SystoleError graph-limit for a grid of several scales
 */
export function hostCodes(state: ImportState, value: HostValue, source: string): HostValue {
  const { grid, ...real } = value;
  if (grid === undefined) return value;
  if (grid.unmade) return real;
  const { scale, zero } = grid.quantizer;
  if (scale.length > 1 || zero.length > 1) {
    throw new SystoleError('graph-limit', 'the output is codes with a scale for each channel', {
      where: `output ${source}`,
      expected: 'one scale and zero point',
      hint: 'let a DequantizeLinear stand at the end',
    });
  }
  const step = (now: HostValue, op: HostOp, ...others: readonly HostInput[]): HostValue =>
    hostStep(state, op, [now, ...others], now.shape, { name: unusedName(state, `${value.name}.codes`), source });
  const scalar = (data: Float32Array): HostInput => ({ kind: 'constant', shape: [], data });
  const steps = step(real, { kind: 'binary', fn: 'div' }, scalar(scale));
  const whole = step(steps, { kind: 'unary', fn: 'round' });
  return zero[0] === 0 ? whole : step(whole, { kind: 'binary', fn: 'add' }, scalar(zero));
}
