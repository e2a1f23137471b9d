import { expect, test } from 'vitest';
import { decodeFolds, encodeFolds } from '../../../src/arch/program/fold-memory.js';
import { testMachine } from '../../support/machines.js';

test('steps of the channel folder come back as they were, for lanes that do and do not fill their pieces', () => {
  for (const lanes of [2, 8, 32, 128]) {
    const machine = testMachine({ lanes });
    const entries = [0, 3 * lanes, 2 ** 31 - 1].map((aOff, i) => ({
      aOff,
      segments: Array.from({ length: lanes }, (_, lane) => (lane * 5 + i) % 8),
    }));
    expect(decodeFolds(encodeFolds(entries, machine), machine)).toEqual(entries);
  }
});
