/** The machine on which the integer networks of the node tests run: small array, memories that none of them fills. */
import { parseMachine } from '../../src/arch/machine-schema.js';

export const MACHINE = parseMachine({
  name: 'node-tests',
  rows: 1,
  cols: 8,
  lanes: 8,
  activationDigit: 8,
  weightDigit: 8,
  columnsPerStage: 4,
  postWidth: 4,
  accBits: 32,
  mBits: 34,
  bBits: 64,
  nBits: 6,
  memory: {
    groups: 4,
    activationWords: 2 ** 14,
    weightWords: 2 ** 16,
    parameterWords: 2 ** 14,
    tableEntries: 2 ** 14,
    programWords: 2 ** 14,
    passEntries: 2 ** 12,
    fifoEntries: 32,
  },
  stream: { inBytes: 8, outBytes: 4 },
  counters: 64,
});
