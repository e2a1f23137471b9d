/** Functions of the accumulator that are no line, onto a grid: by a line all the same, a table, or 0/1 channels that are counted. */
import { SystoleError } from '../../base/error.js';
import type { Requantize } from '../network.js';
import { bareLayer, reachableRanges } from './bare-layer.js';
import { type CodeRuns, directionOf } from './code-runs.js';
import { countedCodes } from './counted-codes.js';
import { curvedRuns, isAlike } from './curved-runs.js';
import { fitLine } from './fit-line.js';
import { fitTable, type TableChannel, type TableFit } from './fit-table.js';
import type { CodeGrid } from './grid.js';
import { identityPending } from './layer-base.js';
import type { NetworkParts, Worth } from './network-parts.js';
import { slopeAndOffset } from './real-form.js';
import type { Coded, Pending } from './values.js';
import { wideCodes } from './wide-codes.js';

/** 0/1 channels for each channel: an exact layer of so many times the size is better than a table that is one code off. */
const FEW = 16;
/** Weights of the counting layers: still better than a table that is further off. */
const MOST_WEIGHTS = 2 ** 20;

export interface CurvedLayer {
  readonly parts: NetworkParts;
  readonly pending: Pending;
  readonly runs: readonly CodeRuns[];
  /** Channels whose values, where the pools take the largest, fall with the accumulator. */
  readonly down: readonly boolean[];
  readonly worth: Worth;
  readonly output: string;
  readonly sources: readonly string[];
}

/** @throws SystoleError network-unsupported */
export function curvedCodes(
  parts: NetworkParts,
  pending: Pending,
  grid: CodeGrid,
  output: string,
  sources: readonly string[],
): Coded {
  if (pending.residual !== null) {
    return curvedCodes(parts, wideCodes(parts, pending) ?? refuse(pending), grid, output, sources);
  }
  const ranges = reachableRanges(pending);
  const runs = curvedRuns(pending, grid, ranges);
  const lines = pending.channels.map(({ form }) => slopeAndOffset(form));
  const down = lines.map(([slope], c) => slope < 0 !== pending.falls[c]!);
  const most = runs.reduce((largest, { codes }) => codes.reduce((a, b) => Math.max(a, b), largest), 0);
  const worth = { scales: grid.scales, zero: grid.zeros[0]!, most };
  const layer: CurvedLayer = { parts, pending, runs, down, worth, output, sources };
  const line = lineCodes(layer);
  if (line !== null) return line;
  const fit = fitTable(
    tableChannels(layer),
    isAlike(pending, grid),
    2 ** parts.options.tableBits,
    parts.options.widths,
  );
  if (fit !== null && fit.exactness.kind !== 'approximate') return tableCodes(layer, fit);
  if (isCounted(layer, fit)) {
    if (pending.base.kind === 'window') return countedCodes(layer);
    const wide = wideCodes(parts, pending);
    if (wide !== null) return curvedCodes(parts, wide, grid, output, sources);
  }
  if (fit === null) throw refuse(pending);
  return tableCodes(layer, fit);
}

function isCounted({ pending, runs }: CurvedLayer, fit: TableFit | null): boolean {
  const each = runs.reduce((largest, { codes }) => Math.max(largest, codes.length - 1), 1);
  if (each <= FEW) return true;
  if (fit?.exactness.kind === 'approximate' && fit.exactness.maxCodes === 1) return false;
  const { channels } = pending.shape;
  const own = pending.base.kind === 'window' ? pending.base.weights.length : channels;
  return each * (own + channels * channels) <= MOST_WEIGHTS;
}

/** Indices that pools compare rise with what they stand for. */
function tableChannels({ pending, runs, down }: CurvedLayer): readonly TableChannel[] {
  return runs.map((own, c) => {
    const [slope, offset] = slopeAndOffset(pending.channels[c]!.form);
    const turn = pending.pools.length > 0 && slope < 0 !== down[c] ? -1 : 1;
    return { runs: own, line: { slope: turn * slope, offset: turn * offset } };
  });
}

function refuse({ base }: Pending): never {
  throw new SystoleError('network-unsupported', 'a function between an accumulator and its quantizer fits no table', {
    where: base.name,
    hint: 'quantize in front of the function as well',
  });
}

/** One requantizer for all of it; behind pools where it rises with what they compare. */
function lineCodes({ parts, pending, runs, down, worth, output, sources }: CurvedLayer): Coded | null {
  const { pools } = pending;
  const turned = runs.some((own, c) => own.codes.length > 1 && directionOf(own) !== (down[c] ? -1 : 1));
  if (pools.length > 0 && turned) return null;
  const lo = runs.reduce((smallest, { codes }) => codes.reduce((a, b) => Math.min(a, b), smallest), worth.most);
  const lines = runs.map((own) => fitLine(own, lo, worth.most, parts.options.widths));
  if (!lines.every((line) => line !== null)) return null;
  const name = pools.length > 0 ? parts.unusedTensor(pending.output) : output;
  const constants = { m: lines.map((l) => l.m), b: lines.map((l) => l.b), n: lines.map((l) => l.n) };
  const q: Requantize = { ...constants, round: 'floor', lo, hi: worth.most, residual: null };
  const bare = bareLayer(pending, parts.setting(pending, name, sources));
  const first = parts.addCodes(name, pending.shape, worth);
  const proven = runs.every((own) => own.proven);
  parts.add({ ...bare, requantize: q, exactness: { kind: proven ? 'exact' : 'exact-in-range' } });
  return parts.pooled(pools, first, output);
}

/** Behind pools the table is a layer of its own: what they compare are its indices. */
function tableCodes({ parts, pending, worth, output, sources }: CurvedLayer, fit: TableFit): Coded {
  const { m, b, n, table, exactness } = fit;
  const hi = table.length - 1;
  const indices: Requantize = { m, b, n, round: 'floor', lo: 0, hi, residual: null };
  if (pending.pools.length === 0) {
    const bare = bareLayer(pending, parts.setting(pending, output, sources));
    const made = parts.addCodes(output, pending.shape, worth);
    parts.add({ ...bare, requantize: { ...indices, table }, exactness });
    return made;
  }
  const name = parts.unusedTensor(pending.output);
  const bare = bareLayer(pending, parts.setting(pending, name, []));
  const first = parts.addCodes(name, pending.shape, { scales: worth.scales.slice(0, 1), zero: 0, most: hi });
  parts.add({ ...bare, requantize: indices, exactness: { kind: 'exact' } });
  const pooled = parts.pooled(pending.pools, first, parts.unusedTensor(`${output}.index`));
  const { shape } = pending.pools.at(-1)!;
  const identity = identityPending({ name: `${pending.base.name}.table`, output, sources }, pooled, shape);
  const made = parts.addCodes(output, shape, worth);
  const one = { m: m.map(() => 1), b: m.map(() => 0n), n: m.map(() => 0) };
  const q: Requantize = { ...one, round: 'floor', lo: 0, hi, residual: null, table };
  parts.add({ ...bareLayer(identity, parts.setting(identity, output, sources)), requantize: q, exactness });
  return made;
}
