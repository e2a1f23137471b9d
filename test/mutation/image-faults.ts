/** Faults of what a machine is loaded with: program words, addresses, pass entries, weights and constants. */

import type { Plan } from '../../src/arch/plan/plan.js';
import { encodePasses, encodeProgram } from '../../src/arch/program/encode.js';
import { decodeParameters, encodeParameters } from '../../src/arch/program/memories.js';
import type { ChannelParameters, Images, Opcode, PassEntry, ProgramRecord } from '../../src/arch/program/program.js';
import type { CaseName } from './fixed-set.js';

export interface ImageFault {
  readonly name: string;
  readonly on: CaseName;
  readonly edit: (plan: Plan) => Images;
}

/** Record `nth` of its kind, one field changed. */
function field(opcode: Exclude<Opcode, 'end'>, nth: number, name: string, change: (value: number) => number) {
  return (plan: Plan): Images => {
    let seen = 0;
    const program = plan.program.map((record): ProgramRecord => {
      if (record.opcode !== opcode || seen++ !== nth) return record;
      const fields = record.fields as Readonly<Record<string, number>>;
      if (fields[name] === undefined) throw new Error(`${opcode} has no field ${name}`);
      return { opcode, fields: { ...fields, [name]: change(fields[name]) } } as unknown as ProgramRecord;
    });
    if (seen <= nth) throw new Error(`the program has no ${opcode} ${nth}`);
    return { ...plan.images, program: encodeProgram(program, plan.machine.fetchWords) };
  };
}

function pass(index: number, change: (entry: PassEntry) => Partial<PassEntry>) {
  return ({ passes, images }: Plan): Images => {
    const changed = passes.map((entry, i) => (i === index ? { ...entry, ...change(entry) } : entry));
    return { ...images, passes: encodePasses(changed) };
  };
}

function constants(channel: number, change: (constants: ChannelParameters) => Partial<ChannelParameters>) {
  return ({ images, machine }: Plan): Images => {
    const all = decodeParameters(images.parameters, machine);
    const changed = all.map((entry, i) => (i === channel ? { ...entry, ...change(entry) } : entry));
    return { ...images, parameters: encodeParameters(changed, machine) };
  };
}

function flip(memory: keyof Images, bit: number) {
  return ({ images }: Plan): Images => {
    const pieces = images[memory].slice();
    pieces[bit >>> 5] = (pieces[bit >>> 5]! ^ (1 << (bit & 31))) >>> 0;
    return { ...images, [memory]: pieces };
  };
}

/** The next frame's LOAD right behind LOOP, before anybody has read this frame. */
function loadEarly({ program, images, machine }: Plan): Images {
  const next = program.findLastIndex((record) => record.opcode === 'load');
  const rest = program.filter((_, i) => i !== next);
  const loop = rest.findIndex((record) => record.opcode === 'loop');
  const changed = [...rest.slice(0, loop + 1), program[next]!, ...rest.slice(loop + 1)];
  return { ...images, program: encodeProgram(changed, machine.fetchWords) };
}

/** TLAST on an output that others follow. */
function firstOutputLast(plan: Plan): Images {
  const posts = plan.program.filter((record) => record.opcode === 'post');
  const first = posts.findIndex(({ fields }) => fields.toStream === 1);
  return field('post', first, 'last', set(1))(plan);
}

const plus = (step: number) => (value: number) => value + step;
const set = (to: number) => () => to;

