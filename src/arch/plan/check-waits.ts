/** Every turn of a layer waits for the rows it reads, and for rows that records before it make. */
import type { LoadRecord, ProgramRecord } from '../program/program.js';
import { checkUnitPlaces, checkUnitRecord, type UnitTurn, unitsInOrder } from './check-unit.js';
import type { RecordPair } from './pairs.js';
import type { Plan } from './plan.js';
import { require } from './plan-rule.js';

/** What a counter has come to once all records so far are done, and the layer that counts on it (LOADED: LOAD). */
interface Counted {
  readonly layer: number;
  readonly input: number;
  readonly rows: number;
  /** Rows at once. */
  readonly step: number;
  /** Rows that its layer counts in all. */
  readonly total: number;
}

const LOADED = -1;

/** Rows that a turn's last output row waits for, and the most that any waits for. */
interface Awaited {
  readonly need: number;
  readonly rows: number;
}

/** @param turns the program's, in order */
export function checkWaits(plan: Plan, turns: readonly RecordPair[]): void {
  const counters = new Map<number, Counted>();
  firstLoads(plan.program).forEach(({ fields }, input) => {
    const rows = fields.padTop + fields.rows + fields.padBottom;
    counters.set(fields.counter, { layer: LOADED, input, rows, step: 1, total: rows });
  });
  const done = plan.layers.map(() => 0);
  const totals = plan.layers.map(() => 0);
  turns.forEach(({ post }, i) => {
    totals[plan.turns[i]!]! += post.fields.nOy * post.fields.countStep;
  });
  const units = unitsInOrder(plan);
  const ends = new Map<number, number>();
  turns.forEach((pair, i) => {
    for (const unit of units) if (unit.before === i) checkUnit(plan, unit, counters);
    const layer = plan.turns[i]!;
    checkTurn(plan, i, pair, done[layer]!, counters);
    for (const maker of awaitedUnits(plan, pair, done[layer]!, counters)) {
      for (const unit of units) if (unit.layer <= maker && !ends.has(unit.layer)) ends.set(unit.layer, layer);
    }
    done[layer]! += pair.feed.fields.nOy;
    const { count, outCounter, nOy, countStep, resume } = pair.post.fields;
    if (count === 0) return;
    const before = resume === 1 ? counters.get(outCounter)!.rows : 0;
    counters.set(outCounter, {
      layer,
      input: -1,
      rows: before + nOy * countStep,
      step: countStep,
      total: totals[layer]!,
    });
  });
  for (const unit of units) checkUnitPlaces(unit, plan, ends);
}

function checkUnit(plan: Plan, turn: UnitTurn, counters: Map<number, Counted>): void {
  checkUnitRecord(turn, plan);
  const { fields } = turn.record;
  const { inNeed0, inNeedStep, inRows, nOy, inCounter, outCounter } = fields;
  const need = Math.min(inNeed0 + (nOy - 1) * inNeedStep, inRows);
  const { name, input } = plan.layers[turn.layer]!;
  require(inRows >= 1 && inNeed0 <= inRows, name, 'the depthwise unit waits for no row at all, or for one too many');
  checkWait(plan, turn.layer, input, { need, rows: inRows }, counters.get(inCounter));
  counters.set(outCounter, { layer: turn.layer, input: -1, rows: nOy, step: 1, total: nOy });
}

/** Layers of the depthwise unit of which a turn's last output row waits for all rows. */
function awaitedUnits(
  plan: Plan,
  { feed }: RecordPair,
  done: number,
  counters: ReadonlyMap<number, Counted>,
): readonly number[] {
  const { nOy, inCounter, inNeed0, inNeedStep, inRows } = feed.fields;
  const { resEnable, resCounter, resNeed0, resNeedStep, resRows } = feed.fields;
  const last = done + nOy - 1;
  const waits = [
    { counter: inCounter, need: Math.min(inNeed0 + last * inNeedStep, inRows) },
    ...(resEnable === 1 ? [{ counter: resCounter, need: Math.min(resNeed0 + last * resNeedStep, resRows) }] : []),
  ];
  return waits.flatMap(({ counter, need }) => {
    const counted = counters.get(counter);
    const isUnit = counted !== undefined && plan.layers[counted.layer]?.unit === 'depthwise';
    return isUnit && need >= counted.total ? [counted.layer] : [];
  });
}

