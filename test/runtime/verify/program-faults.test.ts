import { beforeAll, expect, test } from 'vitest';
import type { Images } from '../../../src/arch/program/program.js';
import { randomSource } from '../../../src/base/random.js';
import type { CompiledModel } from '../../../src/runtime/model.js';
import { referenceRunner } from '../../../src/runtime/verify/reference.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomFrame } from '../../support/network-builder.js';
import { compiledModel } from '../../support/project.js';

const network = new NetworkBuilder({ height: 4, width: 4, channels: 3 }, 5)
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 5, weightBits: 3 })
  .maxpool({ kernel: [2, 2], strides: [2, 2] })
  .conv({ kernel: [1, 1], channels: 5, weightBits: 3, residual: 'pool1.out' })
  .conv({ kernel: [2, 2], channels: 5, weightBits: 3, bits: null })
  .build();

let model: CompiledModel;
beforeAll(async () => {
  model = await compiledModel(network, testMachine({ memory: { activationWords: 128 } }));
});

test.each(['program', 'passes'] as const)('a wrong bit anywhere in %s memory ends in a verdict', (memory) => {
  const random = randomSource(3);
  const frame = randomFrame(network, 1);
  let found = 0;
  const image = model.images[memory];
  for (let word = 0; word < image.length; word++) {
    // Bits in between make loops that end, but not soon.
    for (const bit of [random.integer(0, 5), 31]) {
      const broken = image.slice();
      broken[word]! ^= 1 << bit;
      const images: Images = { ...model.images, [memory]: broken };
      if (referenceRunner({ ...model, images })(frame).program !== null) found += 1;
    }
  }
  // The rest are fields that the program simulator does not need (pace, slots) and such that are switched off.
  expect(found).toBeGreaterThan(image.length / 2);
});
