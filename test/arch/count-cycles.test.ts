import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';

describe('the cycle model', () => {
  test('gets back the credits of slots that a pool keeps, however close they follow each other', () => {
    const machine = testMachine({ memory: { fifoEntries: 4 } });
    const network = new NetworkBuilder({ height: 4, width: 4, channels: 1 })
      .conv({ kernel: [1, 1], channels: 4 })
      .maxpool({ kernel: [2, 2], strides: [2, 2] })
      .conv({ kernel: [1, 1], channels: 1 })
      .build();
    const { images } = planNetwork(network, machine);
    expect(countCycles(machine, images).cycles).toBeGreaterThan(0);
  });
});
