/**
 * Layers that take turns: each begins once and makes all its rows, no other layer's state lies in its context meanwhile, and no
 * row of a circular buffer is overwritten that somebody has still to read.
 */
import type { FeedRecord, LoadRecord } from '../program/program.js';
import { LOADS_AT_ONCE } from './load-record.js';
import type { RecordPair } from './pairs.js';
import type { Plan, PlannedLayer } from './plan.js';
import { require } from './plan-rule.js';
import { homeOf } from './tensor-home.js';

/** @param pairs the program's, in order */
export function checkTurns(plan: Plan, pairs: readonly RecordPair[]): void {
  const { layers, turns } = plan;
  const done = layers.map(() => 0);
  const contexts = new Map<number, number>();
  pairs.forEach(({ feed, post }, i) => {
    const at = turns[i]!;
    const layer = layers[at]!;
    const { resume, context, nOy } = feed.fields;
    require((resume === 1) === done[at]! > 0, layer.name, 'it begins more than once, or goes on before it begins');
    require(resume === 0 || contexts.get(context) === at, layer.name, "it goes on in another layer's state");
    contexts.set(context, at);
    checkStream(plan, pairs, at, done);
    done[at]! += nOy;
    checkOverwriting(plan, pairs, i, done);
    checkRoom(plan, layer, feed, done[at]!);
    require(post.fields.dBufferSize === 0 ||
      post.fields.countStep === 1, layer.name, 'its tiles are higher than a row');
  });
  layers.forEach((layer, i) => {
    if (layer.unit === 'depthwise') return;
    const rows = plan.tensors[layer.output]!.height;
    const made = done[i]! * pairs[turns.indexOf(i)]!.post.fields.countStep;
    require(made >= rows, layer.name, `${made} of its ${rows} rows are made`);
  });
  plan.inputs.forEach(({ tensor }, i) => {
    require(isLoaded(plan, pairs, i, done), 'LOAD', `${tensor} never gets room for its last rows`);
  });
}

/** Inputs come one after the other: none that layer `at`, or the depthwise unit before it, reads is behind one that waits for room. */
function checkStream(plan: Plan, pairs: readonly RecordPair[], at: number, done: readonly number[]): void {
  const { layers, inputs, tensors } = plan;
  const reading = layers.filter(({ unit }, i) => i === at || (i < at && unit === 'depthwise'));
  for (const { name, input, residual } of reading) {
    const homes = [input, ...(residual === null ? [] : [residual])].map((tensor) => homeOf(tensor, tensors));
    const last = Math.max(...homes.map((home) => inputs.findIndex(({ tensor }) => tensor === home)));
    const waiting = inputs.slice(0, Math.max(0, last)).find((_, i) => !isLoaded(plan, pairs, i, done));
    require(waiting === undefined, name, `what it reads comes behind ${waiting?.tensor}, which waits for room`);
  }
}

/** True where input i has room for all its rows once its reader has made `done` of its own. */
function isLoaded(plan: Plan, pairs: readonly RecordPair[], i: number, done: readonly number[]): boolean {
  const { layers, inputs, turns } = plan;
  const { fields } = loadsOf(plan)[i]!;
  if (fields.room === 0) return true;
  const reader = layers.findIndex(({ input }) => input === inputs[i]!.tensor);
  const freed = done[reader]! * pairs[turns.indexOf(reader)]!.feed.fields.freeStep;
  return fields.padTop + fields.rows + fields.padBottom <= fields.roomRows + freed;
}

const loadsOf = ({ program }: Plan) => program.filter((record): record is LoadRecord => record.opcode === 'load');

/** Turn i writes rows up to done[its layer]: what lay in their places must have been read. */
function checkOverwriting(plan: Plan, pairs: readonly RecordPair[], i: number, done: readonly number[]): void {
  const { layers, turns, tensors } = plan;
  const maker = turns[i]!;
  const { output, name } = layers[maker]!;
  const rows = tensors[output]?.place?.bufferRows ?? 0;
  if (rows === 0) return;
  const overwritten = done[maker]! - rows;
  layers.forEach((reader, j) => {
    if (reader.input !== output) return;
    const dead = firstAlive(pairs[turns.indexOf(j)]!, done[j]!, tensors[reader.output]!.height);
    require(overwritten <= dead, name, `it writes over row ${dead}, which ${reader.name} has not read`);
  });
  require(!layers.some(({ residual }) => residual === output), name, 'a residual is read from a circular buffer');
}

/** LOAD lets every row in that an output row waits for, and none over a row that is still read. */
function checkRoom(plan: Plan, layer: PlannedLayer, { fields }: FeedRecord, done: number): void {
  const load = loadsOf(plan)[plan.inputs.findIndex(({ tensor }) => tensor === layer.input)];
  if (load === undefined || load.fields.room === 0) return;
  const { roomRows, roomCounter, bufferSize, rowPitch } = load.fields;
  const behind = plan.inputs.length - 1 - plan.inputs.findIndex(({ tensor }) => tensor === layer.input);
  require(behind < LOADS_AT_ONCE, 'LOAD', `${behind} records behind that of ${layer.input} would block the fetch`);
  require(fields.free === 1 && fields.freeCounter === roomCounter, layer.name, 'it makes no room for LOAD');
  for (let oy = done - fields.nOy; oy < done; oy++) {
    const letIn = roomRows + oy * fields.freeStep;
    const need = Math.min(fields.inNeed0 + oy * fields.inNeedStep, fields.inRows);
    require(need <= letIn, layer.name, `it waits for ${need} rows where LOAD has room for ${letIn}`);
    const alive = Math.max(0, fields.yBase + oy * fields.yOy);
    require(letIn - bufferSize / rowPitch <= alive, layer.name, `LOAD writes over row ${alive} before it is read`);
  }
}

/** The first row of its input that a layer reads from output row `done` on. */
function firstAlive({ feed }: RecordPair, done: number, height: number): number {
  return done >= height ? Number.POSITIVE_INFINITY : Math.max(0, feed.fields.yBase + done * feed.fields.yOy);
}
