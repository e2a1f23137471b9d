import type { FloatConv, FloatLayer } from './float-network.js';
import { floatOperands } from './float-network.js';

/** Conv, Gemm and MatMul layers of the model with none before them, and with none behind them. */
export interface Ends {
  readonly first: ReadonlySet<FloatConv>;
  readonly last: ReadonlySet<FloatConv>;
}

export function endLayers(layers: readonly FloatLayer[]): Ends {
  const first = new Set<FloatConv>();
  const last = new Set<FloatConv>();
  const behind = new Set<string>();
  for (const layer of layers) {
    const useful = layer.kind === 'conv' && layer.useful;
    const isBehind = floatOperands(layer).some((name) => behind.has(name));
    if (useful && !isBehind) first.add(layer);
    if (useful || isBehind) behind.add(layer.output);
  }
  const before = new Set<string>();
  for (const layer of [...layers].reverse()) {
    const useful = layer.kind === 'conv' && layer.useful;
    const isBefore = before.has(layer.output);
    if (useful && !isBefore) last.add(layer);
    if (useful || isBefore) for (const name of floatOperands(layer)) before.add(name);
  }
  return { first, last };
}
