/** When each stored tensor lives, and which tensors may not share a group. Time is the index of the layer. */
import type { ArrayLayer } from './array-layer.js';

export interface Lifetime {
  readonly name: string;
  /** Layer that makes it; -1 for LOAD, which is under way from the frame's start. */
  readonly made: number;
  /** Last layer that reads it. */
  readonly lastRead: number;
}

/** Lifetimes of the input and of every layer's output that stays in memory, in the order they are made. */
export function lifetimes(layers: readonly ArrayLayer[], input: string): readonly Lifetime[] {
  const lastRead = new Map<string, number>();
  layers.forEach((layer, i) => {
    for (const name of readsOf(layer)) lastRead.set(name, i);
  });
  const made = layers.flatMap((layer, i) => (layer.toStream ? [] : [{ name: layer.output, made: i }]));
  return [{ name: input, made: -1 }, ...made].map(({ name, made }) => ({
    name,
    made,
    lastRead: lastRead.get(name) ?? made,
  }));
}

/** Index of the last layer that reads a tensor. */
export function lastReader(layers: readonly ArrayLayer[], name: string): number {
  return layers.findLastIndex((layer) => readsOf(layer).includes(name));
}

export function readsOf(layer: ArrayLayer): readonly string[] {
  const residual = layer.requantize?.residual;
  return residual ? [layer.input, residual.tensor] : [layer.input];
}

export function livesWith(a: Lifetime, b: Lifetime): boolean {
  return a.lastRead >= b.made && b.lastRead >= a.made;
}

/** `reader` feeds from `input` while `writer`'s POST may still read `residual`. */
export interface PortClash {
  readonly residual: string;
  readonly input: string;
  readonly writer: number;
  readonly reader: number;
  /** False where `reader` can wait for `writer`'s last row instead: it has no residual of its own to wait for. */
  readonly hard: boolean;
}

/**
 * One read port a group: FEED and POST's residual reads must not meet in one. FEED runs one layer ahead of
 * POST at most, so a residual meets its own layer's feed and the next one's.
 */
export function portClashes(layers: readonly ArrayLayer[]): readonly PortClash[] {
  return layers.flatMap((layer, writer) => {
    const residual = layer.requantize?.residual?.tensor;
    if (residual === undefined) return [];
    const own = { residual, input: layer.input, writer, reader: writer, hard: true };
    const next = layers[writer + 1];
    if (next === undefined) return [own];
    const hard = Boolean(next.requantize?.residual);
    return [own, { residual, input: next.input, writer, reader: writer + 1, hard }];
  });
}
