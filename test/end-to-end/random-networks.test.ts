/**
 * Random networks x random stalls on six machines: golden model = program simulator = Verilog, every tensor, and the
 * cycle model's count. SEED and RUNS (networks a machine) vary it; REPLAY repeats one case of a failure's message.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/arch/machine.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { networkFromRecipe } from '../support/random-network.js';
import { coverage, coverageTable, missing } from './coverage.js';
import { describeNetwork } from './describe-network.js';
import { coreSimulator } from './levels.js';
import { minimize } from './minimize.js';
import { caseArbitrary, type RandomCase, runCase } from './random-case.js';

const SEED = Number(process.env.SEED ?? 1);
const RUNS = Number(process.env.RUNS ?? 300);
const LEAST = 10;
const HOURS = 3_600_000;

interface Replay {
  readonly machine: string;
  readonly random: RandomCase;
}

if (process.env.REPLAY === undefined) {
  const found = coverage();
  describe.concurrent('random networks agree at all three levels, to the bit and to the cycle', () => {
    for (const [index, machine] of VARIED_MACHINES.entries()) {
      it(`on ${nameOf(machine)}`, { timeout: HOURS }, async () => {
        const binary = await coreSimulator(machine);
        const property = fc.asyncProperty(caseArbitrary, async (random) => {
          const result = await runCase(random, machine, binary);
          if (result.difference !== null) throw new Error(result.difference);
          found.add(random, result.plan);
        });
        const details = await fc.check(property, { numRuns: RUNS, seed: SEED + index });
        if (!details.failed) return;
        const differenceOf = async (random: RandomCase) => (await runCase(random, machine, binary)).difference;
        const smallest = await minimize(
          details.counterexample![0],
          async (random) => (await differenceOf(random)) !== null,
        );
        expect.fail(failure(machine, smallest, await differenceOf(smallest)));
      });
    }
  });

  it.skipIf(RUNS < 300)(`every operator, stride, kernel, width and pass count was seen at least ${LEAST} times`, () => {
    console.log(`${found.cases()} networks; in brackets, how many hold the value\n${coverageTable(found)}`);
    expect(missing(found, LEAST)).toEqual([]);
  });
} else {
  const { machine: name, random }: Replay = JSON.parse(process.env.REPLAY);
  it(`the replayed network agrees on ${name}`, { timeout: HOURS }, async () => {
    const machine = VARIED_MACHINES.find((varied) => varied.name === name)!;
    console.log(describeNetwork(networkFromRecipe(random.recipe, machine)));
    expect((await runCase(random, machine, await coreSimulator(machine))).difference).toBeNull();
  });
}

/** The smallest failing network, and the command that runs it again. */
function failure(machine: Machine, random: RandomCase, difference: string | null): string {
  const replay: Replay = { machine: machine.name, random };
  return [
    `${machine.name}: ${difference}`,
    'the smallest failing network:',
    describeNetwork(networkFromRecipe(random.recipe, machine)),
    'again:',
    `REPLAY='${JSON.stringify(replay)}' npx vitest run test/end-to-end/random-networks.test.ts`,
  ].join('\n');
}

function nameOf({ name, rows, cols, lanes, activationDigit, weightDigit }: Machine): string {
  return `${name}: ${rows}x${cols}x${lanes} with digits (${activationDigit},${weightDigit})`;
}
