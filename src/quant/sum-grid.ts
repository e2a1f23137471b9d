/** The grid that a layer's requantizer makes codes on: its output's, or the indices of a table. */
import type { Clamp } from '../frontend/graph.js';
import type { FloatConv, FloatFunction, FloatMul } from './float-network.js';
import type { CodeTensor } from './network.js';
import { codeOf } from './quantizer.js';
import type { SumGrid } from './requantize-sums.js';
import type { TensorStatistics } from './tensor-statistics.js';

type TableFunction = Extract<FloatFunction, { readonly kind: 'table' }>;

export interface TableSource {
  readonly bits: number;
  readonly statisticsOf: (tensor: string) => TensorStatistics;
}

/** @param input the tensor whose codes are the sums themselves, where a function alone is looked up; else null */
export function sumGrid(
  layer: Pick<FloatConv | FloatMul, 'clamp' | 'function'>,
  output: CodeTensor,
  input: CodeTensor | null,
  tables: TableSource,
): SumGrid {
  const { clamp, function: applied } = layer;
  const { scale, zero } = output;
  const top = 2 ** output.bits - 1;
  if (applied === null) return { scale, zero, ...codeLimits(clamp, output, top), sign: false, table: null };
  if (applied.kind === 'sign') {
    return { scale, zero, lo: codeOf(-1, output, top), hi: codeOf(1, output, top), sign: true, table: null };
  }
  const whole = input !== null && input.bits <= tables.bits;
  const index = whole
    ? { scale: input.scale, zero: input.zero, count: 2 ** input.bits }
    : indexGrid(applied, clamp, output, tables);
  const codeAt = (position: number): number =>
    codeOf(applied.of(clamped(Math.fround(index.scale * (position - index.zero)), clamp)), output, top);
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

/** How far the grid may reach beyond what calibration saw, as parts of it: to where the code no longer changes, else a little. */
const TO_THE_END = 1;
const BEYOND = 1 / 8;
/** Past this the code no longer changes. */
const FAR = 1024;
/** Arguments looked at for where the code begins to change and where it ends. */
const PROBES = 4096;

/** Evenly over the arguments between which the code changes. */
function indexGrid(
  { of, argument }: TableFunction,
  clamp: Clamp,
  output: CodeTensor,
  { bits, statisticsOf }: TableSource,
): { readonly scale: number; readonly zero: number; readonly count: number } {
  const { min, max } = statisticsOf(argument);
  const top = 2 ** output.bits - 1;
  const codeAt = (x: number): number => codeOf(of(clamped(Math.fround(x), clamp)), output, top);
  const reach = (end: number, outwards: number): number => {
    const settled = codeAt(end + TO_THE_END * outwards) === codeAt(end + FAR * outwards);
    return end + (settled ? TO_THE_END : BEYOND) * outwards;
  };
  const [from, to] = [reach(min, min - max), reach(max, max - min)];
  const probe = (i: number): number => from + ((to - from) * i) / (PROBES - 1);
  const codes = Int32Array.from({ length: PROBES }, (_, i) => codeAt(probe(i)));
  const first = codes.findIndex((code) => code !== codes[0]);
  if (first < 0) return { scale: 1, zero: 0, count: 1 };
  const last = codes.findLastIndex((code) => code !== codes.at(-1));
  const [least, most] = [probe(first - 1), probe(last + 1)];
  const count = 2 ** bits;
  // One index more on each side, so that rounding leaves the end codes to the ends.
  const scale = Math.fround((most - least) / (count - 3));
  return { scale, zero: 1 - Math.round(least / scale), count };
}
