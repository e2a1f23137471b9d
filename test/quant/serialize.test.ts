import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkFromBytes, networkToBytes } from '../../src/quant/serialize.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { networkArbitrary } from '../support/random-network.js';

const network = new NetworkBuilder({ height: 4, width: 4, channels: 2 })
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 2, requantize: { b: [2n ** 60n, -(2n ** 60n)] } })
  .conv({ kernel: [1, 1], channels: 2, residual: 'conv0.out' })
  .maxpool({ kernel: [2, 2] })
  .conv({ kernel: [3, 3], channels: 3, bits: null })
  .build();
const bytes = networkToBytes(network);

const damaged = expect.objectContaining({ code: 'project-invalid', where: 'network.bin' });

describe('networkToBytes and networkFromBytes', () => {
  it('give the same network again, constants of 60 bits included', () => {
    expect(networkFromBytes(bytes, 'network.bin')).toEqual(network);
  });

  it('give the same random networks again, and the same bytes', () => {
    fc.assert(
      fc.property(networkArbitrary, (made) => {
        const stored = networkToBytes(made);
        const loaded = networkFromBytes(stored, 'network.bin');
        expect(loaded).toEqual(made);
        expect(networkToBytes(loaded)).toEqual(stored);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('read bytes that lie anywhere in a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 9);
    larger.set(bytes, 3);
    expect(networkFromBytes(larger.subarray(3, 3 + bytes.length), 'network.bin')).toEqual(network);
  });

  it('refuse any damaged byte', () => {
    for (let at = 0; at < bytes.length; at++) {
      const broken = bytes.slice();
      broken[at]! ^= 1 << (at % 8);
      expect(() => networkFromBytes(broken, 'network.bin')).toThrow(damaged);
    }
  });

  it('refuse bytes that end early or late, and other files', () => {
    for (const length of [0, 1, 8, 75, 76, bytes.length - 1]) {
      expect(() => networkFromBytes(bytes.subarray(0, length), 'network.bin')).toThrow(damaged);
    }
    expect(() => networkFromBytes(new Uint8Array([...bytes, 0]), 'network.bin')).toThrow(damaged);
    expect(() => networkFromBytes(new Uint8Array(1000), 'network.bin')).toThrow(damaged);
  });

  it('refuse a network that breaks a rule', () => {
    const { input } = network.tensors;
    const invalid = { ...network, tensors: { ...network.tensors, input: { ...input!, bits: 17 } } };
    expect(() => networkFromBytes(networkToBytes(invalid), 'network.bin')).toThrow(damaged);
  });
});
