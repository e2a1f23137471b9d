import type { Clamp, Graph, GraphNode, Quantizer } from '../graph.js';
import { hasClamp } from '../graph-nodes.js';

export type Range = readonly [number, number];

const UNKNOWN: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/**
 * Where the values of every tensor lie, whatever the input is: from quantizers and clamps, through pools, scales, sums
 * and weights. Real arithmetic: float32 may step over an end by its rounding.
 */
export function valueRanges(graph: Graph): Map<string, Range> {
  const ranges = new Map<string, Range>();
  const of = (name: string): Range => ranges.get(name) ?? UNKNOWN;
  for (const node of graph.nodes) {
    const made = rangeOf(node, of);
    ranges.set(node.output, hasClamp(node) ? clamped(made, node.clamp) : made);
  }
  return ranges;
}

function rangeOf(node: GraphNode, of: (name: string) => Range): Range {
  switch (node.kind) {
    case 'quant':
      return gridRange(node.quantizer);
    case 'maxpool':
      return of(node.input);
    case 'averagepool':
      return node.pads.some((n) => n > 0) ? union([of(node.input), [0, 0]]) : of(node.input);
    case 'affine':
      return union(Array.from(node.scale, (s, c) => moved(of(node.input), s, node.shift[c]!)));
    case 'conv':
    case 'dense':
      return sumRange(node.weights.data, node.bias.data, union([of(node.input), [0, 0]]));
    case 'add':
      return added(of(node.inputs[0]), moved(of(node.inputs[1]), node.sign ?? 1, 0));
    case 'arrange':
      return union([...node.parts.map((part) => of(part.input)), [node.fill, node.fill]]);
    case 'mul':
    case 'pointwise':
      return UNKNOWN;
  }
}

function gridRange(quantizer: Quantizer): Range {
  if (quantizer.kind === 'bipolar') return [-quantizer.scale, quantizer.scale];
  if (quantizer.kind === 'thresholds') {
    const { scale, bias, thresholds } = quantizer;
    return [bias, bias + scale * thresholds[0]!.length];
  }
  const { scale, zero, lo, hi } = quantizer;
  const channels = Math.max(scale.length, zero.length);
  const at = (all: Float32Array, c: number): number => all[all.length === 1 ? 0 : c]!;
  return union(
    Array.from({ length: channels }, (_, c) => [at(scale, c) * (lo - at(zero, c)), at(scale, c) * (hi - at(zero, c))]),
  );
}

function union(ranges: readonly Range[]): Range {
  return ranges.reduce(([a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)]);
}

/** An infinite end times 0 is 0: the value is finite. */
function moved([lo, hi]: Range, scale: number, shift: number): Range {
  if (scale === 0) return [shift, shift];
  const ends = [lo * scale + shift, hi * scale + shift];
  return [Math.min(...ends), Math.max(...ends)];
}

function added([a, b]: Range, [c, d]: Range): Range {
  return [a + c, b + d];
}

/** Of sums of products with one row of weights for each output. @param input with 0, which padding is */
function sumRange(weights: Float32Array, bias: Float32Array, input: Range): Range {
  if (!Number.isFinite(input[0]) || !Number.isFinite(input[1])) return UNKNOWN;
  const taps = weights.length / bias.length;
  return union(
    Array.from(bias, (b, o): Range => {
      let [lo, hi] = [b, b];
      for (let i = o * taps; i < (o + 1) * taps; i++) {
        const w = weights[i]!;
        lo += w < 0 ? w * input[1] : w * input[0];
        hi += w < 0 ? w * input[0] : w * input[1];
      }
      return [lo, hi];
    }),
  );
}

function clamped([lo, hi]: Range, { min, max }: Clamp): Range {
  const into = (x: number): number => Math.min(max ?? x, Math.max(min ?? x, x));
  return [into(lo), into(hi)];
}
