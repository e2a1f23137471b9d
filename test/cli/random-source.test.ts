import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileText } from '../../src/cli/regress/model-paths.js';
import { openRandomSource } from '../../src/cli/regress/random-source.js';
import { cliJson } from './cli.js';
import { openWorkshop, type Workshop } from './workshop.js';

let shop: Workshop;
const before = process.env.SYSTOLE_CACHE;
beforeAll(() => {
  shop = openWorkshop();
  process.env.SYSTOLE_CACHE = shop.folder;
});
afterAll(() => {
  if (before === undefined) delete process.env.SYSTOLE_CACHE;
  else process.env.SYSTOLE_CACHE = before;
  shop.close();
});

it('a random network is kept as files from which compile makes the same network', async () => {
  const source = openRandomSource(5);
  const network = await source.network(
    { weights: 3, activations: 8, ends: 8 },
    {
      widths: { mBits: 34, bBits: 64, nBits: 6 },
      tableEntries: 0,
    },
  );
  const { model, calibration } = await source.paths();
  const options = [
    '-o',
    shop.path('out'),
    ...calibration!.flatMap((file) => ['--calibration', fileText(file)]),
    '--weights',
    '3',
  ];
  const { code, json } = await cliJson('compile', model, ...options);
  expect(code).toBe(0);
  expect(json.network).toBe(network.name);
  const { readModel } = await import('../../src/runtime/model.js');
  expect((await readModel(shop.path('out'))).network).toEqual(network);
});
