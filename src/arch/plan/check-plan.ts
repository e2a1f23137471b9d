/** The validity rule behind the planner: what every program must obey, read off its records. */
import type { Machine } from '../machine.js';
import type { FeedRecord, LoadRecord, Opcode, PostRecord } from '../program/program.js';
import { checkTurns } from './check-turns.js';
import { checkWaits } from './check-waits.js';
import { LOADS_AT_ONCE } from './load-record.js';
import { pairsInOrder } from './pairs.js';
import { LAYERS_BEHIND } from './place-frame.js';
import type { Plan, PlannedLayer } from './plan.js';
import { require } from './plan-rule.js';
import { homeOf } from './tensor-home.js';

/** @throws SystoleError plan-invalid: a defect of the planner, never of the user's model */
export function checkPlan(plan: Plan): void {
  const { program, machine, layers } = plan;
  checkOrder(plan);
  for (const { fields } of program.filter((record): record is LoadRecord => record.opcode === 'load')) {
    require(fields.group < machine.memory.groups, 'LOAD', 'its group does not exist');
    require(fields.counter < machine.counters, 'LOAD', 'its counter does not exist');
    require(fields.roomCounter < machine.counters, 'LOAD', 'the counter of its room does not exist');
  }
  const pairs = pairsInOrder(program);
  require(pairs.length === plan.turns.length, 'the program', `it has ${pairs.length} turns, not ${plan.turns.length}`);
  pairs.forEach(({ feed, post }, i) => {
    const { name } = layers[plan.turns[i]!]!;
    checkFeed(name, feed, plan);
    checkPost(name, post, machine);
    checkPair(name, feed, post);
  });
  checkOverlaps(plan);
  checkWaits(plan, pairs);
  checkTurns(plan, pairs);
}

/**
 * FILL, the inputs' LOADs, FEED and POST in turn, some between REPEAT and NEXT, END; where the next frame is loaded meanwhile,
 * LOOP and its LOADs as well, outside of what is repeated.
 */
function checkOrder({ program, inputs, layers, tensors, turns }: Plan): void {
  const kinds = program.map((record) => record.opcode);
  const order = kinds.map((kind) => LETTERS[kind]).join('');
  const loads = `L{${inputs.length}}`;
  const fill = kinds[0] === 'fill' ? 'F' : '';
  const pattern = new RegExp(`^${fill}${loads}(O${BLOCK}*${fill}${loads})?${BLOCK}*E$`);
  require(pattern.test(order), 'the program', `the order of records is ${kinds.join(' ')}`);
  const all = program.filter((record): record is LoadRecord => record.opcode === 'load');
  const ends = all.map(({ fields }) => fields.last).join('');
  const early = kinds.includes('loop');
  const frame = `${'0'.repeat(inputs.length - 1)}1`;
  require(ends === (early ? frame + frame : frame), 'LOAD', 'the frame does not end with the last input');
  if (!early) return;
  require(inputs.length <= LOADS_AT_ONCE, 'LOAD', `the next frame's ${inputs.length} records would block the fetch`);
  const names = inputs.map(({ tensor }) => tensor);
  const reads = ({ input, residual }: PlannedLayer) =>
    [input, ...(residual ? [residual] : [])].some((name) => names.includes(homeOf(name, tensors)));
  // What the depthwise unit reads it may be at until its place is given up.
  const kept = layers.map((layer) => (reads(layer) && layer.unit === 'depthwise' ? lastReadOf(layer, tensors) : -1));
  const lastReader = turns.findLastIndex((layer) => reads(layers[layer]!) || layer <= Math.max(...kept));
  const before = pairsInOrder(program.slice(0, kinds.lastIndexOf('load') - inputs.length + 1)).length;
  const behind = before - 1 - lastReader;
  require(behind >= LAYERS_BEHIND, 'LOAD', `the next frame comes ${behind} layers behind the inputs' last reader`);
  const [first, next] = [all.slice(0, inputs.length), all.slice(inputs.length)].map((records) =>
    JSON.stringify(records),
  );
  require(first === next, 'LOAD', 'the next frame is not loaded like the first');
}

const lastReadOf = ({ input }: PlannedLayer, tensors: Plan['tensors']): number =>
  tensors[homeOf(input, tensors)]!.place!.lastRead;

/** Of the opcodes, for patterns of their order. */
const LETTERS: Readonly<Record<Opcode, string>> = {
  end: 'E',
  load: 'L',
  feed: 'f',
  post: 'p',
  loop: 'O',
  repeat: 'R',
  next: 'N',
  fill: 'F',
  depthwise: 'D',
};
const BLOCK = '(fp|D|R(fp)+N)';

