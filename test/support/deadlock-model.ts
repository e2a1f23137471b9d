/**
 * The machine as units that wait for each other, every unit as slow as it likes: which states can be reached, and in which
 * of them nothing can move (docs/deadlock.md). Rows, column tiles and ring words, no data.
 */

/** A layer: FEED waits for rows of tensor `input` (0: the frame's own, i + 1: made by layer i), POST makes rows of the next. */
export interface ModelLayer {
  readonly input: number;
  /** Output rows, and rows of the input that the first one and each further one needs (limited to all). */
  readonly rows: number;
  readonly need: number;
  readonly needStep: number;
  /** Column tiles outermost, and ring words of each; 0: weights beside the columns. */
  readonly columnTiles: number;
  readonly tileWords: number;
}

export type ModelRecord =
  | { readonly kind: 'load' | 'loop' | 'end' }
  | { readonly kind: 'fill'; readonly words: number }
  | { readonly kind: 'feed' | 'post'; readonly layer: number };

export interface ModelMachine {
  readonly inputRows: number;
  readonly layers: readonly ModelLayer[];
  readonly program: readonly ModelRecord[];
  readonly ringWords: number;
  readonly fifoEntries: number;
}

/** All that decides what can happen next; small integers, so that a state is its own key. */
interface State {
  pc: number;
  restart: number;
  hold: number;
  /** Records in shadow and active registers, -1: none. */
  shadow: [load: number, feed: number, post: number, fill: number];
  active: [load: number, feed: number, post: number, fill: number];
  begun: number;
  unfilled: number;
  loaded: number;
  counted: number;
  /** Rows, tiles, tiles and words that the active records have done. */
  done: [load: number, feed: number, post: number, fill: number];
  /** FEED records finished, POST records delivered and activated, and tiles between the two units. */
  feedsDone: number;
  postsDelivered: number;
  postsActive: number;
  pending: number;
  /** Slots in the FIFO: layer * 2 + (ends a counted row). */
  fifo: readonly number[];
  counters: readonly number[];
  inRing: number;
  room: number;
}

const LOAD = 0;
const FEED = 1;
const POST = 2;
const FILL = 3;
const UNIT: Readonly<Record<string, number>> = { load: LOAD, feed: FEED, post: POST, fill: FILL };

export interface Exploration {
  readonly states: number;
  /** A state in which nothing can move though frames are not over, or null. */
  readonly stuck: string | null;
}

/** Every order in which units can move, `frames` frames being offered. */
export function explore(machine: ModelMachine, frames: number): Exploration {
  const start: State = {
    pc: 0,
    restart: 0,
    hold: 0,
    shadow: [-1, -1, -1, -1],
    active: [-1, -1, -1, -1],
    begun: 0,
    unfilled: 0,
    loaded: 0,
    counted: 0,
    done: [0, 0, 0, 0],
    feedsDone: 0,
    postsDelivered: 0,
    postsActive: 0,
    pending: 0,
    fifo: [],
    counters: Array.from({ length: machine.layers.length + 1 }, () => 0),
    inRing: 0,
    room: machine.ringWords,
  };
  const seen = new Set<string>([JSON.stringify(start)]);
  const queue: State[] = [start];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const next = successors(machine, state, frames);
    if (next.length === 0 && state.counted < frames) return { states: seen.size, stuck: JSON.stringify(state) };
    for (const one of next) {
      const key = JSON.stringify(one);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(one);
    }
  }
  return { states: seen.size, stuck: null };
}

function successors(machine: ModelMachine, state: State, frames: number): State[] {
  const moves = [fetch, load, feed, post, write, fill, over, ...[LOAD, FEED, POST, FILL].map((unit) => move(unit))];
  return moves.flatMap((action) => {
    const next: State = { ...state, shadow: [...state.shadow], active: [...state.active], done: [...state.done] };
    return action(machine, next, frames) ? [next] : [];
  });
}

type Action = (machine: ModelMachine, state: State, frames: number) => boolean;

const layerOf = (machine: ModelMachine, record: number): ModelLayer & { readonly index: number } => {
  const found = machine.program[record]!;
  if (found.kind !== 'feed' && found.kind !== 'post') throw new Error(`record ${record} has no layer`);
  return { ...machine.layers[found.layer]!, index: found.layer };
};

