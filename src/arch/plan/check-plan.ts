/** The validity rule behind the planner: what every program must obey, read off its records. */
import type { Machine } from '../machine.js';
import type { FeedRecord, LoadRecord, PostRecord } from '../program/program.js';
import { checkWaits } from './check-waits.js';
import { LAYERS_BEHIND, MOST_EARLY_LOADS } from './place-frame.js';
import type { Plan } from './plan.js';
import { require } from './plan-rule.js';
import { homeOf } from './tensor-home.js';

/** @throws SystoleError plan-invalid: a defect of the planner, never of the user's model */
export function checkPlan(plan: Plan): void {
  const { program, machine, layers } = plan;
  checkOrder(plan);
  const feeds = program.filter((record): record is FeedRecord => record.opcode === 'feed');
  const posts = program.filter((record): record is PostRecord => record.opcode === 'post');
  for (const { fields } of program.filter((record): record is LoadRecord => record.opcode === 'load')) {
    require(fields.group < machine.memory.groups, 'LOAD', 'its group does not exist');
    require(fields.counter < machine.counters, 'LOAD', 'its counter does not exist');
  }
  layers.forEach((layer, i) => {
    checkFeed(layer.name, feeds[i]!, plan);
    checkPost(layer.name, posts[i]!, machine);
    checkPair(layer.name, feeds[i]!, posts[i]!);
  });
  checkOverlaps(plan);
  checkWaits(plan, feeds, posts);
}

/** The inputs' LOADs, a FEED and a POST for each layer, END; where the next frame is loaded meanwhile, LOOP and its LOADs as well. */
function checkOrder({ program, layers, inputs, tensors }: Plan): void {
  const kinds = program.map((record) => record.opcode);
  const loads = inputs.map(() => 'load');
  const pairs = layers.flatMap(() => ['feed', 'post']);
  const at = kinds.lastIndexOf('load') - 2 * inputs.length;
  const early = kinds.includes('loop');
  const expected = early
    ? [...loads, 'loop', ...pairs.slice(0, at), ...loads, ...pairs.slice(at), 'end']
    : [...loads, ...pairs, 'end'];
  require(kinds.join() === expected.join(), 'the program', `the order of records is ${kinds.join(' ')}`);
  const ends = program.flatMap((record) => (record.opcode === 'load' ? [record.fields.last] : []));
  const expectedEnds = [...loads, ...(early ? loads : [])].map((_, i) => ((i + 1) % loads.length === 0 ? 1 : 0));
  require(ends.join() === expectedEnds.join(), 'LOAD', 'the frame does not end with the last input');
  if (!early) return;
  require(loads.length <= MOST_EARLY_LOADS, 'LOAD', `the next frame's ${loads.length} records would block the fetch`);
  const names = inputs.map(({ tensor }) => tensor);
  const lastReader = layers.findLastIndex((layer) =>
    [layer.input, ...(layer.residual ? [layer.residual] : [])].some((name) => names.includes(homeOf(name, tensors))),
  );
  const behind = at / 2 - 1 - lastReader;
  require(behind >= LAYERS_BEHIND, 'LOAD', `the next frame comes ${behind} layers behind the inputs' last reader`);
  const [first, next] = [program.slice(0, loads.length), program.slice(loads.length + 1 + at)].map((records) =>
    JSON.stringify(records.slice(0, loads.length)),
  );
  require(first === next, 'LOAD', 'the next frame is not loaded like the first');
}

function checkFeed(name: string, { fields }: FeedRecord, plan: Plan): void {
  const { machine } = plan;
  const loops = [fields.nOy, fields.nOx, fields.nCt, fields.nWy, fields.nWx, fields.nPass, fields.nKy, fields.nKx];
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
  const words = fields.wBase + (fields.nCt - 1) * fields.wCt + lastWeight;
  require(words <= plan.used.weightWords, name, 'FEED runs past the weights');
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
