import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SystoleError } from '../../base/error.js';
import { PROJECT_PATHS } from '../../base/project-layout.js';
import { graphToOnnx } from '../../frontend/graph-to-onnx.js';
import { importOnnx } from '../../frontend/import-onnx.js';
import { inspectOnnx } from '../../frontend/inspect-onnx.js';
import { type CompiledModel, readModel } from '../../runtime/model.js';
import { readTensorFile } from '../data/tensor-file.js';
import { predictInParallel } from '../evaluate/in-parallel.js';
import { labelsOf } from '../evaluate/labels.js';
import { readBytes } from '../files.js';
import { addCommand, type Context, option, required, type Session } from '../frame/define.js';
import { percent } from '../frame/numbers.js';
import type { Outcome } from '../frame/outcome.js';
import { facts } from '../frame/table.js';
import { repeated, SEVERAL, whole } from '../frame/values.js';
import { classCount, isClassifier } from '../model/classes.js';
import { readReals } from '../model/project.js';

interface Options {
  readonly data: readonly string[];
  readonly labels: string;
  readonly model?: string;
  readonly limit?: number;
  readonly jobs: number;
}

export function addEvaluate(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'evaluate <DIR>',
    summary: 'Accuracy of the integer network, beside the float model it came from',
    notes: [
      'The integer network runs in a fast form of the golden model; verify shows that the hardware computes the same.',
      'The float model is the one that DIR keeps, in ONNX Runtime; --model names another. A model that arrived quantized',
      'is taken as it is, its quantizers computed in float32.',
    ],
    examples: ['systole evaluate shapes --data unseen.npz:inputs --labels unseen.npz:labels'],
    options: [
      required(option('--data <FILE>', `images: FILE.npy or FILE.npz[:key]; ${SEVERAL}`, repeated)),
      required(option('--labels <FILE>', 'classes, one whole number for each image: FILE.npz:key')),
      option('--model <FILE.onnx>', 'the float model to compare with'),
      option('--limit <n>', 'only the first n images', whole(1)),
      option('--jobs <n>', 'threads', whole(1, 256), availableParallelism()),
    ],
    run: ([folder], options, context) => evaluate(folder!, options, context),
  });
}

async function evaluate(folder: string, options: Options, { progress }: Context): Promise<Outcome> {
  const model = await readModel(folder);
  const { network } = model;
  requireClasses(model);
  const images = await readReals(model, options.data, { option: '--data', limit: options.limit });
  const labels = labelsOf(await readTensorFile(options.labels), {
    ...{ count: images.length, longer: options.limit !== undefined, classes: classCount(network) },
  });
  const counter = (title: string) => (done: number) => progress.count(title, done, images.length);
  const start = performance.now();
  const classes = await predictInParallel(
    { kind: 'integer', network, images },
    options.jobs,
    counter('integer network'),
  );
  const seconds = (performance.now() - start) / 1000;
  const inputs = network.inputs.map(({ modelName, shape }) => ({ name: modelName, shape }));
  const end = { host: network.host, modelOutputs: network.modelOutputs };
  const float = {
    kind: 'float' as const,
    onnx: executable(await floatModel(model, options.model), network.inputs[0]!.shape),
    inputs,
    end,
    images,
  };
  const floatClasses = await predictInParallel(float, options.jobs, counter('float model'));
  return outcome({ labels, classes, floatClasses, imagesPerSecond: images.length / seconds });
}

function requireClasses({ network, project }: CompiledModel): void {
  if (isClassifier(network)) return;
  throw new SystoleError('data-shape', 'accuracy needs a model that gives one vector of class scores', {
    where: project.folder,
    expected: '[1, classes]',
    actual: `[${network.modelOutputs[0]!.shape.join(', ')}]`,
  });
}

async function floatModel({ project }: CompiledModel, path: string | undefined): Promise<Uint8Array> {
  if (path !== undefined) return readBytes(path);
  const kept = project.files.get(PROJECT_PATHS.model);
  if (kept !== undefined) return kept;
  throw new SystoleError('project-invalid', 'the directory keeps no float model', {
    where: join(project.folder, PROJECT_PATHS.model),
    hint: 'name it: --model MODEL.onnx',
  });
}

/** ONNX Runtime knows no QONNX operators: such a model runs as its graph in plain ones, quantizers written out. */
function executable(onnx: Uint8Array, inputShape: readonly number[]): Uint8Array {
  if (inspectOnnx(onnx, { inputShape }).dialect !== 'QONNX') return onnx;
  return graphToOnnx(importOnnx(onnx, { inputShape }));
}

interface Evaluated {
  readonly labels: readonly number[];
  readonly classes: readonly number[];
  readonly floatClasses: readonly number[];
  readonly imagesPerSecond: number;
}

function outcome({ labels, classes, floatClasses, imagesPerSecond }: Evaluated): Outcome {
  const images = labels.length;
  const equal = (a: readonly number[], b: readonly number[]) => a.filter((value, i) => value === b[i]).length;
  const correct = equal(classes, labels);
  const floatCorrect = equal(floatClasses, labels);
  const agreement = equal(classes, floatClasses) / images;
  const lines: [string, string][] = [
    ['integer network', `${percent(correct / images)}, ${correct} of ${images}`],
    ['float model', `${percent(floatCorrect / images)}, ${floatCorrect} of ${images}`],
    ['same class', percent(agreement)],
    ['speed', `${Math.round(imagesPerSecond)} images/s, integer network on this computer`],
  ];
  return {
    json: {
      ...{ top1: correct / images, correct, images },
      ...{ floatTop1: floatCorrect / images, floatCorrect, agreement, imagesPerSecond },
    },
    text: facts(lines),
  };
}
