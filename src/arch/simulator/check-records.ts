/** What a program may ask of its machine at all, looked at before it runs; all else is found while it does. */
import type { Machine } from '../machine.js';
import type { FeedRecord, LoadRecord, PostRecord, ProgramRecord } from '../program/program.js';
import { broken } from './activation-memory.js';

/** Array steps, or loaded codes, of one record: far more than any layer has, and still an end. */
const LONGEST = 2 ** 31;
const MOST_PLANES = 16;

/** @throws SystoleError plan-invalid naming the record and the field */
export function checkRecords(machine: Machine, records: readonly ProgramRecord[]): void {
  for (const [index, record] of records.entries()) {
    const limits = limitsOf(machine, record);
    for (const [what, value, most] of limits) {
      if (value <= most) continue;
      throw broken(`record ${index} (${record.opcode}) has ${what} ${value}, more than ${most}`);
    }
  }
}

type Limit = readonly [what: string, value: number, most: number];

function limitsOf(machine: Machine, record: ProgramRecord): readonly Limit[] {
  if (record.opcode === 'load') return loadLimits(machine, record);
  if (record.opcode === 'feed') return feedLimits(machine, record);
  return record.opcode === 'post' ? postLimits(machine, record) : [];
}

function loadLimits({ memory, counters }: Machine, { fields }: LoadRecord): readonly Limit[] {
  const { rows, virtualRows, kernelRows, pixels, pixelCodes } = fields;
  return [
    ['group', fields.group, memory.groups - 1],
    ['counter', fields.counter, counters - 1],
    ['planes', fields.planes, MOST_PLANES],
    ['codes', Math.max(rows, fields.fold ? virtualRows * kernelRows : 0) * pixels * pixelCodes, LONGEST],
  ];
}

function feedLimits({ memory, counters }: Machine, { fields }: FeedRecord): readonly Limit[] {
  const tiles = fields.nOy * fields.nOx * fields.nCt * fields.nWy * fields.nWx;
  return [
    ['group', fields.group, memory.groups - 1],
    ['inCounter', fields.inCounter, counters - 1],
    ['resCounter', fields.resEnable ? fields.resCounter : 0, counters - 1],
    ['steps', tiles * Math.max(1, fields.nPass * fields.nKy * fields.nKx * fields.nStep), LONGEST],
  ];
}

function postLimits({ memory, counters, rows, cols, postWidth }: Machine, { fields }: PostRecord): readonly Limit[] {
  const slots = cols / postWidth;
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
  ];
}
