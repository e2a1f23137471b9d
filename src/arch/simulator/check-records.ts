/** What a program may ask of its machine at all, looked at before it runs; all else is found while it does. */
import type { Machine } from '../machine.js';
import type {
  DepthwiseRecord,
  FeedRecord,
  FillRecord,
  LoadRecord,
  PostRecord,
  ProgramRecord,
} from '../program/program.js';
import { UNIT_OPS } from '../program/records.js';
import { broken } from './activation-memory.js';

/** Array steps, or loaded codes, of one record: far more than any layer has, and still an end. */
const LONGEST = 2 ** 31;
const MOST_PLANES = 16;
const MOST_FREED = 255;

/** @throws SystoleError plan-invalid naming the record and the field */
export function checkRecords(machine: Machine, records: readonly ProgramRecord[]): void {
  checkStreams(records);
  for (const [index, record] of records.entries()) {
    const limits = limitsOf(machine, record);
    for (const [what, value, most] of limits) {
      if (value <= most) continue;
      throw broken(`record ${index} (${record.opcode}) has ${what} ${value}, more than ${most}`);
    }
  }
}

/** Each of the two streams ends a frame with a record marked last, the last one of its kind. */
function checkStreams(records: readonly ProgramRecord[]): void {
  const loads = records.filter((record): record is LoadRecord => record.opcode === 'load');
  const posts = records.filter((record): record is PostRecord => record.opcode === 'post');
  const ends = posts.filter(({ fields }) => fields.toStream === 1).map(({ fields }) => fields.last);
  if (loads.at(-1)?.fields.last !== 1) throw broken('no LOAD record ends the frame');
  if (ends.indexOf(1) !== ends.length - 1) throw broken('a POST record that is not the last to the stream ends it');
}

type Limit = readonly [what: string, value: number, most: number];

function limitsOf(machine: Machine, record: ProgramRecord): readonly Limit[] {
  if (record.opcode === 'load') return loadLimits(machine, record);
  if (record.opcode === 'feed') return [...feedLimits(machine, record), ...ringLimits(machine, record)];
  if (record.opcode === 'fill') return fillLimits(machine, record);
  if (record.opcode === 'depthwise') return depthwiseLimits(machine, record);
  return record.opcode === 'post' ? postLimits(machine, record) : [];
}

function depthwiseLimits(
  { memory, counters, lanes, depthwise }: Machine,
  { fields }: DepthwiseRecord,
): readonly Limit[] {
  const width = depthwise?.postWidth ?? 1;
  const isProduct = fields.op === UNIT_OPS.products;
  const { nOy, nG, nC, nKy, nKx } = fields;
  return [
    ['a unit that the machine has not', 1, depthwise === null ? 0 : 1],
    ['group', fields.group, memory.groups - 1],
    ['dGroup', fields.dGroup, memory.groups - 1],
    ['inCounter', fields.inCounter, counters - 1],
    ['outCounter', fields.outCounter, counters - 1],
    ['slotsFull', fields.slotsFull, lanes / width],
    ['slotsLast', fields.slotsLast, lanes / width],
    ['tailCount', fields.tailCount, width],
    ['hi', fields.hi, 255],
    ['inNeed0', fields.inNeed0, fields.inRows],
    ['chain', fields.chain, 1],
    ['pair', fields.pair, isProduct && (depthwise?.taps ?? 0) >= 3 ? fields.chain : 0],
    ['op', fields.op, UNIT_OPS.max],
    ['products of a unit without multipliers', isProduct ? 1 : 0, Math.min(depthwise?.taps ?? 0, 1)],
    ['columns of a largest code', fields.op === UNIT_OPS.max && fields.chain === 1 ? fields.outFirst : 0, 2],
    ['sums in a chain', fields.op === UNIT_OPS.sum ? fields.chain : 0, 0],
    ['wStep', fields.wStep, 1],
    ['kernel columns one after the other in a chain', fields.chain === 1 ? nKx : 1, 1],
    ['loops that are empty', [nOy, nG, nC, nKy, nKx, fields.slotsLast, fields.outStep].includes(0) ? 1 : 0, 0],
    ['steps', nOy * nG * nC * nKy * nKx, LONGEST],
  ];
}

