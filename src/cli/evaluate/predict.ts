/** The classes that a network, or the float model it came from, sees in images. Both run here or in a worker thread. */
import { openFloatModel } from '../../frontend/float-model.js';
import { openFastModel } from '../../quant/fast/open-fast-model.js';
import type { IntegerNetwork, OutputStage } from '../../quant/network.js';
import { inputCodes, modelOutput } from '../../quant/numerics.js';
import { predictedClass } from '../model/classes.js';

export type PredictJob =
  | { readonly kind: 'integer'; readonly network: IntegerNetwork; readonly images: readonly Float32Array[] }
  | {
      readonly kind: 'float';
      readonly onnx: Uint8Array;
      /** Of the input, batch 1 first. */
      readonly shape: readonly number[];
      readonly stage: Pick<OutputStage, 'steps' | 'modelName' | 'modelShape'>;
      readonly images: readonly Float32Array[];
    };

/** One class for each image. */
export function predict(job: PredictJob, onImage: () => void): Promise<number[]> {
  return job.kind === 'integer' ? predictInteger(job, onImage) : predictFloat(job, onImage);
}

type Job<K extends PredictJob['kind']> = Extract<PredictJob, { kind: K }>;

async function predictInteger({ network, images }: Job<'integer'>, onImage: () => void): Promise<number[]> {
  const model = openFastModel(network);
  return images.map((image) => {
    const raw = model.run(inputCodes(network, image)).get(network.output.tensor)!;
    onImage();
    return predictedClass(network.output, modelOutput(network, raw));
  });
}

async function predictFloat({ onnx, shape, stage, images }: Job<'float'>, onImage: () => void): Promise<number[]> {
  const model = await openFloatModel(onnx);
  try {
    const classes: number[] = [];
    for (const image of images) {
      const outputs = await model.run(image, shape);
      classes.push(predictedClass(stage, outputs.get(stage.modelName)!));
      onImage();
    }
    return classes;
  } finally {
    await model.close();
  }
}
