/** The classes that a network, or the float model it came from, sees in images. Both run here or in a worker thread. */
import { openFloatModel } from '../../frontend/float-model.js';
import { openFastModel } from '../../quant/fast/open-fast-model.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { inputCodes, modelOutput } from '../../quant/numerics.js';
import type { NamedInput, NamedSample } from '../data/named-files.js';
import { type NetworkEnd, predictedClass } from '../model/classes.js';

export type PredictJob =
  | { readonly kind: 'integer'; readonly network: IntegerNetwork; readonly images: readonly NamedSample[] }
  | {
      readonly kind: 'float';
      readonly onnx: Uint8Array;
      /** Of its inputs, batch 1 first, in the order of the model. */
      readonly inputs: readonly NamedInput[];
      readonly end: NetworkEnd;
      readonly images: readonly NamedSample[];
    };

/** One class for each image. */
export function predict(job: PredictJob, onImage: () => void): Promise<number[]> {
  return job.kind === 'integer' ? predictInteger(job, onImage) : predictFloat(job, onImage);
}

type Job<K extends PredictJob['kind']> = Extract<PredictJob, { kind: K }>;

async function predictInteger({ network, images }: Job<'integer'>, onImage: () => void): Promise<number[]> {
  const model = openFastModel(network);
  return images.map((image) => {
    const raw = model.run(inputCodes(network, image)).get(network.outputs[0]!.tensor)!;
    onImage();
    return predictedClass(network, modelOutput(network, raw));
  });
}

async function predictFloat({ onnx, inputs, end, images }: Job<'float'>, onImage: () => void): Promise<number[]> {
  const model = await openFloatModel(onnx);
  try {
    const classes: number[] = [];
    for (const image of images) {
      const outputs = await model.run(
        inputs.map(({ name }) => image[name]!),
        inputs.length === 1 ? inputs[0]!.shape : undefined,
      );
      classes.push(predictedClass(end, outputs.get(end.modelOutputs[0]!.name)!));
      onImage();
    }
    return classes;
  } finally {
    await model.close();
  }
}