export const IMAGE_FAULTS: readonly ImageFault[] = [
  // Program: LOAD.
  { name: 'the frame lands one code late', on: 'pooled', edit: field('load', 0, 'base', plus(1)) },
  {
    name: 'digit planes of the frame lie one code apart too far',
    on: 'pooled',
    edit: field('load', 0, 'planeStride', plus(1)),
  },
  { name: 'rows above the frame hold another code', on: 'pooled', edit: field('load', 0, 'padCode', plus(1)) },
  { name: 'a row above the frame is missing', on: 'pooled', edit: field('load', 0, 'padTop', plus(-1)) },
  { name: 'a row below the frame is missing', on: 'pooled', edit: field('load', 0, 'padBottom', plus(-1)) },
  { name: 'the frame begins one code further left', on: 'strided', edit: field('load', 0, 'padLeft', plus(-1)) },
  { name: 'rows of the frame lie one code too far apart', on: 'strided', edit: field('load', 0, 'rowPitch', plus(1)) },
  { name: 'codes of two bits count as four', on: 'turns', edit: field('load', 0, 'codeBits', set(4)) },
  {
    name: 'a row more of the frame is let in than there is room',
    on: 'turns',
    edit: field('load', 0, 'roomRows', plus(1)),
  },
  { name: 'the buffer of the frame ends one row late', on: 'turns', edit: field('load', 0, 'bufferEnd', plus(21)) },
  { name: 'a row is missing behind the buffer', on: 'turns', edit: field('load', 0, 'mirrorEnd', plus(-21)) },
  { name: 'the next frame is loaded over this one', on: 'chain', edit: loadEarly },
  // Program: FEED.
  { name: 'a layer reads one code late', on: 'pooled', edit: field('feed', 2, 'aBase', plus(1)) },
  { name: 'a layer steps one code too far from row to row', on: 'pooled', edit: field('feed', 3, 'aOy', plus(1)) },
  { name: 'kernel rows lie one code too far apart', on: 'strided', edit: field('feed', 1, 'aKy', plus(1)) },
  { name: 'the second array row reads its pixel one code late', on: 'pooled', edit: field('feed', 3, 'aRow', plus(1)) },
  { name: 'the second line of a tile is read one code late', on: 'pooled', edit: field('feed', 2, 'aWrap', plus(1)) },
  { name: 'the second line of a tile is one row further down', on: 'pooled', edit: field('feed', 2, 'yLine', plus(1)) },
  { name: 'folded kernel rows lie a word too far apart', on: 'strided', edit: field('feed', 0, 'foldStride', plus(1)) },
  { name: 'a layer takes the fold entries one on', on: 'strided', edit: field('feed', 0, 'foldBase', plus(1)) },
  { name: 'a buffer ends one row late', on: 'turns', edit: field('feed', 1, 'bufferEnd', plus(20)) },
  { name: 'a buffer is one row longer', on: 'turns', edit: field('feed', 1, 'bufferSize', plus(20)) },
  { name: 'a turn begins anew', on: 'turns', edit: field('feed', 5, 'resume', set(0)) },
  { name: 'a layer goes on in the context of another', on: 'turns', edit: field('feed', 5, 'context', plus(1)) },
  { name: 'a row too many is given back', on: 'turns', edit: field('feed', 4, 'freeStep', plus(1)) },
  { name: 'rows are not given back', on: 'turns', edit: field('feed', 4, 'free', set(0)) },
  { name: 'ring words are given back one short', on: 'pooled', edit: field('feed', 4, 'tileWords', plus(-1)) },
  { name: 'a column tile in the ring is left out', on: 'pooled', edit: field('feed', 4, 'nCo', plus(-1)) },
  { name: 'a layer begins one row further down', on: 'pooled', edit: field('feed', 2, 'yBase', plus(1)) },
  { name: 'the map ends one code early', on: 'pooled', edit: field('feed', 2, 'xMax', plus(-1)) },
  { name: 'the kernel run ends one code early', on: 'pooled', edit: field('feed', 0, 'runLen', plus(-1)) },
  { name: 'a layer takes the weights one word on', on: 'pooled', edit: field('feed', 2, 'wBase', plus(1)) },
  { name: 'a layer takes the pass entries one on', on: 'pooled', edit: field('feed', 2, 'passBase', plus(1)) },
  { name: 'a digit pass is left out', on: 'chain', edit: field('feed', 0, 'nPass', plus(-1)) },
  { name: 'a layer reads another group', on: 'pooled', edit: field('feed', 3, 'group', (group) => 1 - group) },
  { name: 'the first layer waits for one row less', on: 'chain', edit: field('feed', 0, 'inNeed0', plus(-1)) },
  { name: 'a layer waits for a row that never comes', on: 'pooled', edit: field('feed', 3, 'inRows', plus(1)) },
  { name: 'a layer waits on the wrong counter', on: 'pooled', edit: field('feed', 2, 'inCounter', set(3)) },
  // Program: POST.
  { name: 'a layer writes one code late', on: 'pooled', edit: field('post', 0, 'dBase', plus(1)) },
  { name: 'a layer steps one code too far between pixels', on: 'pooled', edit: field('post', 3, 'dRow', plus(1)) },
  {
    name: 'the second line of a tile is written one code late',
    on: 'pooled',
    edit: field('post', 2, 'dLine', plus(1)),
  },
  { name: 'a tile of two lines counts one row', on: 'pooled', edit: field('post', 0, 'countStep', set(1)) },
  { name: 'a buffer is written on behind its end', on: 'turns', edit: field('post', 4, 'dBufferEnd', plus(20)) },
  { name: 'a turn writes from the first row on', on: 'turns', edit: field('post', 5, 'resume', set(0)) },
  { name: 'a turn writes on in the context of another', on: 'turns', edit: field('post', 5, 'context', plus(1)) },
  { name: 'the last slot has a channel too many', on: 'pooled', edit: field('post', 2, 'tailCount', plus(1)) },
  { name: 'the map has a column less', on: 'pooled', edit: field('post', 0, 'outCols', plus(-1)) },
  { name: 'the constants are taken one word on', on: 'pooled', edit: field('post', 2, 'pBase', plus(1)) },
  { name: 'the rounding bit', on: 'ties', edit: field('post', 0, 'nearestEven', set(0)) },
  { name: 'the lower limit', on: 'ties', edit: field('post', 0, 'lo', plus(1)) },
  { name: 'the upper limit', on: 'ties', edit: field('post', 1, 'hi', plus(-1)) },
  { name: 'the residual is read one code late', on: 'pooled', edit: field('post', 2, 'rBase', plus(1)) },
  { name: 'the residual loses its upper plane', on: 'pooled', edit: field('post', 2, 'resPlanes', set(1)) },
  { name: 'the pool begins one row further down', on: 'pooled', edit: field('post', 3, 'cyBase', plus(1)) },
  { name: 'accumulators leave as two bytes', on: 'pooled', edit: field('post', 4, 'elementBytes', set(2)) },
  { name: 'the offset of the first factor', on: 'product', edit: field('post', 0, 'aOffset', plus(1)) },
  { name: 'the offset of the second factor', on: 'product', edit: field('post', 0, 'rOffset', plus(-1)) },
  { name: 'a product becomes a sum', on: 'product', edit: field('post', 0, 'mulEnable', set(0)) },
  { name: 'a table is read one entry on', on: 'several', edit: field('post', 0, 'tableBase', plus(1)) },
  { name: 'values are not looked up', on: 'several', edit: field('post', 0, 'tableEnable', set(0)) },
  { name: 'rows of a map are not counted', on: 'chain', edit: field('post', 1, 'count', set(0)) },
  // Streams.
  { name: 'the first input ends the frame', on: 'several', edit: field('load', 0, 'last', set(1)) },
  { name: 'an input has a beat too many', on: 'several', edit: field('load', 0, 'beats', plus(1)) },
  { name: 'codes of two bytes count as one', on: 'several', edit: field('load', 1, 'codeBits', set(8)) },
  { name: 'the first output ends the frame', on: 'several', edit: firstOutputLast },
  // Repeats, weights from DRAM.
  { name: 'a turn too few', on: 'turns', edit: field('repeat', 0, 'count', plus(-1)) },
  { name: 'a turn too many', on: 'turns', edit: field('repeat', 0, 'count', plus(1)) },
  { name: 'the ring is filled from another address', on: 'pooled', edit: field('fill', 0, 'address', plus(64)) },
  { name: 'the ring gets a word too few', on: 'pooled', edit: field('fill', 0, 'words', plus(-1)) },
  // Passes.
  { name: 'a pass reads another plane', on: 'pooled', edit: pass(2, () => ({ aOff: 288 })) },
  { name: 'a pass takes weights one word on', on: 'pooled', edit: pass(1, ({ wOff }) => ({ wOff: wOff + 1 })) },
  { name: 'a pass shifts too far', on: 'pooled', edit: pass(3, ({ shift }) => ({ shift: shift + 2 })) },
  { name: 'the top digit of the weights has no sign', on: 'pooled', edit: pass(2, () => ({ mode: 'unsigned' })) },
  { name: 'padding has another digit', on: 'pooled', edit: pass(9, ({ padDigit }) => ({ padDigit: padDigit + 1 })) },
  // Weights and constants.
  { name: 'a bit of the first weight', on: 'pooled', edit: flip('weights', 0) },
  { name: 'a bit of a weight in the second column', on: 'ties', edit: flip('weights', 32) },
  { name: 'a bit of a weight in DRAM', on: 'pooled', edit: flip('dram', 69) },
  { name: 'a fold begins one code on', on: 'strided', edit: flip('folds', 0) },
  { name: 'a lane of a fold is in another kernel row', on: 'strided', edit: flip('folds', 35) },
  { name: 'a bit of m', on: 'ties', edit: constants(0, ({ m }) => ({ m: m ^ 2 })) },
  { name: 'the sign of m', on: 'pooled', edit: constants(4, ({ m }) => ({ m: -m })) },
  { name: 'the lowest bit of b', on: 'ties', edit: constants(1, ({ b }) => ({ b: b ^ 1n })) },
  { name: 'n', on: 'ties', edit: constants(2, ({ n }) => ({ n: n + 1 })) },
  { name: 'a bit of a table', on: 'several', edit: flip('tables', 31 * 32 + 4) },
  { name: 'r of the residual', on: 'pooled', edit: constants(12, ({ r }) => ({ r: r + 2 ** 10 })) },
];
