/** The grid that a layer's requantizer makes codes on: its output's, or the indices of a table. */
import type { Clamp } from '../frontend/graph.js';
import type { FloatConv, FloatMul } from './float-network.js';
import { indexGrid, type RealRange } from './index-grid.js';
import type { CodeTensor } from './network.js';
import { codeOf } from './quantizer.js';
import type { SumGrid } from './requantize-sums.js';

export interface TableSource {
  readonly bits: number;
  /** What calibration has seen of a tensor. */
  readonly statisticsOf: (tensor: string) => RealRange;
}

/** What a layer's sums are. */
export interface Sums {
  /** The tensor whose codes they are, where a function alone is looked up; else null. */
  readonly input: CodeTensor | null;
  readonly reach: RealRange;
}

export function sumGrid(
  layer: Pick<FloatConv | FloatMul, 'clamp' | 'function'>,
  output: CodeTensor,
  { input, reach }: Sums,
  { bits, statisticsOf }: TableSource,
): SumGrid {
  const { clamp, function: applied } = layer;
  const { scale, zero } = output;
  const top = 2 ** output.bits - 1;
  if (applied === null) return { scale, zero, ...codeLimits(clamp, output, top), sign: false, table: null };
  if (applied.kind === 'sign') {
    return { scale, zero, lo: codeOf(-1, output, top), hi: codeOf(1, output, top), sign: true, table: null };
  }
  const whole = input !== null && input.bits <= bits;
  const valueAt = (x: number): number => applied.of(clamped(Math.fround(x), clamp));
  const index = whole
    ? { scale: input.scale, zero: input.zero, count: 2 ** input.bits }
    : indexGrid({ valueAt, turns: applied.turns, output, reach, seen: statisticsOf(applied.argument) }, bits);
  const codeAt = (position: number): number => codeOf(valueAt(index.scale * (position - index.zero)), output, top);
  const codes = Uint16Array.from({ length: index.count }, (_, i) => codeAt(i));
  const turns = applied.turns.map((x) => x / index.scale + index.zero);
  const table = { codes, codeAt, turns, whole };
  return { scale: index.scale, zero: index.zero, lo: 0, hi: index.count - 1, sign: false, table };
}

/** Clamping reals and then quantizing is clamping codes: quantization is monotone. */
function codeLimits({ min, max }: Clamp, output: CodeTensor, top: number): Pick<SumGrid, 'lo' | 'hi'> {
  return {
    lo: min === null ? 0 : codeOf(min, output, top),
    hi: max === null ? top : codeOf(max, output, top),
  };
}

function clamped(x: number, { min, max }: Clamp): number {
  return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, x));
}
