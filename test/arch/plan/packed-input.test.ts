import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { inputBytes, inputLength } from '../../../src/arch/plan/stream-frames.js';
import { compareLevels } from '../../support/compare-levels.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomCodes } from '../../support/network-builder.js';

describe('codes on the input stream', () => {
  test.each([
    [1, 1, [1, 0, 1, 1, 0, 0, 0, 1, 1], [0b10001101, 0b1]],
    [2, 2, [1, 3, 0, 2, 3], [0b10001101, 0b11]],
    [3, 4, [7, 1, 5], [0x17, 0x5]],
    [4, 4, [0xf, 0x1, 0xa], [0x1f, 0xa]],
    [5, 8, [31, 1], [31, 1]],
    [9, 16, [0x1ff, 0x100], [0xff, 1, 0, 1]],
  ] as const)('of %d bits take %d each, the first one lowest', (bits, codeBits, codes, bytes) => {
    const shape = { height: 1, width: codes.length, channels: 1, bits };
    const network = new NetworkBuilder(shape).conv({ kernel: [1, 1], channels: 3 }).build();
    const { inputs, program } = planNetwork(network, testMachine());
    expect(inputs.map((input) => input.codeBits)).toEqual([codeBits]);
    expect(program.filter(({ opcode }) => opcode === 'load').map(({ fields }) => fields)).toMatchObject([{ codeBits }]);
    expect([...inputBytes(inputs, codes)]).toEqual(bytes);
    expect(inputLength(inputs)).toBe(bytes.length);
  });

  test.each([1, 2, 3, 4])('of %d bits come out of the machine as out of the golden model', (bits) => {
    const network = new NetworkBuilder({ height: 5, width: 7, channels: 3, bits })
      .input({ height: 5, width: 7, channels: 2, bits: 1 })
      .conv({ kernel: [3, 3], channels: 4, input: 'input' })
      .conv({ kernel: [3, 3], channels: 4, input: 'input1' })
      .build('conv0.out', 'conv1.out');
    for (const machine of [testMachine(), testMachine({ activationDigit: 1, weightDigit: 1 })]) {
      expect(compareLevels(network, machine, randomCodes(network, bits)).divergence).toBeNull();
    }
  });
});
