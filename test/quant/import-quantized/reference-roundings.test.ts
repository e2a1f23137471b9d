/** Reference outputs that are not ours: the codes at which the executor's own float32 sums cross a tie. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../../src/base/npz.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { importQuantized } from '../../../src/quant/import-quantized/import-quantized.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import { type ForcedCode, runForced } from './layer-by-layer.js';

const SHARED = new URL('../../../../shared/models/', import.meta.url);
const present = existsSync(SHARED);
const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };

interface Trace {
  readonly model: string;
  /** By reference input; each sum lies less than 1.1e-5 codes from a tie. */
  readonly crossed: Readonly<Record<number, readonly ForcedCode[]>>;
}

const TRACES: readonly Trace[] = [
  {
    model: 'resnet8-qdq',
    crossed: {
      15: [{ tensor: 'PPQ_Variable_73', index: 6322, code: 74 }],
      20: [{ tensor: 'PPQ_Variable_73', index: 10023, code: 38 }],
      27: [
        { tensor: 'PPQ_Variable_61', index: 12858, code: 9 },
        { tensor: 'PPQ_Variable_73', index: 4918, code: 44 },
      ],
    },
  },
  { model: 'kws-dscnn-qdq', crossed: { 20: [{ tensor: 'PPQ_Variable_109', index: 5371, code: 4 }] } },
];

describe.skipIf(!present)('reference outputs (skipped where ../shared/models is absent)', () => {
  it.each(TRACES)(
    'of $model are ours, the others with one or two codes on the other side of a tie',
    ({ model, crossed }) => {
      const graph = importOnnx(readFileSync(new URL(`${model}.onnx`, SHARED)));
      const network = importQuantized(graph, { widths: WIDTHS });
      const file = readFileSync(new URL(`reference/${model}.npz`, SHARED));
      const [inputs, outputs] = ['inputs', 'outputs'].map((key) => readNpz(file, key, key).data as Float32Array);
      const part = (data: Float32Array, n: number): Float32Array =>
        data.slice((n * data.length) / 32, ((n + 1) * data.length) / 32);
      const isReference = (n: number, forced: readonly ForcedCode[]): boolean => {
        const codes = inputCodes(network, part(inputs!, n));
        const { values, unexplained } = runForced(network, codes, forced);
        expect(unexplained).toEqual([]);
        const found = modelOutput(network, values.get(network.outputs[0]!.tensor)!);
        const expected = part(outputs!, n);
        return found.every((x, i) => Math.abs(x - expected[i]!) <= 1e-5 * Math.abs(expected[i]!) + 1e-12);
      };
      const others = Array.from({ length: 32 }, (_, n) => n).filter((n) => !isReference(n, []));
      expect(others).toEqual(Object.keys(crossed).map(Number));
      for (const n of others) expect(isReference(n, crossed[n]!), `input ${n}`).toBe(true);
    },
  );
});