function loadLimits(
  { memory, counters, lanes, stream, activationDigit }: Machine,
  { fields }: LoadRecord,
): readonly Limit[] {
  const { rows, rowCodes, codeBits, beats, planes, padTop, padBottom, padLeft, padRight, room } = fields;
  const needed = Math.ceil((rows * rowCodes * codeBits) / (8 * stream.inBytes));
  return [
    ['codeBits other than 1, 2, 4, 8, 16:', [1, 2, 4, 8, 16].includes(codeBits) ? 0 : codeBits, 0],
    ['no rows', rows < 1 ? 1 : 0, 0],
    ['no codes', rowCodes < 1 ? 1 : 0, 0],
    ['last', fields.last, 1],
    ['beats', beats, needed],
    ['beats missing', needed - beats, 0],
    ['group', fields.group, memory.groups - 1],
    ['counter', fields.counter, counters - 1],
    ['room', room, 1],
    ['roomCounter', room ? fields.roomCounter : 0, counters - 1],
    ['roomCounter, its own counter,', room && fields.roomCounter === fields.counter ? 1 : 0, 0],
    ['planes', planes, MOST_PLANES],
    ['bits in its planes', (planes - 1) * activationDigit, codeBits <= 8 ? 7 : 15],
    ['rowPitch', fields.rowPitch, memory.activationWords * lanes],
    ['rowPitch and bufferSize', fields.bufferSize === 0 ? 0 : fields.rowPitch, fields.bufferSize],
    ['codes', (padTop + rows + padBottom) * (padLeft + rowCodes + padRight), LONGEST],
  ];
}

function feedLimits({ memory, counters, rows, lanes }: Machine, { fields }: FeedRecord): readonly Limit[] {
  const { nCo, nCt, tileCols, bufferEnd, bufferSize, aBase, resume, context } = fields;
  const tiles = nCo * fields.nOy * fields.nOx * nCt * fields.nWy * fields.nWx;
  const stepsFit = [fields.aOy, fields.aWy, fields.aKy].every((step) => step >= 0 && step < bufferSize);
  const wholeRows = tileCols === rows;
  const dividesRows = isPowerOfTwo(tileCols) && rows % tileCols === 0;
  const inBuffer = aBase >= bufferEnd - bufferSize && aBase < bufferEnd;
  return [
    ['group', fields.group, memory.groups - 1],
    ['inCounter', fields.inCounter, counters - 1],
    ['resCounter', fields.resEnable ? fields.resCounter : 0, counters - 1],
    ['steps', tiles * Math.max(1, fields.nPass * fields.nKy * fields.nKx * fields.nStep), LONGEST],
    ['freeCounter', fields.free ? fields.freeCounter : 0, counters - 1],
    ['freeStep', fields.free ? fields.freeStep : 0, MOST_FREED],
    ['fold', fields.fold, memory.foldEntries > 0 ? 1 : 0],
    ['fold entries', fields.fold ? fields.foldBase + fields.nStep : 0, memory.foldEntries],
    ['kernel loops beside fold,', fields.fold ? fields.nKy * fields.nKx : 1, 1],
    ['both nCo and nCt', Math.min(nCo, nCt), 1],
    ['tiles that do not cover the rows,', wholeRows || dividesRows ? 0 : 1, 0],
    ['resume', resume, memory.contexts > 0 && nCo === 1 ? 1 : 0],
    ['context', context, Math.max(0, memory.contexts - 1)],
    ['bufferSize', bufferSize, memory.contexts > 0 && wholeRows ? bufferEnd : 0],
    ['bufferEnd', bufferSize > 0 ? bufferEnd : 0, memory.activationWords * lanes],
    ['row pointers outside their buffer,', bufferSize === 0 || resume || inBuffer ? 0 : 1, 0],
    ['row steps longer than their buffer,', bufferSize === 0 || stepsFit ? 0 : 1, 0],
  ];
}

