/**
 * The program simulator: command words, memories and registers, executed as docs/machine.md says, one
 * record after the other. It knows nothing of networks and plans. Memory starts as rubbish; a wait that can
 * never hold, or a read that no wait covers, is refused.
 */
import type { Machine } from '../machine.js';
import type { FeedRecord, Images, PostRecord } from '../program/program.js';
import { broken } from './activation-memory.js';
import { runDepthwise } from './depthwise.js';
import { runTile, type Tile, waitForRows } from './feed.js';
import { feedRun, keepRows } from './feed-rows.js';
import { continueLoads, divideFrame, nextFrame, runLoad } from './load.js';
import { postUnit } from './post.js';
import { keepPostRows, outputRows, postRun } from './post-rows.js';
import { fillOf, releaseWeights, waitForWeights } from './ring.js';
import { type ActivationWrite, type FrameState, frameState, type LoadedProgram, loadProgram } from './state.js';

export type { ActivationWrite } from './state.js';

export interface RunOptions {
  /** Called for every write of the writer unit to activation memory, in order. */
  readonly onWrite?: (write: ActivationWrite) => void;
}

export interface ProgramRun {
  /** The bytes of the output stream. */
  readonly output: Uint8Array;
}

/**
 * Runs one frame.
 * @param frame bytes of the input stream: every input NHWC, its codes as LOAD has them (docs/machine.md), on a fresh beat
 * @throws SystoleError frame-short, frame-long; plan-invalid for a program no machine may run
 */
export function runProgram(machine: Machine, images: Images, frame: Uint8Array, options: RunOptions = {}): ProgramRun {
  return openProgram(machine, images)(frame, options);
}

/** The same for many frames: memories are decoded once. */
export function openProgram(machine: Machine, images: Images): (frame: Uint8Array, options?: RunOptions) => ProgramRun {
  const program = loadProgram(machine, images);
  return (frame, options = {}) => {
    const state = frameState(machine, options.onWrite);
    runFrame(program, frame, state);
    return { output: Uint8Array.from(state.output) };
  };
}

function runFrame(program: LoadedProgram, frame: Uint8Array, state: FrameState): void {
  let feed: FeedRecord | undefined;
  let layer = 0;
  const { loads, records, order, machine } = program;
  const parts = divideFrame(loads, frame, machine.stream.inBytes);
  let loaded = 0;
  state.ring.filled = fillOf(records)?.fields.words ?? 0;
  for (const index of order) {
    const record = records[index]!;
    if (record.opcode === 'load') {
      const part = parts[loaded];
      if (part === undefined) nextFrame(record, index, program, state);
      else runLoad(record, index, part, program, state);
      loaded += 1;
    }
    if (record.opcode === 'depthwise') runDepthwise(record, index, program, state);
    if (record.opcode === 'feed') {
      if (feed !== undefined) throw broken('two FEED records without a POST');
      feed = record;
    }
    if (record.opcode === 'post') {
      if (feed === undefined) throw broken('a POST record without its FEED');
      runLayer(feed, record, index, layer, program, state);
      feed = undefined;
      layer += 1;
    }
  }
  const unused = state.ring.filled - state.ring.released;
  if (unused > 0) throw broken(`FILL brings ${unused} ring words that no FEED uses`);
}

function runLayer(
  feedRecord: FeedRecord,
  postRecord: PostRecord,
  index: number,
  layer: number,
  program: LoadedProgram,
  state: FrameState,
): void {
  const feed = feedRun(feedRecord, state);
  const post = postRun(postRecord, index, state);
  const { fields } = feed;
  const { rows, cols, postWidth } = program.machine;
  const acc = new Int32Array(rows * cols);
  const unit = postUnit({ post, feed, layer, program, state });
  const { slotsLast, tailCount, nCt } = post.fields;
  const lastColumns = (slotsLast - 1) * postWidth + tailCount;
  for (let co = 0; co < fields.nCo; co++) {
    waitForWeights(feed, state.ring);
    for (let oy = 0; oy < fields.nOy; oy++) {
      waitForRows(feed, oy, state);
      for (const tile of tilesOfRow(feedRecord, co, oy)) {
        const columns = tile.c === fields.nCo + nCt - 2 ? lastColumns : cols;
        runTile(feed, tile, { rows: outputRows(post, tile), columns }, acc, program, state);
        unit.tile(tile, acc);
      }
      unit.rowDone(co);
      if (fields.free && co === fields.nCo - 1) {
        state.counters.value[fields.freeCounter]! += fields.freeStep;
        continueLoads(program, state);
      }
    }
    releaseWeights(feed, state.ring);
  }
  keepRows(feed, state);
  keepPostRows(post, state);
  unit.done();
}

function* tilesOfRow({ fields }: FeedRecord, co: number, oy: number): Generator<Tile> {
  for (let ox = 0; ox < fields.nOx; ox++) {
    for (let ct = 0; ct < fields.nCt; ct++) {
      for (let wy = 0; wy < fields.nWy; wy++) {
        for (let wx = 0; wx < fields.nWx; wx++) yield { co, oy, ox, ct, wy, wx, c: co + ct };
      }
    }
  }
}