/** LOADs of the frame that is computed, not of the next. */
function firstLoads(program: readonly ProgramRecord[]): readonly LoadRecord[] {
  const loads = program.filter((record): record is LoadRecord => record.opcode === 'load');
  return loads.slice(0, loads.findIndex(({ fields }) => fields.last === 1) + 1);
}

/** @param done tile rows of the layer's turns before */
function checkTurn(
  plan: Plan,
  turn: number,
  { feed }: RecordPair,
  done: number,
  counters: ReadonlyMap<number, Counted>,
) {
  const layer = plan.layers[plan.turns[turn]!]!;
  const { fields } = feed;
  require(fields.inRows >= 1, layer.name, 'FEED waits for no row at all');
  const last = done + fields.nOy - 1;
  const input = { need: Math.min(fields.inNeed0 + last * fields.inNeedStep, fields.inRows), rows: fields.inRows };
  const reader = plan.turns[turn]!;
  checkWait(plan, reader, layer.input, input, counters.get(fields.inCounter));
  if (fields.resEnable === 0) return;
  const residual = {
    need: Math.min(fields.resNeed0 + last * fields.resNeedStep, fields.resRows),
    rows: fields.resRows,
  };
  const counted = counters.get(fields.resCounter);
  if (layer.residual !== null) checkWait(plan, reader, layer.residual, residual, counted);
  else checkDrain(plan, turn, residual.need, counted);
}

function checkWait(
  plan: Plan,
  reader: number,
  tensor: string,
  { need, rows }: Awaited,
  counted: Counted | undefined,
): void {
  const where = plan.layers[reader]!.name;
  const writer = lastWriter(plan, reader, tensor);
  const input = writer === LOADED ? plan.inputs.findIndex((one) => one.tensor === sourceOf(plan, tensor)) : -1;
  const right = counted !== undefined && counted.layer === writer && counted.input === input;
  require(right, where, `it reads ${tensor} and waits for another tensor's rows`);
  require(rows <= counted!.total, where, `it waits for ${rows} rows of ${tensor}, which has ${counted!.total}`);
  require(need <= counted!.rows, where, `it waits for ${need} rows of ${tensor}, of which ${counted!.rows} are made`);
}

/** A layer that waits until the one before it has left POST waits for all its rows. */
function checkDrain(plan: Plan, turn: number, need: number, counted: Counted | undefined): void {
  const before = plan.turns[turn - 1];
  const forAll = counted !== undefined && need <= counted.rows && need > counted.rows - counted.step;
  const where = plan.layers[plan.turns[turn]!]!.name;
  require(before !== undefined &&
    counted?.layer === before &&
    forAll, where, 'it does not wait for the layer before it');
}

/** Index of the layer that writes last of what a tensor is made of; LOADED where LOAD does. */
function lastWriter(plan: Plan, reader: number, tensor: string): number {
  const source = sourceOf(plan, tensor);
  const writer = plan.layers.findLastIndex(({ output }) => chain(plan, output).includes(source));
  require(writer < reader, plan.layers[reader]!.name, `it reads ${tensor} before it is made`);
  return writer;
}

/** The tensor itself where something is written of it, else the one it is a slice of. */
function sourceOf(plan: Plan, tensor: string): string {
  const isWritten = (name: string) => plan.layers.some(({ output }) => chain(plan, output).includes(name));
  return chain(plan, tensor).find(isWritten) ?? chain(plan, tensor).at(-1)!;
}

/** A tensor, the one it lies in, the one that lies in, ... */
function chain({ tensors }: Pick<Plan, 'tensors'>, name: string): readonly string[] {
  const inside = tensors[name]?.place?.inside ?? null;
  return inside === null ? [name] : [name, ...chain({ tensors }, inside)];
}
