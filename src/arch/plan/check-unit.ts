/** Layers of the depthwise unit: their records stay inside its memories, and what they use is in nobody else's hands meanwhile. */
import type { DepthwiseRecord } from '../program/program.js';
import { UNIT_OPS } from '../program/records.js';
import type { Plan, TensorPlace } from './plan.js';
import { require } from './plan-rule.js';
import { homeOf } from './tensor-home.js';

/** A depthwise record in the program. */
export interface UnitTurn {
  readonly record: DepthwiseRecord;
  /** Pairs of FEED and POST before it. */
  readonly before: number;
  /** Index of the plan's layers. */
  readonly layer: number;
}

export function unitsInOrder({ program, layers }: Pick<Plan, 'program' | 'layers'>): readonly UnitTurn[] {
  const own = layers.flatMap(({ unit }, i) => (unit === 'depthwise' ? [i] : []));
  const units: UnitTurn[] = [];
  let before = 0;
  let repeated = { from: 0, count: 1 };
  for (const record of program) {
    if (record.opcode === 'repeat') repeated = { from: before, count: record.fields.count };
    if (record.opcode === 'post') before += 1;
    if (record.opcode === 'next') before += (before - repeated.from) * (repeated.count - 1);
    if (record.opcode === 'depthwise') units.push({ record, before, layer: own[units.length] ?? -1 });
  }
  require(units.length === own.length, 'the program', `it has ${units.length} depthwise records, not ${own.length}`);
  return units;
}

export function checkUnitRecord({ record, layer }: UnitTurn, plan: Plan): void {
  const { machine, images } = plan;
  const { name } = plan.layers[layer]!;
  const { fields } = record;
  const { memory, counters, lanes, depthwise } = machine;
  require(depthwise !== null, name, 'the machine has no depthwise unit');
  if (depthwise === null) return;
  const loops = [fields.nOy, fields.nG, fields.nC, fields.nKy, fields.nKx, fields.outStep];
  require(loops.every((count) => count >= 1), name, 'a loop of the depthwise unit is empty');
  require(Math.max(fields.group, fields.dGroup) <
    memory.groups, name, 'the depthwise unit uses a group that does not exist');
  require(Math.max(fields.inCounter, fields.outCounter) <
    counters, name, 'the depthwise unit uses a counter that does not exist');
  require(fields.inCounter !== fields.outCounter, name, 'the depthwise unit counts where it waits');
  require(fields.lo <= fields.hi && fields.hi < 256, name, 'its clamp is empty, or wider than a code');
  require(fields.chain === 0 || fields.nKx === 1, name, 'kernel columns come twice');
  const isProduct = fields.op === UNIT_OPS.products;
  require(!isProduct || depthwise.taps > 0, name, 'the depthwise unit has no multipliers');
  require(fields.op !== UNIT_OPS.sum || fields.chain === 0, name, 'sums are not made of columns');
  const columns = fields.op === UNIT_OPS.max && fields.chain === 1 ? fields.outFirst : 0;
  require(columns <= 2, name, 'the depthwise unit keeps the largest codes of two columns at most');
  const pairs = isProduct && fields.chain === 1 && fields.nG === 1 && depthwise.taps >= 3;
  require(fields.pair === 0 || pairs, name, 'two pixels at once need three columns at once, and all lanes');
  const lastOut = fields.nC - 1 - fields.outFirst;
  require(lastOut >= 0 &&
    lastOut % fields.outStep === 0, name, 'a row of the depthwise unit does not end with an output');
  const steps = fields.nKy * fields.nKx;
  const weights = fields.wBase + (fields.nG - 1) * fields.wGroup + (steps - 1) * fields.wStep;
  const piecesPerWord = Math.ceil((lanes * depthwise.taps) / 4);
  require(!isProduct ||
    weights < images.kernels.length / piecesPerWord, name, 'the depthwise unit runs past its weights');
  const slots = fields.pBase + (fields.nG - 1) * fields.slotsFull + fields.slotsLast;
  require(slots <= depthwise.parameterWords, name, 'the depthwise unit runs past its parameters');
}

/**
 * The unit may begin with a layer while POST is at the array's turn before it, and is through with it at the end of a turn
 * that waits for all rows of it or of a later one.
 * @param ends by the unit's layers: the layer of that turn
 */
export function checkUnitPlaces({ layer, before }: UnitTurn, plan: Plan, ends: ReadonlyMap<number, number>): void {
  const { name, input, output } = plan.layers[layer]!;
  const begin = plan.turns[before - 1] ?? -1;
  const end = ends.get(layer) ?? plan.layers.length - 1;
  const place = (tensor: string): TensorPlace => plan.tensors[homeOf(tensor, plan.tensors)]!.place!;
  require(place(input).lastRead >= end, name, `${input} may be overwritten while the depthwise unit reads it`);
  require(place(output).lastRead >= end, name, `${output} may be overwritten while the depthwise unit writes it`);
  require(place(output).made <= begin, name, `${output} may be in use when the depthwise unit begins to write it`);
}
