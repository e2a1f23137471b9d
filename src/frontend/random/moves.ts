/** Values at other places: what Concat, Split, Slice, Pad, Resize, DepthToSpace, shuffles and ConvTranspose become. */
import type { ArrangePart } from '../graph.js';
import { phasesOf } from '../import/phases.js';
import { addConv } from './layers.js';
import { addArrange, channelsOf, grid, OPEN, type State } from './state.js';

/** Maps do not grow beyond it. */
const LARGEST = 16;
const POINT = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const;

const MOVERS = {
  concat: addConcat,
  slice: addSlice,
  pad: addPad,
  upsample: (state: State) => (hasRoom(state) ? addUpsample(state) : addSlice(state)),
  deep: (state: State) => (isEven(state) ? addDeep(state) : addPad(state)),
  wide: (state: State) => (hasRoom(state) && isFour(state) ? addWide(state) : addShuffle(state)),
  shuffle: addShuffle,
  transposed: (state: State) => (hasRoom(state) ? addTransposed(state) : addSlice(state)),
  split: (state: State) => (channelsOf(state.last.shape) > 1 ? addSplit(state) : addConcat(state)),
} as const;

export type Move = keyof typeof MOVERS;
export const MOVES = Object.keys(MOVERS) as readonly Move[];

export function addMove(state: State, move: Move): void {
  MOVERS[move](state);
}

function hasRoom({ last: { shape } }: State): boolean {
  return Math.max(shape[2]!, shape[3]!) * 2 <= LARGEST;
}

function isEven({ last: { shape } }: State): boolean {
  return shape[2]! % 2 === 0 && shape[3]! % 2 === 0 && shape[1]! < LARGEST;
}

function isFour({ last: { shape } }: State): boolean {
  return shape[1]! % 4 === 0;
}

