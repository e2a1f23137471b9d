/** When each stored tensor lives, and which tensors may not share a group. Time is the index of the layer. */
import type { ArrayLayer, LoweredNetwork } from './array-layer.js';
import { rootOf } from './views.js';

export interface Lifetime {
  readonly name: string;
  /** Layer that makes it; -1 for LOAD, which is under way from the frame's start. */
  readonly made: number;
  /** Last layer that reads it. */
  readonly lastRead: number;
}

/**
 * Of the inputs and of every tensor that has a place of its own in memory, in the order they are made. Who writes or reads
 * a tensor inside another one writes or reads that one: it lives from its first part on.
 */
export function lifetimes({ layers, views, inputs }: LoweredNetwork): readonly Lifetime[] {
  const root = (name: string) => rootOf(name, views);
  const lives = new Map<string, Lifetime>(inputs.map((name) => [name, { name, made: -1, lastRead: -1 }]));
  const touch = (name: string, i: number): void => {
    const life = lives.get(name) ?? { name, made: i, lastRead: i };
    lives.set(name, { ...life, lastRead: i });
  };
  layers.forEach((layer, i) => {
    for (const name of readsOf(layer)) touch(root(name), i);
    if (!layer.toStream) touch(root(layer.output), i);
  });
  return [...lives.values()];
}

export function readsOf(layer: ArrayLayer): readonly string[] {
  const residual = layer.requantize?.residual;
  return residual ? [layer.input, residual.tensor] : [layer.input];
}

export function livesWith(a: Lifetime, b: Lifetime): boolean {
  return a.lastRead >= b.made && b.lastRead >= a.made;
}

/** `reader` feeds from `input` while `writer`'s POST may still read `residual`; both are places of their own. */
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
 * @param isFed layers that FEED reads for: not the depthwise unit's
 */
export function portClashes(
  { layers, views }: LoweredNetwork,
  isFed: (layer: number) => boolean = () => true,
): readonly PortClash[] {
  const root = (name: string) => rootOf(name, views);
  return layers.flatMap((layer, writer) => {
    const tensor = layer.requantize?.residual?.tensor;
    if (tensor === undefined) return [];
    const residual = root(tensor);
    const own = { residual, input: root(layer.input), writer, reader: writer, hard: true };
    const reader = layers.findIndex((_, i) => i > writer && isFed(i));
    const next = layers[reader];
    if (next === undefined) return [own];
    const hard = Boolean(next.requantize?.residual);
    return [own, { residual, input: root(next.input), writer, reader, hard }];
  });
}
