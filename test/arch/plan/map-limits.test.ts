import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../../src/arch/plan/plan-network.js';
import { SystoleError } from '../../../src/base/error.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { farWindows } from '../../support/known-networks.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder } from '../../support/network-builder.js';

function refusal(network: IntegerNetwork, machine = testMachine()): SystoleError {
  try {
    planNetwork(network, machine);
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a network that the counters of the hardware cannot hold is refused by name', () => {
  test.each([
    ['rows of its input', { height: 65536, width: 1 }, { kernel: [1, 1], strides: [65536, 1] }],
    ['output columns', { height: 1, width: 65536 }, { kernel: [1, 1] }],
  ] as const)('%s', (what, size, window) => {
    const network = new NetworkBuilder({ ...size, channels: 1 }).conv({ ...window, channels: 1 }).build();
    const machine = testMachine({ memory: { activationWords: 2 ** 15 } });
    const error = refusal(network, machine);
    expect(error).toMatchObject({ code: 'network-unsupported', where: 'conv0', actual: '65536' });
    expect(error.message).toContain(what);
  });

  test('windows that lie further outside the map than coordinates reach, and not one code sooner', () => {
    const machine = testMachine({ memory: { activationWords: 64 } });
    for (const [axis, most] of [
      [0, 255],
      [1, 127],
    ] as const) {
      expect(planNetwork(farWindows(axis, most), machine).layers.length).toBeGreaterThan(0);
      expect(refusal(farWindows(axis, most + 1), machine)).toMatchObject({
        code: 'network-unsupported',
        where: 'conv0',
      });
    }
  });
});