/** A convolution of the map behind, or above, the map. */
function addConcat(state: State): void {
  const { random, last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const along = random.integer(0, 1) === 0 || height >= LARGEST ? 'c' : 'y';
  addConv(state, POINT, along === 'c' ? random.integer(1, 5) : channels, 1);
  const other = state.last;
  const more = channelsOf(other.shape);
  const first = whole(last.name, height, width, channels);
  const second = whole(other.name, height, width, more);
  if (along === 'c') {
    const parts = [first, { ...second, to: grid({ c: channels }) }];
    addArrange(state, parts, 0, [1, channels + more, height, width]);
    return;
  }
  addArrange(state, [first, { ...second, to: grid({ y: height }) }], 0, [1, channels, 2 * height, width]);
}

function whole(input: string, height: number, width: number, channels: number): ArrangePart {
  return { input, from: grid(), to: grid(), size: [height, width, channels] };
}

/** From a corner on, every value or every other one. */
function addSlice(state: State): void {
  const { random, last } = state;
  const along = (size: number) => {
    const start = random.integer(0, Math.min(2, size - 1));
    const step = random.integer(1, 3) === 3 ? 2 : 1;
    return { start, step, count: Math.ceil((size - start) / step) };
  };
  const [c, y, x] = last.shape.slice(1).map(along) as [Run, Run, Run];
  const from = { y: y.start, x: x.start, c: c.start, yStep: y.step, xStep: x.step, cStep: c.step };
  const part = { input: last.name, from, to: grid(), size: [y.count, x.count, c.count] as const };
  addArrange(state, [part], 0, [1, c.count, y.count, x.count]);
}

interface Run {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function addPad(state: State): void {
  const { random, last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const [top, left, bottom, right, deep] = Array.from({ length: 5 }, () => random.integer(0, 2)) as [
    ...[number, number, number, number, number],
  ];
  const part = { ...whole(last.name, height, width, channels), to: grid({ y: top, x: left, c: deep }) };
  const fill = random.integer(0, 2) === 0 ? 0.5 : 0;
  addArrange(state, [part], fill, [1, channels + deep, height + top + bottom, width + left + right]);
}

/** Every pixel two or three times in a row. */
function addUpsample(state: State): void {
  const { random, last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const [sy, sx] = [random.integer(1, 2), 2];
  const parts = places(sy, sx).map(({ y, x }) => ({
    ...whole(last.name, height, width, channels),
    to: grid({ y, x, yStep: sy, xStep: sx }),
  }));
  addArrange(state, parts, 0, [1, channels, height * sy, width * sx]);
}

function places(rows: number, columns: number): { readonly y: number; readonly x: number; readonly index: number }[] {
  return Array.from({ length: rows * columns }, (_, index) => ({
    y: Math.floor(index / columns),
    x: index % columns,
    index,
  }));
}

/** Space to depth by two. */
function addDeep(state: State): void {
  const { last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const size = [height / 2, width / 2, channels] as const;
  const parts = places(2, 2).map(({ y, x, index }) => ({
    input: last.name,
    from: grid({ y, x, yStep: 2, xStep: 2 }),
    to: grid({ c: index * channels }),
    size,
  }));
  addArrange(state, parts, 0, [1, 4 * channels, height / 2, width / 2]);
}

/** Depth to space by two. */
function addWide(state: State): void {
  const { last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const depth = channels / 4;
  const byColumn = state.random.integer(0, 1) === 1;
  const parts = places(2, 2).map(({ y, x, index }) => ({
    input: last.name,
    from: byColumn ? grid({ c: index, cStep: 4 }) : grid({ c: index * depth }),
    to: grid({ y, x, yStep: 2, xStep: 2 }),
    size: [height, width, depth] as const,
  }));
  addArrange(state, parts, 0, [1, depth, height * 2, width * 2]);
}

/** The channels of two groups in turn; an odd one stays. */
function addShuffle(state: State): void {
  const { last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const half = Math.ceil(channels / 2);
  const first = { ...whole(last.name, height, width, half), to: grid({ cStep: 2 }) };
  const from = grid({ c: half });
  const second = {
    input: last.name,
    from,
    to: grid({ c: 1, cStep: 2 }),
    size: [height, width, channels - half] as const,
  };
  addArrange(state, channels > 1 ? [first, second] : [first], 0, last.shape);
}

/** By two: a convolution for each of four phases. */
function addTransposed(state: State): void {
  const { random, last } = state;
  const [, , height = 1, width = 1] = last.shape;
  const kernel = random.integer(2, 4);
  const outputs = random.integer(1, 9);
  const axis = (input: number) => {
    const begin = random.integer(0, 1);
    return { input, kernel, begin, stride: 2, dilation: 1, output: 2 * input };
  };
  const [rows, columns] = [phasesOf(axis(height)), phasesOf(axis(width))];
  const parts = rows.flatMap((y) =>
    columns.map((x): ArrangePart => {
      const pads = [y.pads[0], x.pads[0], y.pads[1], x.pads[1]] as const;
      state.last = last;
      addConv(state, { ...POINT, kernel: [y.taps.length, x.taps.length], pads }, outputs, 1, OPEN);
      const to = grid({ y: y.first, x: x.first, yStep: 2, xStep: 2 });
      return { input: state.last.name, from: grid({ y: y.from, x: x.from }), to, size: [y.count, x.count, outputs] };
    }),
  );
  addArrange(state, parts, 0, [1, outputs, 2 * height, 2 * width]);
}

/** A part of the channels goes through a layer, the rest around it. */
function addSplit(state: State): void {
  const { random, last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const cut = random.integer(1, channels - 1);
  const kept = { ...whole(last.name, height, width, channels - cut), from: grid({ c: cut }) };
  addArrange(state, [whole(last.name, height, width, cut)], 0, [1, cut, height, width]);
  addConv(state, POINT, cut, 1);
  const through = whole(state.last.name, height, width, cut);
  addArrange(state, [through, { ...kept, to: grid({ c: cut }) }], 0, last.shape);
}
