import { describe, expect, test } from 'vitest';
import { CONFIGURATIONS, compileDepthwise, runCase } from './depthwise-case.js';
import { icarusAvailable } from './icarus.js';
import { picker } from './random.js';

describe.skipIf(!icarusAvailable)('systole_depthwise', () => {
  test.each(CONFIGURATIONS)(
    'writes what the simulator writes, in the cycles of the cycle model, whatever stalls (%o)',
    async (configuration) => {
      const bench = await compileDepthwise(configuration);
      const pick = picker(5 + configuration.LANES + configuration.TAPS);
      try {
        for (let round = 0; round < 10; round++) {
          const found = await runCase(bench, configuration, pick);
          expect(found.cycles.at(-1)!.empty, 'all is written').toBe(true);
          expect(found.written, JSON.stringify(found.records)).toEqual(found.simulated);
          expect(found.cycles).toEqual(found.modelled);
        }
      } finally {
        await bench.close();
      }
    },
  );
});
