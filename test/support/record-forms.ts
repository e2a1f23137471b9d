/**
 * The same plan in other forms of its records: column tiles outside the map, rows in several records that go on where the
 * last one stopped, equal ones of them repeated, maps turned round in circular buffers of their own size. Outputs stay.
 */

import type { Plan } from '../../src/arch/plan/plan.js';
import { encodeProgram } from '../../src/arch/program/encode.js';
import type { Fields, ProgramRecord } from '../../src/arch/program/program.js';
import { randomSource } from '../../src/base/random.js';

/** FEED and POST of one layer. */
interface Pair {
  readonly feed: Fields<'feed'>;
  readonly post: Fields<'post'>;
}

/** @param plan with one pair of records a layer, for a machine with contexts */
export function otherForm(plan: Plan, seed: number): Plan {
  const random = randomSource(seed);
  const below = (count: number) => random.integer(0, count - 1);
  const some = () => below(2) === 0;
  const pairs = turnMaps(pairsOf(plan), plan, below);
  const turns: number[] = [];
  let at = 0;
  const program = plan.program.flatMap((record): readonly ProgramRecord[] => {
    if (record.opcode === 'post') return [];
    if (record.opcode !== 'feed') return [record];
    const pair = pairs[at++]!;
    const outer = some() ? columnTilesOutermost(pair) : pair;
    const context = below(plan.machine.memory.contexts);
    const parts = some() ? inParts(outer, context, below) : [{ pair: outer, count: 1 }];
    turns.push(...parts.flatMap(({ count }) => Array.from({ length: count }, () => at - 1)));
    return parts.flatMap(({ pair: { feed, post }, count }): readonly ProgramRecord[] => {
      const records = [{ opcode: 'feed', fields: feed } as const, { opcode: 'post', fields: post } as const];
      if (count === 1 && some()) return records;
      return [{ opcode: 'repeat', fields: { count } }, ...records, { opcode: 'next', fields: {} }];
    });
  });
  const images = { ...plan.images, program: encodeProgram(program, plan.machine.fetchWords) };
  return { ...plan, program, turns, images };
}

function pairsOf({ program }: Plan): readonly Pair[] {
  const feeds = program.flatMap((record) => (record.opcode === 'feed' ? [record.fields] : []));
  const posts = program.flatMap((record) => (record.opcode === 'post' ? [record.fields] : []));
  return feeds.map((feed, i) => ({ feed, post: posts[i]! }));
}

/** The stream wants all channels of a pixel together; a depthwise tile moves in its map. */
function columnTilesOutermost({ feed, post }: Pair): Pair {
  const inOrder = post.toStream === 0 || post.nOy * post.nOx * post.pixelsPerTile === 1;
  if (!inOrder || feed.aCt !== 0) return { feed, post };
  return { feed: { ...feed, nCo: feed.nCt, nCt: 1 }, post: { ...post, nCo: post.nCt, nCt: 1 } };
}

/** A pair that runs `count` times. */
interface Part {
  readonly pair: Pair;
  readonly count: number;
}

/** A record to the stream ends its output. */
function inParts({ feed, post }: Pair, context: number, below: (count: number) => number): readonly Part[] {
  if (feed.nCo > 1 || post.toStream === 1) return [{ pair: { feed, post }, count: 1 }];
  const parts: Part[] = [];
  for (let from = 0; from < feed.nOy; ) {
    const nOy = 1 + below(Math.min(3, feed.nOy - from));
    const count = from === 0 ? 1 : 1 + below(Math.floor((feed.nOy - from) / nOy));
    const change = { nOy, resume: from > 0 ? 1 : 0, context };
    parts.push({ pair: { feed: { ...feed, ...change }, post: { ...post, ...change } }, count });
    from += count * nOy;
  }
  return parts;
}

/** Maps of which one POST record makes every row, and that others read row by row, begin at another row of their place. */
function turnMaps(pairs: readonly Pair[], plan: Plan, below: (count: number) => number): readonly Pair[] {
  let turned = pairs;
  plan.layers.forEach((layer, made) => {
    const { place, height } = plan.tensors[layer.output]!;
    const shared = Object.values(plan.tensors).some(({ place: other }) => other?.inside === layer.output);
    if (place === null || place.inside !== null || shared || height < 2) return;
    const pitch = place.rowPitch;
    const ring: Ring = { start: place.base, size: height * pitch, first: below(height) * pitch };
    const readers = plan.layers.flatMap(({ input, residual }, i) =>
      input === layer.output || residual === layer.output ? [i] : [],
    );
    const next = turned.map((pair, i): Pair | null => {
      let now: Pair | null = pair;
      if (i === made) now = turnDestination(now, ring);
      if (now !== null && plan.layers[i]!.input === layer.output) now = turnInput(now, ring, plan);
      if (now !== null && plan.layers[i]!.residual === layer.output) now = turnResidual(now, ring);
      return now;
    });
    if (readers.length > 0 && next.every((pair) => pair !== null)) turned = next as readonly Pair[];
  });
  return turned;
}

/** A buffer from `start` on, row 0 `first` codes behind it. */
interface Ring {
  readonly start: number;
  readonly size: number;
  readonly first: number;
}

function pointer({ start, size, first }: Ring, row: number): number {
  return start + ((((row - start + first) % size) + size) % size);
}

const fits = (steps: readonly number[], { size }: Ring) => steps.every((step) => step >= 0 && step < size);

function turnDestination({ feed, post }: Pair, ring: Ring): Pair | null {
  if (post.dBase !== ring.start || !fits([post.dOy, post.dLine], ring)) return null;
  const dBase = pointer(ring, post.dBase);
  return { feed, post: { ...post, dBase, dBufferEnd: ring.start + ring.size, dBufferSize: ring.size } };
}

function turnInput({ feed, post }: Pair, ring: Ring, { machine }: Plan): Pair | null {
  const wholeRows = feed.tileCols === machine.rows && feed.yMax > 1;
  if (!wholeRows || !fits([feed.aOy, feed.aWy, feed.aKy], ring)) return null;
  const aBase = pointer(ring, feed.aBase);
  return { feed: { ...feed, aBase, bufferEnd: ring.start + ring.size, bufferSize: ring.size }, post };
}

/** The first pixel of a row may lie left of the map: the pointer moves in a buffer that does as well. */
function turnResidual({ feed, post }: Pair, ring: Ring): Pair | null {
  if (!fits([post.rOy, post.rWy, post.rLine], ring)) return null;
  const left = post.poolEnable === 1 && post.cxBase < 0 ? -post.cxBase * (post.rRow / Math.max(1, post.cxRow)) : 0;
  const moved = { ...ring, start: ring.start - left };
  const rBase = pointer(moved, post.rBase);
  return { feed, post: { ...post, rBase, rBufferEnd: moved.start + ring.size, rBufferSize: ring.size } };
}
