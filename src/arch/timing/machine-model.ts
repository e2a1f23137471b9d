/**
 * A clock-by-clock model of the machine's control (docs/timing.md) under ideal streams, from command words alone:
 * nothing of the data is looked at.
 */
import type { Machine } from '../machine.js';
import { decodeProgram } from '../program/decode.js';
import { executionOrder } from '../program/execution-order.js';
import type { Images, ProgramRecord } from '../program/program.js';
import { stepToHold } from './array.js';
import { type DepthwiseTiming, depthwiseModel } from './depthwise.js';
import { type FeedState, type FeedTiming, type FreedRows, feedModel } from './feed.js';
import { feedTiming, loadTiming, postTiming } from './fields.js';
import { type FillTiming, fillModel } from './fill.js';
import { type LoadTiming, loaderModel } from './loader.js';
import { packerModel } from './packer.js';
import { fetchModel } from './records.js';
import { type PostTiming, type SlotTiming, slotsOf, tileLines } from './slots.js';
import { timedQueue } from './timed-queue.js';
import { writerModel } from './writer.js';

/** From a step to its read at row 0. */
const STEP_TO_READ = 2;
/** From a slot's arrival at POST to the FIFO, its residual planes not counted. */
const ARRIVAL_TO_FIFO = 7;
/** From an output row's last step to the count of the input rows that are free with it. */
const ROW_TO_FREE = 3;

/** What happens in one cycle. */
export interface MachineCycle {
  /** A frame's first beat is accepted; a frame's last beat leaves. */
  readonly enters: boolean;
  readonly leaves: boolean;
  readonly feed: FeedState;
  /** Of the FEED record that is active, in FEED order, or -1. */
  readonly layer: number;
  /** Something moved. */
  readonly busy: boolean;
}

export interface MachineModel {
  readonly layers: number;
  /** Cycles from a tile's last step to its first slot at POST. */
  readonly depth: number;
  /** One clock. The source offers a beat in every cycle while fewer than `offered` frames have come in whole. */
  step(offered: number): MachineCycle;
}

export function machineModel(machine: Machine, images: Images): MachineModel {
  const records = decodeProgram(images.program, machine.fetchWords);
  const { loads, feeds, posts, depthwise, fills } = timings(records);
  const layerOf = new Map([...feeds.keys()].map((record, layer) => [record, layer]));
  const fetch = fetchModel(records, machine.fetchWords);
  const { units } = fetch;
  const loader = loaderModel(machine.lanes, machine.stream.inBytes);
  const feed = feedModel(machine.memory.fifoEntries);
  const mover = fillModel(machine);
  const postsInOrder = executionOrder(records).flatMap((index) => posts.get(index) ?? []);
  const tiles = tileSlots(postsInOrder, machine.postWidth);
  const writer = writerModel(Math.min(machine.stream.outBytes, 4 * machine.postWidth));
  const packer = packerModel(machine.stream.outBytes);
  const unit = depthwiseModel(machine);
  const counters = new Int32Array(machine.counters);
  const bump = (index: number, step = 1): void => {
    counters[index] = counters[index]! + step;
  };

  // Slots on their way to POST, and from there to the FIFO.
  const toPost = timedQueue<SlotTiming>();
  const toFifo = timedQueue<SlotTiming>();
  // Rows that FEED frees, on their way to their counters.
  const freed = timedQueue<FreedRows>();
  const depth = stepToHold(machine) + machine.cols / machine.columnsPerStage + machine.rows;
  /** Groups that FEED reads, and the one that the residual reads until a cycle. */
  const feedReads = timedQueue<number>();
  let residual = { group: -1, until: -1 };

  let cycle = 0;
  let postFullBefore = false;
  let postMovedBefore = false;
  /** Frames that LOAD is done with, and frames that END has counted. */
  let loadedFrames = 0;
  let countedFrames = 0;

  function step(offered: number): MachineCycle {
    const packing = packer.busy();
    const unitEmpty = unit.empty();
    const written = writer.step(packer);
    const leaves = packer.step(written.chunk);
    const load = loads.get(units.load.active) ?? null;
    const writeReady = load === null || written.group !== load.group;
    const loaderGroup = load !== null && writeReady && loader.wantsWrite() ? load.group : -1;
    const loaded = loader.step({
      record: load,
      writeReady,
      streamValid: loadedFrames < offered,
      roomCount: load === null ? 0 : counters[load.roomCounter]!,
    });

    const layer = layerOf.get(units.feed.active) ?? -1;
    const feeding = feeds.get(units.feed.active) ?? null;
    const state = feed.decide(feeding, counters);
    if (feeding !== null && feed.issues()) feedReads.put(cycle + STEP_TO_READ, feeding.group);
    const unitRecord = depthwise.get(units.depthwise.active) ?? null;
    const swept = unit.step(unitRecord, {
      count: unitRecord === null ? 0 : counters[unitRecord.inCounter]!,
      settled: fetch.depthwiseSettled(),
      feedGroup: feedReads.take(cycle) ?? -1,
      residualGroup: cycle <= residual.until ? residual.group : -1,
      writerGroup: written.group,
      loaderGroup,
    });
    if (feed.tileEnds()) {
      tiles.next(feed.lastColumnTile(), (slot, i) => {
        toPost.put(cycle + depth + i * slot.record.residualPlanes, slot);
      });
    }

    const arrived = toPost.take(cycle);
    if (arrived !== null) toFifo.put(cycle + arrived.record.residualPlanes + ARRIVAL_TO_FIFO, arrived);
    if (arrived?.record.resEnable) {
      residual = { group: arrived.record.resGroup, until: cycle + arrived.record.residualPlanes };
    }
    const entered = toFifo.take(cycle);
    if (entered !== null && !entered.absorbed) writer.push(entered);
    // The pool decides one cycle before the FIFO would get the slot, and gives the credit back at once.
    const absorbed = toFifo.peek(cycle + 1)?.absorbed === true;

    const done = {
      load: loaded.done,
      feed: feed.recordEnds(),
      post: arrived?.recordEnd === true,
      depthwise: swept.done,
      fill: mover.done(),
    };
    const moved = {
      load: fetch.moves('load', done.load),
      feed: fetch.moves('feed', done.feed),
      post: fetch.moves('post', done.post),
      depthwise: fetch.moves('depthwise', done.depthwise),
      fill: fetch.moves('fill', done.fill),
    };
    const nextUnit =
      units.depthwise.full && !fetch.holds('depthwise') ? depthwise.get(units.depthwise.shadow) : undefined;
    const nextLoad = units.load.full && !fetch.holds('load') ? loads.get(units.load.shadow) : undefined;
    const nextFeed = moved.feed ? (feeds.get(units.feed.shadow) ?? null) : null;
    const nextFill = moved.fill ? (fills.get(units.fill.shadow) ?? null) : null;
    const nextPost = moved.post ? posts.get(units.post.shadow) : undefined;
    if (load !== null && loaded.rowDone) bump(load.counter, 1);
    if (written.counter >= 0) bump(written.counter, written.rows);
    if (swept.counter >= 0) bump(swept.counter, 1);
    if (nextUnit !== undefined) counters[nextUnit.outCounter] = 0;
    if (moved.depthwise && nextUnit !== undefined) unit.begin(nextUnit);
    const frees = feed.frees();
    if (frees !== null) freed.put(cycle + ROW_TO_FREE, frees);
    const free = freed.take(cycle);
    if (free !== null) bump(free.counter, free.step);
    if (nextLoad !== undefined) counters[nextLoad.counter] = 0;
    if (nextLoad?.room) counters[nextLoad.roomCounter] = 0;
    if (nextPost?.count && !nextPost.resume) counters[nextPost.outCounter] = 0;

    const delivered = units.post.full && (!postFullBefore || postMovedBefore);
    postFullBefore = units.post.full;
    postMovedBefore = moved.post;
    const quiet = !packing && feed.creditsFull() && unitEmpty && !fetch.computes();
    const over = loadedFrames > countedFrames && quiet;
    if (fetch.frameDone(over)) countedFrames += 1;
    if (loaded.done && load?.last) loadedFrames += 1;
    const wordDone = mover.wordDone();
    mover.step(nextFill, feed.releases());
    const fetched = fetch.step(moved, done, over, loaded.firstBeat);
    feed.step(nextFeed, (written.pops ? 1 : 0) + (absorbed ? 1 : 0), delivered, moved.post, wordDone);

    const loading = loaded.rowDone || loader.wantsWrite();
    const busy = fetched || loading || feed.issues() || entered !== null || written.pops || swept.busy || mover.busy();
    cycle += 1;
    return { enters: loaded.firstBeat, leaves, feed: state, layer, busy };
  }
  return { layers: feeds.size, depth, step };
}