function checkFeed(name: string, { fields }: FeedRecord, plan: Plan): void {
  const { machine } = plan;
  const loops = [
    fields.nCo,
    fields.nOy,
    fields.nOx,
    fields.nCt,
    fields.nWy,
    fields.nWx,
    fields.nPass,
    fields.nKy,
    fields.nKx,
  ];
  require([...loops, fields.nStep].every((count) => count >= 1), name, 'a loop of FEED is empty');
  require(fields.group < machine.memory.groups, name, 'FEED reads a group that does not exist');
  require(fields.inCounter < machine.counters, name, 'FEED waits for a counter that does not exist');
  require(fields.resCounter < machine.counters, name, 'FEED waits for a counter that does not exist');
  require(fields.passBase + fields.nPass <= plan.passes.length, name, 'FEED runs past the pass table');
  require(fields.nStep === Math.ceil(fields.runLen / machine.lanes), name, 'the steps do not cover the run');
  const steps = fields.nKy * fields.nKx * fields.nStep;
  const lastWeight = plan.passes
    .slice(fields.passBase, fields.passBase + fields.nPass)
    .reduce((most, pass) => Math.max(most, pass.wOff + steps), 0);
  const words = fields.wBase + (fields.nCo * fields.nCt - 1) * fields.wCt + lastWeight;
  require(fields.ring === 1 || words <= plan.used.weightWords, name, 'FEED runs past the weights');
  const tile = fields.ring === 0 || (fields.tileWords === lastWeight && lastWeight <= machine.memory.ringWords);
  require(tile, name, 'a column tile is not what comes through the ring');
  require(fields.ring === 0 || fields.nCt === 1, name, 'weights from the ring would be needed twice');
  require(fields.context === 0 || fields.context < machine.memory.contexts, name, 'its context does not exist');
  require(plan.passes[fields.passBase]?.shift === 0, name, 'the first pass shifts');
  require(fields.slotsFull <= machine.memory.fifoEntries, name, 'a tile has more slots than the FIFO has entries');
}

function checkPost(name: string, { fields }: PostRecord, machine: Machine): void {
  require(fields.group < machine.memory.groups, name, 'POST writes a group that does not exist');
  require(fields.outCounter < machine.counters, name, 'POST counts on a counter that does not exist');
  require(fields.tailCount >= 1 && fields.tailCount <= machine.postWidth, name, 'the last slot has no channels');
  require(fields.lo <= fields.hi, name, 'its clamp is empty');
  require(fields.toStream === 0 ||
    fields.pixelsPerTile === 1 ||
    fields.nCt === 1, name, 'the stream would not be in NHWC order');
  const onePixel = fields.nOy === 1 && fields.nOx === 1 && fields.pixelsPerTile === 1;
  const inOrder = fields.tileCols === fields.pixelsPerTile && (fields.nCo === 1 || onePixel);
  require(fields.toStream === 0 || inOrder, name, 'the stream would not be in NHWC order');
  require(fields.pixelsPerTile === fields.tileCols * fields.countStep, name, 'its tiles are no rectangles');
  require(fields.nCo === 1 || fields.nCt === 1, name, 'its column tiles are inside the rows and outside');
  const channels = ((fields.nCo * fields.nCt - 1) * fields.slotsFull + fields.slotsLast) * machine.postWidth;
  const words = fields.pBase + channels / machine.postWidth;
  const tables = machine.memory.tableEntries;
  const fits = fields.tableEnable === 0 || fields.tableBase + fields.hi < tables;
  require(fits, name, 'POST looks up behind the tables');
  require(fields.mulEnable === 0 || fields.resEnable === 1, name, 'POST multiplies by nothing');
  require(fields.raw === 1 || words <= machine.memory.parameterWords, name, 'POST runs past the parameters');
}

function checkPair(name: string, feed: FeedRecord, post: PostRecord): void {
  const f = feed.fields;
  const p = post.fields;
  const same =
    f.nCo === p.nCo && f.nOy === p.nOy && f.nOx === p.nOx && f.nCt === p.nCt && f.nWy === p.nWy && f.nWx === p.nWx;
  require(same, name, 'FEED and POST do not have the same tiles');
  require(f.slotsFull === p.slotsFull * p.pixelsPerTile, name, 'FEED and POST do not have the same slots');
  require(f.slotsLast === p.slotsLast * p.pixelsPerTile, name, 'FEED and POST do not have the same slots');
  require(f.resume === p.resume && f.context === p.context, name, 'FEED and POST do not go on at the same place');
  require(p.resEnable === 0 || p.resGroup !== f.group, name, 'feed and residual share a group');
  require(p.resEnable === 0 || f.resEnable === 1, name, 'nobody waits for the residual');
}

/** Places alive together lie apart, each inside its group and with what lies inside it. */
function checkOverlaps(plan: Plan): void {
  const capacity = plan.machine.memory.activationWords * plan.machine.lanes;
  const early = plan.program.some(({ opcode }) => opcode === 'loop');
  const kept = early ? plan.inputs.map(({ tensor }) => tensor) : [];
  const places = Object.values(plan.tensors).flatMap(({ place, ...tensor }) =>
    place ? [{ ...tensor, ...place }] : [],
  );
  const stored = places
    .filter(({ inside }) => inside === null)
    .map((place) => ({
      ...place,
      lastRead: kept.includes(place.name) ? plan.layers.length - 1 : place.lastRead,
      end: place.base + place.planes * place.planeStride,
    }));
  stored.forEach((a, i) => {
    require(a.end <= capacity, a.name, 'the tensor is larger than its group');
    for (const b of stored.slice(i + 1)) {
      const together = a.lastRead >= b.made && b.lastRead >= a.made;
      const overlap = a.group === b.group && a.base < b.end && b.base < a.end;
      require(!(together && overlap), a.name, `it overlaps ${b.name}`);
    }
  });
  for (const inner of places) {
    const outer = stored.find(({ name }) => name === homeOf(inner.name, plan.tensors))!;
    const last =
      inner.base + (inner.height - 1) * inner.rowPitch + (inner.width - 1) * inner.pixelPitch + inner.channels;
    const within = inner.base >= outer.base && last <= outer.base + outer.planeStride && inner.group === outer.group;
    require(inner.inside === null || (within && inner.planes === outer.planes), inner.name, `it leaves ${outer.name}`);
  }
}
