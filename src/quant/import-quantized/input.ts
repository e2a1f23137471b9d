/** The model's input: what stands in front of its first quantizer is done by the host, operation by operation. */
import { SystoleError } from '../../base/error.js';
import type { AffineNode, QuantNode } from '../../frontend/graph.js';
import type { MapShape } from '../float-network.js';
import type { InputAffine, InputQuantizer } from '../network.js';
import { type CodeGrid, codeGrid } from './grid.js';

/** Input values as they come, and what the model has done to them so far. */
export interface RealInput {
  readonly kind: 'input';
  readonly name: string;
  readonly shape: MapShape;
  readonly before: readonly InputAffine[];
}

export function affineInput(input: RealInput, { scale, shift, divisor, clamp }: AffineNode): RealInput {
  const by = divisor === undefined ? { scale: alike(scale) } : { scale: alike(divisor), divides: true as const };
  return { ...input, before: [...input.before, { ...by, shift: alike(shift), ...clamp }] };
}

/** How many bits an input code has in the stream. */
const STREAM_BITS = 16;

export interface InputGrid {
  readonly grid: CodeGrid;
  readonly bits: number;
  /** null: clamp(roundHalfEven(x/scale) + zero) does the same. */
  readonly quantizer: InputQuantizer | null;
}

/** @throws SystoleError network-unsupported for more than 16 bits, and for thresholds */
export function inputGrid(input: RealInput, node: QuantNode, padded: boolean): InputGrid {
  const { quantizer: q } = node;
  if (q.kind === 'thresholds') {
    throw new SystoleError('network-unsupported', 'thresholds quantize the input itself', {
      where: node.name,
      hint: 'give the codes of the input with --preprocess: the thresholds are then the first layer',
    });
  }
  const grid = codeGrid(q, padded, node.name);
  const bits = Math.max(1, Math.ceil(Math.log2(Math.max(grid.hi, ...grid.zeros.map(Math.ceil)) + 1)));
  if (bits > STREAM_BITS) {
    throw new SystoleError('network-unsupported', 'the input has codes of too many bits', {
      where: node.name,
      expected: `at most ${STREAM_BITS} bits`,
      actual: `${bits} bits`,
    });
  }
  const one = q.kind === 'uniform' && q.scale.length === 1 && q.zero.length === 1;
  const plain = one && q.round === 'half-even' && input.before.length === 0 && Number.isInteger(grid.zeros[0]);
  const simple =
    plain && grid.step === 1 && grid.lo === 0 && grid.hi === 2 ** bits - 1 && (!grid.inside || grid.added[0] === 0);
  if (simple) return { grid, bits, quantizer: null };
  const scale = q.kind === 'uniform' ? alike(q.scale) : [1];
  const [lo, hi] = [grid.lo / grid.step + grid.base, grid.hi / grid.step + grid.base];
  const rule = { round: grid.round, zeroInside: grid.inside, step: grid.step };
  return {
    grid,
    bits,
    quantizer: { before: input.before, scale, zero: [...grid.added], lo, hi, base: grid.base, ...rule },
  };
}

function alike(values: Float32Array): number[] {
  return values.every((x) => x === values[0]) ? [values[0]!] : Array.from(values);
}