interface Timings {
  readonly loads: ReadonlyMap<number, LoadTiming>;
  readonly feeds: ReadonlyMap<number, FeedTiming>;
  readonly posts: ReadonlyMap<number, PostTiming>;
  readonly depthwise: ReadonlyMap<number, DepthwiseTiming>;
  readonly fills: ReadonlyMap<number, FillTiming>;
}

/** By record number. */
function timings(records: readonly ProgramRecord[]): Timings {
  const loads = new Map<number, LoadTiming>();
  const feeds = new Map<number, FeedTiming>();
  const posts = new Map<number, PostTiming>();
  const depthwise = new Map<number, DepthwiseTiming>();
  const fills = new Map<number, FillTiming>();
  for (const [i, record] of records.entries()) {
    if (record.opcode === 'load') loads.set(i, loadTiming(record.fields));
    if (record.opcode === 'feed') feeds.set(i, feedTiming(record.fields));
    if (record.opcode === 'post') posts.set(i, postTiming(record.fields));
    if (record.opcode === 'depthwise') depthwise.set(i, record.fields);
    if (record.opcode === 'fill') fills.set(i, record.fields);
  }
  return { loads, feeds, posts, depthwise, fills };
}

interface TileSlots {
  /** Hands out the slots of the next tile, of the last column tile or a full one. */
  next(lastColumnTile: boolean, put: (slot: SlotTiming, index: number) => void): void;
}

/** @param posts of one frame, in the order in which they run */
function tileSlots(posts: readonly PostTiming[], postWidth: number): TileSlots {
  let record = 0;
  let slots: Generator<SlotTiming> | null = null;
  /** Rows of the output that the records of a context have made. */
  const contexts = new Map<number, number>();

  function begin(post: PostTiming): Generator<SlotTiming> {
    const firstRow = post.resume ? contexts.get(post.context)! : 0;
    contexts.set(post.context, firstRow + post.nOy * tileLines(post));
    return slotsOf(post, postWidth, firstRow);
  }

  return {
    next(lastColumnTile, put) {
      const post = posts[record]!;
      slots ??= begin(post);
      const count = (lastColumnTile ? post.slotsLast : post.slotsFull) * post.pixelsPerTile;
      let ended = false;
      for (let i = 0; i < count; i++) {
        const { value } = slots.next();
        if (value === undefined) break;
        put(value, i);
        ended = value.recordEnd;
      }
      if (!ended) return;
      record = (record + 1) % posts.length;
      slots = null;
    },
  };
}
