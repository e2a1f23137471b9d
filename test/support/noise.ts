/** How far an integer network's outputs are from its float graph's. */
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { outputFrame } from '../../src/quant/frame.js';
import { runGolden } from '../../src/quant/golden.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes, type ModelInputs, modelOutputs } from '../../src/quant/numerics.js';

/** Every output of the model by name. */
export function integerOutputs(network: IntegerNetwork, sample: ModelInputs): Map<string, Float32Array> {
  const tensors = runGolden(network, inputCodes(network, sample));
  return modelOutputs(network, outputFrame(network, tensors));
}

/** Noise of an output as a part of the float output's spread, both over all samples. */
export async function relativeNoise(
  graph: Graph,
  network: IntegerNetwork,
  samples: readonly ModelInputs[],
): Promise<number[]> {
  const model = await openFloatModel(graphToOnnx(graph));
  const sums = graph.modelOutputs.map(() => ({ noise: 0, signal: 0 }));
  for (const sample of samples) {
    const given = sample instanceof Float32Array ? sample : graph.inputs.map(({ name }) => sample[name]!);
    const floats = await model.run(given);
    const integers = integerOutputs(network, sample);
    graph.modelOutputs.forEach(({ name }, k) => {
      const float = floats.get(name)!;
      const mean = float.reduce((a, b) => a + b, 0) / float.length;
      const sum = sums[k]!;
      integers.get(name)!.forEach((x, i) => {
        sum.noise += (x - float[i]!) ** 2;
        sum.signal += (float[i]! - mean) ** 2;
      });
    });
  }
  await model.close();
  return sums.map(({ noise, signal }) => Math.sqrt(noise / signal));
}
