/** Rearranged maps for the random networks: every kind that importers make of ONNX operators. */
import type { ArrangePart, MapGrid } from '../../src/frontend/graph.js';
import type { CodeTensor } from '../../src/quant/network.js';
import type { ArrangeRecipe } from './network-builder.js';

export const ARRANGE_KINDS = ['concat', 'slice', 'pad', 'upsample', 'blocks', 'interleave', 'shuffle'] as const;
export type ArrangeKind = (typeof ARRANGE_KINDS)[number];

/** Larger maps would only take longer. */
const MOST_SIDE = 14;
const MOST_CHANNELS = 26;

type Pair = readonly [number, number];

export interface ArrangeChoice {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly pads: readonly [number, number, number, number];
  readonly fill: number;
  readonly seed: number;
}

const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };
const sizeOf = ({ height, width, channels }: CodeTensor) => [height, width, channels] as const;
const whole = (map: CodeTensor, to: Partial<MapGrid> = {}): ArrangePart => ({
  ...{ input: map.name, from: ORIGIN, to: { ...ORIGIN, ...to }, size: sizeOf(map) },
});

/** Of one map; undefined where this kind does not fit it. */
export function arrangeOne(kind: ArrangeKind, map: CodeTensor, choice: ArrangeChoice): ArrangeRecipe | undefined {
  switch (kind) {
    case 'slice':
      return slice(map, choice);
    case 'pad':
      return pad(map, choice);
    case 'upsample':
      return upsample(map, choice);
    case 'blocks':
      return map.channels >= 4 ? depthToSpace(map, choice) : spaceToDepth(map);
    case 'shuffle':
      return shuffle(map, choice);
    case 'concat':
    case 'interleave':
      return undefined;
  }
}

/** The maps side by side along axis 0 (rows), 1 (columns) or 2 (channels); all other sides are alike. */
export function concat(maps: readonly CodeTensor[], axis: 0 | 1 | 2): ArrangeRecipe {
  const size = [...sizeOf(maps[0]!)] as [number, number, number];
  size[axis] = 0;
  const parts = maps.map((map) => {
    const part = whole(map, { [(['y', 'x', 'c'] as const)[axis]]: size[axis] });
    size[axis] += sizeOf(map)[axis];
    return part;
  });
  return { parts, height: size[0], width: size[1], channels: size[2] };
}

/** Channel k of map i is channel k*n + i of n maps alike. */
export function interleave(maps: readonly CodeTensor[]): ArrangeRecipe {
  const [{ height, width, channels }] = maps as readonly [CodeTensor, ...CodeTensor[]];
  const parts = maps.map((map, c) => whole(map, { c, cStep: maps.length }));
  return { parts, height, width, channels: channels * maps.length };
}

/** Every stride-th row and column of a box, and a run of the channels or every second one. */
function slice(map: CodeTensor, { kernel, strides, seed }: ArrangeChoice): ArrangeRecipe {
  const axis = (length: number, wanted: number, step: number, shift: number) => {
    const first = shift % length;
    return { first, count: Math.min(Math.max(1, Math.ceil((length - first) / step)), wanted + 2), step };
  };
  const y = axis(map.height, kernel[0] + (seed % 3), strides[0], seed % 2);
  const x = axis(map.width, kernel[1] + (seed % 5), strides[1], seed % 3);
  const c = axis(map.channels, map.channels, seed % 4 === 0 ? 2 : 1, seed % 5);
  const from = { y: y.first, x: x.first, c: c.first, yStep: y.step, xStep: x.step, cStep: c.step };
  const size = [y.count, x.count, Math.min(c.count, Math.ceil((map.channels - c.first) / c.step))] as const;
  return {
    parts: [{ input: map.name, from, to: ORIGIN, size }],
    ...{ height: size[0], width: size[1], channels: size[2] },
  };
}

/** Rows, columns and at times channels around the map. */
function pad(map: CodeTensor, { pads, fill, seed }: ArrangeChoice): ArrangeRecipe | undefined {
  const [top, left, bottom, right] = pads;
  const behind = seed % 3 === 0 ? 1 : 0;
  const height = map.height + top + bottom;
  const width = map.width + left + right;
  const channels = map.channels + 2 * behind;
  if (Math.max(height, width) > MOST_SIDE + 6 || channels > MOST_CHANNELS) return undefined;
  return { parts: [whole(map, { y: top, x: left, c: behind })], height, width, channels, fill };
}

/** Every pixel strides[0] x strides[1] times: nearest upsampling. With holes where the seed says so. */
function upsample(map: CodeTensor, { strides, fill, seed }: ArrangeChoice): ArrangeRecipe | undefined {
  const [down, across] = strides.map((n) => Math.min(n, 3)) as [number, number];
  const [height, width] = [map.height * down, map.width * across];
  if (Math.max(height, width) > MOST_SIDE) return undefined;
  const phases = Array.from({ length: down * across }, (_, i) => ({ y: Math.floor(i / across), x: i % across }));
  const kept = seed % 4 === 0 ? phases.slice(0, 1) : phases;
  const parts = kept.map((phase) => whole(map, { ...phase, yStep: down, xStep: across }));
  return { parts, height, width, channels: map.channels, fill };
}

/** Blocks of 2 x 2: channel b*depth + k (DCR) or k*4 + b (CRD) is pixel b of its block. */
function depthToSpace(map: CodeTensor, { seed }: ArrangeChoice): ArrangeRecipe | undefined {
  const depth = Math.floor(map.channels / 4);
  const [height, width] = [2 * map.height, 2 * map.width];
  if (Math.max(height, width) > MOST_SIDE) return undefined;
  const parts = [0, 1, 2, 3].map((b): ArrangePart => {
    const from = seed % 2 === 0 ? { ...ORIGIN, c: b * depth } : { ...ORIGIN, c: b, cStep: 4 };
    const to = { ...ORIGIN, y: b >> 1, x: b & 1, yStep: 2, xStep: 2 };
    return { input: map.name, from, to, size: [map.height, map.width, depth] };
  });
  return { parts, height, width, channels: depth };
}

function spaceToDepth(map: CodeTensor): ArrangeRecipe | undefined {
  const [height, width] = [map.height >> 1, map.width >> 1];
  if (height === 0 || width === 0) return undefined;
  const parts = [0, 1, 2, 3].map((b): ArrangePart => {
    const from = { ...ORIGIN, y: b >> 1, x: b & 1, yStep: 2, xStep: 2 };
    return {
      ...{ input: map.name, from, to: { ...ORIGIN, c: b * map.channels } },
      size: [height, width, map.channels],
    };
  });
  return { parts, height, width, channels: 4 * map.channels };
}

/** Channels as a matrix of groups, transposed (ShuffleNet); channels that no group takes stay behind. */
function shuffle(map: CodeTensor, { seed }: ArrangeChoice): ArrangeRecipe | undefined {
  const groups = 2 + (seed % 2);
  const each = Math.floor(map.channels / groups);
  if (each < 2) return undefined;
  const parts = Array.from({ length: groups }, (_, g): ArrangePart => {
    const [from, to] = [
      { ...ORIGIN, c: g * each },
      { ...ORIGIN, c: g, cStep: groups },
    ];
    return { input: map.name, from, to, size: [map.height, map.width, each] };
  });
  return { parts, height: map.height, width: map.width, channels: groups * each };
}

/** Two maps of these channels side by side stay small. */
export function roomBeside(channels: number): number {
  return Math.max(1, MOST_CHANNELS - channels);
}
