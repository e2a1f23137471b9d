/** The validity rule behind the planner: what every program must obey, read off its records. */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { FeedRecord, LoadRecord, PostRecord } from '../program/program.js';
import { LAYERS_BEHIND } from './place-frame.js';
import type { Plan } from './plan.js';

/** @throws SystoleError plan-invalid: a defect of the planner, never of the user's model */
export function checkPlan(plan: Plan): void {
  const { program, machine, layers } = plan;
  checkOrder(plan);
  const feeds = program.filter((record): record is FeedRecord => record.opcode === 'feed');
  const posts = program.filter((record): record is PostRecord => record.opcode === 'post');
  const load = program[0] as LoadRecord;
  require(load.fields.group < machine.memory.groups, 'LOAD', 'its group does not exist');
  layers.forEach((layer, i) => {
    checkFeed(layer.name, feeds[i]!, plan);
    checkPost(layer.name, posts[i]!, machine);
    checkPair(layer.name, feeds[i]!, posts[i]!);
  });
  checkOverlaps(plan);
}

function require(holds: boolean, where: string, sentence: string): void {
  if (!holds) throw new SystoleError('plan-invalid', `the plan of ${where} is not valid: ${sentence}`, { where });
}

/** LOAD, a FEED and a POST for each layer, END; where the next frame is loaded meanwhile, LOOP and its LOAD as well. */
function checkOrder({ program, layers, input }: Plan): void {
  const kinds = program.map((record) => record.opcode);
  const nextLoad = kinds.lastIndexOf('load');
  const pairs = layers.flatMap(() => ['feed', 'post']);
  const early = nextLoad === 0;
  const at = nextLoad - 2;
  const expected = early
    ? ['load', ...pairs, 'end']
    : ['load', 'loop', ...pairs.slice(0, at), 'load', ...pairs.slice(at), 'end'];
  require(kinds.join() === expected.join(), 'the program', `the order of records is ${kinds.join(' ')}`);
  if (early) return;
  const lastReader = layers.findLastIndex((layer) => layer.input === input.tensor || layer.residual === input.tensor);
  const behind = at / 2 - 1 - lastReader;
  require(behind >= LAYERS_BEHIND, 'LOAD', `the next frame comes ${behind} layers behind the input's last reader`);
  const [first, next] = [program[0]!, program[nextLoad]!].map((record) => JSON.stringify(record));
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
  const channels = ((fields.nCt - 1) * fields.slotsFull + fields.slotsLast) * machine.postWidth;
  const words = fields.pBase + channels / machine.postWidth;
  require(fields.raw === 1 || words <= machine.memory.parameterWords, name, 'POST runs past the parameters');
}

function checkPair(name: string, feed: FeedRecord, post: PostRecord): void {
  const f = feed.fields;
  const p = post.fields;
  const same = f.nOy === p.nOy && f.nOx === p.nOx && f.nCt === p.nCt && f.nWy === p.nWy && f.nWx === p.nWx;
  require(same, name, 'FEED and POST do not have the same tiles');
  require(f.slotsFull === p.slotsFull * p.pixelsPerTile, name, 'FEED and POST do not have the same slots');
  require(f.slotsLast === p.slotsLast * p.pixelsPerTile, name, 'FEED and POST do not have the same slots');
  require(p.resEnable === 0 || p.resGroup !== f.group, name, 'feed and residual share a group');
  require(p.resEnable === 0 || f.resEnable === 1, name, 'nobody waits for the residual');
}

/** Tensors alive together lie apart, and every tensor inside its group. */
function checkOverlaps(plan: Plan): void {
  const capacity = plan.machine.memory.activationWords * plan.machine.lanes;
  const kept = plan.program.filter(({ opcode }) => opcode === 'load').length > 1 ? plan.input.tensor : null;
  const stored = Object.values(plan.tensors).flatMap(({ name, place }) => {
    if (!place) return [];
    const lastRead = name === kept ? plan.layers.length - 1 : place.lastRead;
    return [{ name, ...place, lastRead, end: place.base + place.planes * place.planeStride }];
  });
  stored.forEach((a, i) => {
    require(a.end <= capacity, a.name, 'the tensor is larger than its group');
    for (const b of stored.slice(i + 1)) {
      const together = a.lastRead >= b.made && b.lastRead >= a.made;
      const overlap = a.group === b.group && a.base < b.end && b.base < a.end;
      require(!(together && overlap), a.name, `it overlaps ${b.name}`);
      require(!(together && a.counter === b.counter), a.name, `it shares its row counter with ${b.name}`);
    }
  });
}
