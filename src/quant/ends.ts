import type { FloatConv, FloatLayer } from './float-network.js';
import { floatOperands } from './float-network.js';

/** Those of the layers that count with no other one before them, and with none behind them. */
export interface Ends<T> {
  readonly first: ReadonlySet<T>;
  readonly last: ReadonlySet<T>;
}

/** Conv, Gemm and MatMul layers of the model. */
export function endLayers(layers: readonly FloatLayer[]): Ends<FloatConv> {
  const counts = (layer: FloatLayer): layer is FloatConv => layer.kind === 'conv' && layer.useful;
  return endsOf(layers, floatOperands, counts);
}

/** @param items in an order in which every operand is made before it is used */
export function endsOf<T extends { readonly output: string }, C extends T>(
  items: readonly T[],
  operandsOf: (item: T) => readonly string[],
  counts: (item: T) => item is C,
): Ends<C> {
  const first = new Set<C>();
  const behind = new Set<string>();
  for (const item of items) {
    const isBehind = operandsOf(item).some((name) => behind.has(name));
    if (counts(item) && !isBehind) first.add(item);
    if (counts(item) || isBehind) behind.add(item.output);
  }
  const last = new Set<C>();
  const before = new Set<string>();
  for (const item of [...items].reverse()) {
    const isBefore = before.has(item.output);
    if (counts(item) && !isBefore) last.add(item);
    if (counts(item) || isBefore) for (const name of operandsOf(item)) before.add(name);
  }
  return { first, last };
}
