/** A small machine that every test may vary. */
import type { Machine } from '../../src/arch/machine.js';

export function smallMachine(changes: Partial<Machine> = {}): Machine {
  return {
    name: 'small',
    rows: 1,
    cols: 4,
    lanes: 4,
    activationDigit: 8,
    weightDigit: 3,
    columnsPerStage: 2,
    postWidth: 2,
    accBits: 24,
    mBits: 26,
    bBits: 48,
    nBits: 6,
    memory: {
      groups: 2,
      activationWords: 1024,
      weightWords: 1024,
      parameterWords: 128,
      programWords: 1024,
      passEntries: 64,
      fifoEntries: 16,
    },
    stream: { inBytes: 4, outBytes: 4 },
    counters: 16,
    ...changes,
  };
}
