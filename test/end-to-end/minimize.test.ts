import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { testMachine } from '../support/machines.js';
import { networkFromRecipe } from '../support/random-network.js';
import { coverage, DECLARED, missing } from './coverage.js';
import { minimize } from './minimize.js';
import { caseArbitrary, type RandomCase } from './random-case.js';

const machine = testMachine();

it('a failing case loses every layer and every figure that the failure does not need', async () => {
  const cases = fc.sample(caseArbitrary, { numRuns: 60, seed: 5 });
  const stridedDepthwise = (random: RandomCase) =>
    random.recipe.layers.some(({ kind, strides }) => kind === 'depthwise' && strides[0] > 1);
  const failing = cases.filter(stridedDepthwise);
  expect(failing.length).toBeGreaterThan(2);
  for (const random of failing) {
    const smallest = await minimize(random, async (smaller) => stridedDepthwise(smaller));
    const [only, ...others] = smallest.recipe.layers;
    expect(others).toEqual([]);
    expect(only).toMatchObject({ kind: 'depthwise', strides: [2, 1], kernel: [1, 1], pads: [0, 0, 0, 0], pool: null });
    expect(smallest).toMatchObject({ recipe: { height: 1, width: 1, bits: 1 }, stallInput: 0, pipelined: false });
  }
});

it('and every input and output too many', async () => {
  const failing = fc
    .sample(caseArbitrary, { numRuns: 200, seed: 6 })
    .filter(({ recipe }) => recipe.inputs.length === 2 && recipe.moreOutputs.length > 0);
  expect(failing.length).toBeGreaterThan(0);
  const smallest = await minimize(failing[0]!, async ({ recipe }) => recipe.inputs.length > 0);
  expect(smallest.recipe).toMatchObject({ moreOutputs: [] });
  expect(smallest.recipe.inputs).toHaveLength(1);
});

it('a value of the declared lists that too few cases hold is reported with its count', () => {
  const found = coverage();
  expect(missing(found, 1)).toHaveLength(Object.values(DECLARED).flat().length);
  const [random] = fc.sample(caseArbitrary, { numRuns: 1, seed: 1 });
  found.add(random!, planNetwork(networkFromRecipe(random!.recipe), machine));
  found.add(random!, planNetwork(networkFromRecipe(random!.recipe), machine));
  expect(missing(found, 3)).toContain(`input stalls ${random!.stallInput}: seen 2 times`);
  expect(missing(found, 2).join()).not.toContain(`input stalls ${random!.stallInput}:`);
});
