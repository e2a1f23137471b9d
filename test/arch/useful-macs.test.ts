import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';

describe('usefulDigitMacs', () => {
  it('multiplies MACs, padded taps included, by the digits of both operands', () => {
    const network = new NetworkBuilder({ height: 3, width: 2, channels: 2 })
      .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 4, weightBits: 4 })
      .build();
    // 6 pixels * 4 channels * 18 taps; 8-bit codes in digits of 4, 4-bit weights in digits of 3
    const plan = planNetwork(network, testMachine({ activationDigit: 4 }));
    expect(plan.usefulDigitMacs).toBe(6 * 4 * 18 * 2 * 2);
  });

  it('leaves out the zeros between groups, and what the model does not multiply', () => {
    const builder = new NetworkBuilder({ height: 3, width: 2, channels: 2 })
      .conv({ kernel: [1, 1], channels: 2, weightBits: 3, weights: [1, 0, 0, 1] })
      .conv({ kernel: [3, 2], channels: 2, weightBits: 3, depthwise: true, useful: false });
    const network = builder.build();
    const grouped = {
      ...network,
      layers: network.layers.map((layer, i) => (i === 0 ? { ...layer, sourceWeights: 2 } : layer)),
    };
    expect(planNetwork(network, testMachine()).usefulDigitMacs).toBe(6 * 4);
    expect(planNetwork(grouped, testMachine()).usefulDigitMacs).toBe(6 * 2);
  });
});