function ringLimits({ memory }: Machine, { fields }: FeedRecord): readonly Limit[] {
  const { ring, tileWords, wBase, wCt, nCt } = fields;
  return [
    ['ring', ring, memory.ringWords > 0 ? 1 : 0],
    ['tileWords', ring ? tileWords : 0, memory.ringWords],
    ['tileWords below 1', ring && tileWords < 1 ? 1 : 0, 0],
    ['column tiles within the rows', ring ? nCt : 1, 1],
    ['wBase or wCt', ring ? wBase + wCt : 0, 0],
  ];
}

function fillLimits({ memory }: Machine, { fields }: FillRecord): readonly Limit[] {
  return [
    ['words', fields.words, memory.ringWords > 0 ? LONGEST : 0],
    ['words below 1', fields.words < 1 ? 1 : 0, 0],
  ];
}

const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;

function postLimits(
  { memory, counters, rows, cols, lanes, postWidth }: Machine,
  { fields }: PostRecord,
): readonly Limit[] {
  const slots = cols / postWidth;
  const { mulEnable, aOffset, rOffset, tableEnable, tableBase, hi } = fields;
  const offset = Math.max(Math.abs(aOffset), Math.abs(rOffset));
  const { nCo, nCt, pixelsPerTile, tileCols, countStep, resume, context, toStream } = fields;
  const codes = memory.activationWords * lanes;
  const most = memory.contexts > 0 ? codes : 0;
  const { dBase, dBufferEnd, dBufferSize, dOy, dLine, rBase, rBufferEnd, rBufferSize, rOy, rWy, rLine } = fields;
  const lines = pixelsPerTile / tileCols;
  return [
    ['group', fields.toStream ? 0 : fields.group, memory.groups - 1],
    ['resGroup', fields.resEnable ? fields.resGroup : 0, memory.groups - 1],
    ['outCounter', fields.outCounter, counters - 1],
    ['pixelsPerTile', fields.pixelsPerTile, rows],
    ['slotsFull', fields.slotsFull, slots],
    ['slotsLast', fields.slotsLast, slots],
    ['tailCount', fields.tailCount, postWidth],
    ['planes', fields.planes, MOST_PLANES],
    ['resPlanes', fields.resPlanes, MOST_PLANES],
    ['elementBytes', fields.elementBytes, 4],
    ['last', fields.last, 1],
    ['count', fields.count, 1],
    ['mulEnable', mulEnable, fields.resEnable],
    ['an offset of the product of', mulEnable ? offset : 0, 2 ** 16 - 1],
    ['tableEnable', tableEnable, fields.raw ? 0 : 1],
    ['a table up to entry', tableEnable ? tableBase + hi : -1, memory.tableEntries - 1],
    ['both nCo and nCt', Math.min(nCo, nCt), 1],
    ['tiles of no whole lines,', Number.isInteger(lines) ? 0 : 1, 0],
    ['a stream of lines', toStream ? lines : 1, 1],
    ['countStep', countStep, lines],
    ['resume', resume, memory.contexts > 0 && nCo === 1 ? 1 : 0],
    ['context', context, Math.max(0, memory.contexts - 1)],
    ...bufferLimits('d', dBufferEnd, dBufferSize, resume ? dBufferEnd - 1 : dBase, [dOy, dLine], most),
    ...bufferLimits('r', rBufferEnd, rBufferSize, resume ? rBufferEnd - 1 : rBase, [rOy, rWy, rLine], most),
  ];
}

/** A circular buffer holds the row pointer that begins in it, and is longer than its steps. */
function bufferLimits(
  which: string,
  end: number,
  size: number,
  base: number,
  steps: readonly number[],
  most: number,
): readonly Limit[] {
  if (size === 0) return [];
  const inside = base >= end - size && base < end;
  const fit = steps.every((step) => step >= 0 && step < size);
  return [
    [`${which}BufferSize`, size, most],
    [`${which}BufferEnd`, end, most],
    [`a row pointer ${which} outside its buffer,`, inside ? 0 : 1, 0],
    [`row steps ${which} longer than their buffer,`, fit ? 0 : 1, 0],
  ];
}
