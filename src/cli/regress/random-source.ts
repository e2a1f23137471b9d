/** A random network as a model of a suite, with random samples. */
import { join } from 'node:path';
import { writeNpy } from '../../base/npy.js';
import { randomSource } from '../../base/random.js';
import { sha256 } from '../../base/sha256.js';
import { graphToOnnx } from '../../frontend/graph-to-onnx.js';
import { importOnnx } from '../../frontend/import-onnx.js';
import { randomGraph } from '../../frontend/random-graph.js';
import { modelInputShape } from '../model/float-graph.js';
import { cacheFolder } from '../package.js';
import { writeWhole } from '../write-file.js';
import { type ModelSource, networksOf, onFirstUse } from './model-source.js';

const SAMPLES = 8;

/** Goes through an ONNX file and the import, as every model does. */
export function openRandomSource(seed: number): ModelSource {
  const bytes = graphToOnnx(randomGraph(seed));
  const graph = importOnnx(bytes);
  const shape = modelInputShape(graph);
  const size = shape.reduce((a, b) => a * b, 1);
  const random = randomSource(seed);
  const all = Float32Array.from({ length: SAMPLES * size }, () => 2 * random.uniform() - 1);
  const samples = Array.from({ length: SAMPLES }, (_, i) => all.slice(i * size, (i + 1) * size));
  const save = async () => {
    const folder = join(cacheFolder(), 'regress', graph.name);
    const paths = { model: join(folder, 'model.onnx'), data: join(folder, 'inputs.npy') };
    await writeWhole(paths.model, bytes);
    await writeWhole(paths.data, writeNpy({ shape: [SAMPLES, ...shape.slice(1)], data: all }));
    return { model: paths.model, calibration: paths.data, inputs: paths.data, preprocess: null };
  };
  return {
    paths: onFirstUse(save),
    random: true,
    content: { model: sha256(bytes), samples: sha256(new Uint8Array(all.buffer)) },
    images: async (count) => samples.slice(0, count),
    network: networksOf({ graph, samples: () => samples, grid: null, path: graph.name }),
  };
}
