/**
 * The exact cycle count of one frame, from command words alone: a clock-by-clock model of the machine's control
 * (docs/timing.md) under ideal streams. Nothing of the data is looked at. The count is that of design section 1: from the first
 * accepted input beat to the last accepted output beat, inclusive, on an idle machine with its first records in place.
 */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import { decodeProgram } from '../program/decode.js';
import type { Images, ProgramRecord } from '../program/program.js';
import { type FeedTiming, feedModel } from './feed.js';
import { feedTiming, loadTiming, postTiming } from './fields.js';
import { type LoadTiming, loaderModel } from './loader.js';
import { packerModel } from './packer.js';
import { fetchModel } from './records.js';
import { type PostTiming, type SlotTiming, slotsOf } from './slots.js';
import { timedQueue } from './timed-queue.js';
import { type LayerCycles, type Waterfall, waterfallCounter } from './waterfall.js';
import { writerModel } from './writer.js';

export interface CycleCount {
  readonly cycles: number;
  readonly waterfall: Waterfall;
  /** In FEED order. */
  readonly layers: readonly LayerCycles[];
}

/** From a tile's last step to its first slot token at the array's corner. */
const STEP_TO_TOKEN = 6;
/** From a slot's arrival at POST to the FIFO, its residual planes not counted. */
const ARRIVAL_TO_FIFO = 7;
/** A machine in which nothing has moved for so long, and for the array's depth, is idle: the frame is offered. */
const SETTLED_CYCLES = 32;
/** A program whose machine does nothing for so long never ends. */
const STUCK_CYCLES = 100_000;

/** @throws SystoleError plan-invalid for a program that would never end. */
export function countCycles(machine: Machine, images: Images): CycleCount {
  const records = decodeProgram(images.program);
  const { loads, feeds, posts } = timings(records);
  const layerOf = new Map([...feeds.keys()].map((record, layer) => [record, layer]));
  const fetch = fetchModel(records);
  const { units } = fetch;
  const loader = loaderModel(machine.lanes, machine.stream.inBytes);
  const feed = feedModel(machine.memory.fifoEntries);
  const tiles = tileSlots([...posts.values()], machine.postWidth);
  const writer = writerModel();
  const packer = packerModel(machine.stream.outBytes);
  const counters = new Int32Array(machine.counters);
  const bump = (index: number): void => {
    counters[index] = counters[index]! + 1;
  };
  const waterfall = waterfallCounter(feeds.size);

  // Slots on their way to POST, and from there to the FIFO.
  const toPost = timedQueue<SlotTiming>();
  const toFifo = timedQueue<SlotTiming>();
  const arrivalDelay = STEP_TO_TOKEN + machine.cols / machine.columnsPerStage + machine.rows;

  let streaming = false;
  let firstBeat = -1;
  let postFullBefore = false;
  let postMovedBefore = false;
  let busyAt = 0;

  for (let cycle = 0; cycle - busyAt < STUCK_CYCLES; cycle++) {
    const written = writer.step(packer);
    const frameEnds = packer.step(written.element);
    const load = loads.get(units.load.active) ?? null;
    const loaded = loader.step(load, load === null || written.group !== load.group, streaming);
    if (loaded.firstBeat) firstBeat = cycle;
    streaming ||= cycle - busyAt > SETTLED_CYCLES + arrivalDelay;

    const state = feed.decide(feeds.get(units.feed.active) ?? null, counters);
    if (feed.tileEnds()) {
      tiles.next(feed.lastColumnTile(), (slot, i) => {
        toPost.put(cycle + arrivalDelay + i * slot.record.residualPlanes, slot);
      });
    }
    if (firstBeat >= 0) waterfall.count(state, layerOf.get(units.feed.active) ?? -1);

    const arrived = toPost.take(cycle);
    if (arrived !== null) toFifo.put(cycle + arrived.record.residualPlanes + ARRIVAL_TO_FIFO, arrived);
    const entered = toFifo.take(cycle);
    if (entered !== null && !entered.absorbed) writer.push(entered);
    // The pool decides one cycle before the FIFO would get the slot, and gives the credit back at once.
    const absorbed = toFifo.peek(cycle + 1)?.absorbed === true;

    const done = { load: loaded.done, feed: feed.recordEnds(), post: arrived?.recordEnd === true };
    const moved = {
      load: fetch.moves('load', done.load),
      feed: fetch.moves('feed', done.feed),
      post: fetch.moves('post', done.post),
    };
    const nextLoad = moved.load ? loads.get(units.load.shadow) : undefined;
    const nextFeed = moved.feed ? (feeds.get(units.feed.shadow) ?? null) : null;
    const nextPost = moved.post ? posts.get(units.post.shadow) : undefined;
    if (load !== null && loaded.rowDone) bump(load.counter);
    if (written.counter >= 0) bump(written.counter);
    if (nextLoad !== undefined) counters[nextLoad.counter] = 0;
    if (nextPost !== undefined && !nextPost.toStream) counters[nextPost.outCounter] = 0;

    const delivered = units.post.full && (!postFullBefore || postMovedBefore);
    postFullBefore = units.post.full;
    postMovedBefore = moved.post;
    // The frame is over before END counts it: the model never begins a second one.
    const fetched = fetch.step(moved, done, false);
    feed.step(nextFeed, (written.pops ? 1 : 0) + (absorbed ? 1 : 0), delivered, moved.post);

    const loading = loaded.rowDone || loader.wantsWrite();
    if (fetched || loading || feed.issues() || entered !== null || written.pops) busyAt = cycle;
    if (frameEnds) {
      return { cycles: cycle - firstBeat + 1, waterfall: waterfall.waterfall(), layers: waterfall.layers };
    }
  }
  throw new SystoleError('plan-invalid', 'the program never ends: a unit waits for what nobody makes', {
    hint: 'this is a defect of Systole: please report the model',
  });
}

interface Timings {
  readonly loads: ReadonlyMap<number, LoadTiming>;
  readonly feeds: ReadonlyMap<number, FeedTiming>;
  readonly posts: ReadonlyMap<number, PostTiming>;
}

/** By record number. */
function timings(records: readonly ProgramRecord[]): Timings {
  const loads = new Map<number, LoadTiming>();
  const feeds = new Map<number, FeedTiming>();
  const posts = new Map<number, PostTiming>();
  for (const [i, record] of records.entries()) {
    if (record.opcode === 'load') loads.set(i, loadTiming(record.fields));
    if (record.opcode === 'feed') feeds.set(i, feedTiming(record.fields));
    if (record.opcode === 'post') posts.set(i, postTiming(record.fields));
  }
  return { loads, feeds, posts };
}

interface TileSlots {
  /** Hands out the slots of the next tile, of the last column tile or a full one. */
  next(lastColumnTile: boolean, put: (slot: SlotTiming, index: number) => void): void;
}

function tileSlots(posts: readonly PostTiming[], postWidth: number): TileSlots {
  let record = 0;
  let slots: Generator<SlotTiming> | null = null;
  return {
    next(lastColumnTile, put) {
      const post = posts[record]!;
      slots ??= slotsOf(post, postWidth);
      const count = (lastColumnTile ? post.slotsLast : post.slotsFull) * post.pixelsPerTile;
      let ended = false;
      for (let i = 0; i < count; i++) {
        const { value } = slots.next();
        if (value === undefined) break;
        put(value, i);
        ended = value.recordEnd;
      }
      if (!ended) return;
      record += 1;
      slots = null;
    },
  };
}