/** One record from program memory. */
const fetch: Action = ({ program }, state) => {
  const record = program[state.pc]!;
  if (record.kind === 'loop') {
    state.restart = state.pc + 1;
  } else if (record.kind === 'end') {
    if (state.hold || state.shadow[FEED] >= 0 || state.shadow[POST] >= 0) return false;
    state.hold = 1;
    state.pc = state.restart;
    return true;
  } else {
    const unit = UNIT[record.kind]!;
    if (state.shadow[unit]! >= 0) return false;
    state.shadow[unit] = state.pc;
    if (unit === POST) state.postsDelivered += 1;
    if (unit === LOAD && !state.hold) state.counters = state.counters.with(0, 0);
  }
  state.pc += 1;
  return true;
};

/** A shadow becomes active. */
const move =
  (unit: number): Action =>
  (machine, state) => {
    if (state.shadow[unit]! < 0 || state.active[unit]! >= 0) return false;
    if (unit === FILL ? state.unfilled === 0 : state.hold === 1) return false;
    state.active[unit] = state.shadow[unit]!;
    state.shadow[unit] = -1;
    state.done[unit] = 0;
    if (unit === FILL) state.unfilled -= 1;
    if (unit === POST) {
      state.postsActive += 1;
      state.counters = state.counters.with(layerOf(machine, state.active[POST]).index + 1, 0);
    }
    return true;
  };

/** A row of the input; its first one begins a frame. */
const load: Action = (machine, state, frames) => {
  if (state.active[LOAD] < 0) return false;
  if (state.done[LOAD] === 0) {
    if (state.begun === frames) return false;
    state.begun += 1;
    state.unfilled += 1;
  }
  state.counters = state.counters.with(0, state.counters[0]! + 1);
  state.done[LOAD] += 1;
  if (state.done[LOAD] < machine.inputRows) return true;
  state.active[LOAD] = -1;
  state.loaded += 1;
  return true;
};

/** One tile, a row of one column tile. */
const feed: Action = (machine, state) => {
  if (state.active[FEED] < 0) return false;
  const layer = layerOf(machine, state.active[FEED]);
  const row = state.done[FEED] % layer.rows;
  const all = layer.input === 0 ? machine.inputRows : machine.layers[layer.input - 1]!.rows;
  if (state.counters[layer.input]! < Math.min(layer.need + row * layer.needStep, all)) return false;
  if (state.inRing < layer.tileWords) return false;
  if (state.feedsDone > state.postsActive || state.postsDelivered <= state.feedsDone) return false;
  if (state.pending + state.fifo.length === machine.fifoEntries) return false;
  state.pending += 1;
  state.done[FEED] += 1;
  if (row === layer.rows - 1) {
    state.inRing -= layer.tileWords;
    state.room += layer.tileWords;
  }
  if (state.done[FEED] < layer.rows * layer.columnTiles) return true;
  state.active[FEED] = -1;
  state.feedsDone += 1;
  return true;
};

/** A tile arrives at POST and goes into the FIFO. */
const post: Action = (machine, state) => {
  if (state.active[POST] < 0 || state.pending === 0) return false;
  const layer = layerOf(machine, state.active[POST]);
  state.pending -= 1;
  const counts = state.done[POST] >= layer.rows * (layer.columnTiles - 1);
  state.fifo = [...state.fifo, 2 * layer.index + (counts ? 1 : 0)];
  state.done[POST] += 1;
  if (state.done[POST] === layer.rows * layer.columnTiles) state.active[POST] = -1;
  return true;
};

/** The head of the FIFO is written. */
const write: Action = (_, state) => {
  const [head, ...rest] = state.fifo;
  if (head === undefined) return false;
  state.fifo = rest;
  const counter = (head >> 1) + 1;
  if (head % 2 === 1) state.counters = state.counters.with(counter, state.counters[counter]! + 1);
  return true;
};

/** A ring word comes from DRAM. */
const fill: Action = ({ program }, state) => {
  const record = program[state.active[FILL]];
  if (record?.kind !== 'fill' || state.room === 0) return false;
  state.room -= 1;
  state.inRing += 1;
  state.done[FILL] += 1;
  if (state.done[FILL] === record.words) state.active[FILL] = -1;
  return true;
};

/** The frame is over and is counted. */
const over: Action = (_, state) => {
  const idle = state.active[FEED] < 0 && state.active[POST] < 0 && state.pending === 0 && state.fifo.length === 0;
  if (!state.hold || state.loaded <= state.counted || !idle) return false;
  state.hold = 0;
  state.counted += 1;
  if (state.shadow[LOAD] >= 0) state.counters = state.counters.with(0, 0);
  return true;
};
