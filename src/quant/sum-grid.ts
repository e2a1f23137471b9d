/** The grid that a layer's requantizer makes codes on: its output's, or the indices of a table. */
import type { Clamp } from '../frontend/graph.js';
import type { TensorStatistics } from './calibrate.js';
import type { FloatConv, FloatFunction, FloatMul } from './float-network.js';
import type { CodeTensor } from './network.js';
import { codeOf } from './quantizer.js';
import type { SumGrid } from './requantize-sums.js';

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

/** Beyond what calibration saw, as a part of it: the function's tail where nothing was seen. */
const BEYOND = 1 / 8;
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
  const beyond = BEYOND * (max - min);
  const [from, width] = [min - beyond, max - min + 2 * beyond];
  const top = 2 ** output.bits - 1;
  const probe = (i: number): number => from + (width * i) / (PROBES - 1);
  const codes = Int32Array.from({ length: PROBES }, (_, i) =>
    codeOf(of(clamped(Math.fround(probe(i)), clamp)), output, top),
  );
  const first = codes.findIndex((code) => code !== codes[0]);
  if (first < 0) return { scale: 1, zero: 0, count: 1 };
  const last = codes.findLastIndex((code) => code !== codes.at(-1));
  const [least, most] = [probe(first - 1), probe(last + 1)];
  const count = 2 ** bits;
  const scale = Math.fround((most - least) / (count - 1));
  return { scale, zero: Math.round(-least / scale), count };
}
