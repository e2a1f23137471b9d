/** A random network as a model of a suite, with random samples. */
import { join } from 'node:path';
import { writeNpy } from '../../base/npy.js';
import { randomSource } from '../../base/random.js';
import { sha256 } from '../../base/sha256.js';
import { graphToOnnx } from '../../frontend/graph-to-onnx.js';
import { importOnnx } from '../../frontend/import-onnx.js';
import { randomGraph } from '../../frontend/random-graph.js';
import { modelShapeOf } from '../model/float-graph.js';
import { cacheFolder } from '../package.js';
import { writeWhole } from '../write-file.js';
import type { ModelPaths } from './model-paths.js';
import { type ModelSource, networksOf, onFirstUse } from './model-source.js';

const SAMPLES = 8;

/** Goes through an ONNX file and the import, as every model does. */
export function openRandomSource(seed: number): ModelSource {
  const bytes = graphToOnnx(randomGraph(seed));
  const graph = importOnnx(bytes);
  const random = randomSource(seed);
  const data = graph.inputs.map((input) => {
    const [, ...shape] = modelShapeOf(input);
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: SAMPLES * size }, () => 2 * random.uniform() - 1);
    return { name: input.name, shape, size, values };
  });
  const samples = Array.from({ length: SAMPLES }, (_, i) =>
    Object.fromEntries(data.map(({ name, size, values }) => [name, values.slice(i * size, (i + 1) * size)])),
  );
  const save = async (): Promise<ModelPaths> => {
    const folder = join(cacheFolder(), 'regress', graph.name);
    const model = join(folder, 'model.onnx');
    await writeWhole(model, bytes);
    const inputs = data.map(({ name }, i) => ({ name, file: join(folder, `input${i}.npy`) }));
    for (const [i, { shape, values }] of data.entries()) {
      await writeWhole(inputs[i]!.file, writeNpy({ shape: [SAMPLES, ...shape], data: values }));
    }
    return { model, calibration: inputs, inputs, preprocess: null };
  };
  return {
    paths: onFirstUse(save),
    random: true,
    content: { model: sha256(bytes), samples: data.map(({ values }) => sha256(new Uint8Array(values.buffer))) },
    images: async (count) => samples.slice(0, count),
    network: networksOf({ graph, samples: async () => samples, grid: null, path: graph.name }),
  };
}
