import type { Command } from 'commander';
import type { LayerOrder } from '../../arch/plan/place-frame.js';
import type { Plan } from '../../arch/plan/plan.js';
import { type CycleCount, countCycles, countInterval } from '../../arch/timing/count-cycles.js';
import { prettyJson } from '../../base/canonical-json.js';
import type { ManifestInput, ManifestObject } from '../../base/manifest.js';
import { PROJECT_PATHS } from '../../base/project-layout.js';
import type { Graph } from '../../frontend/graph.js';
import { manifestLayers, projectFiles } from '../../hdlgen/project-files.js';
import { loadTemplates } from '../../hdlgen/templates.js';
import { planSummary } from '../../report/plan-summary.js';
import { checkTarget, writeProject } from '../../runtime/project.js';
import { type PreprocessFile, readPreprocess } from '../data/preprocess-file.js';
import type { TensorFile } from '../data/tensor-file.js';
import { addCommand, type Context, option, required, type Session } from '../frame/define.js';
import type { Outcome } from '../frame/outcome.js';
import { oneOf, positive, repeated, SEVERAL, shape, whole } from '../frame/values.js';
import { importModel, type ModelFile, readModelFile } from '../model/float-graph.js';
import {
  candidateMachines,
  MACHINE_OPTIONS,
  type MachineOptions,
  planOn,
  quantizeLimits,
} from '../model/machine-options.js';
import { planText } from '../model/plan-text.js';
import { PRECISION_OPTIONS, type PrecisionOptions } from '../model/precision-options.js';
import { precisionText } from '../model/precision-text.js';
import { type QuantizedModel, quantizeModel } from '../model/quantize.js';
import { packageVersion } from '../package.js';

interface Options extends PrecisionOptions, MachineOptions {
  readonly output: string;
  readonly calibration?: readonly string[];
  readonly limit?: number;
  readonly preprocess?: string;
  readonly order: LayerOrder;
  readonly clock: number;
  readonly inputShape?: readonly number[];
  readonly seed: number;
  readonly force?: true;
}

export function addCompile(program: Command, session: Session): void {
  addCommand<Options>(program, session, {
    usage: 'compile <MODEL>',
    summary: 'Turns an ONNX model into an accelerator: Verilog, program, host files',
    notes: [
      'DIR appears whole or not at all. Nothing that Systole did not write is overwritten, not even with --force.',
      'The clock is only what latencies are quoted at; nothing is synthesized. Preprocess steps: docs/preprocess.md.',
    ],
    examples: [
      'systole compile examples/shapes/shapes.onnx -o shapes --weights 3 --calibration calibration.npz',
      'systole compile net.onnx -o net --weights 1 --machine 1x32x32 --calibration x.npz:images --preprocess p.json',
    ],
    options: [
      required(option('-o, --output <DIR>', 'the directory to make')),
      ...PRECISION_OPTIONS,
      option('--calibration <FILE>', `sample inputs, FILE.npy or FILE.npz[:key], batch first; ${SEVERAL}`, repeated),
      option('--limit <n>', 'calibrate on the first n samples only', whole(1)),
      option(
        '--preprocess <FILE.json>',
        "steps from raw data to the model's input; kept in DIR for run, verify, evaluate",
      ),
      ...MACHINE_OPTIONS,
      option(
        '--order <what>',
        'layers: whole, in turns by rows only where the maps do not fit; rows: with the fewest bytes of maps at once',
        oneOf('layers', 'rows'),
        'layers',
      ),
      option('--clock <MHz>', 'clock that latencies are quoted at', positive, 100),
      option('--input-shape <sizes>', 'shape of an input that the model leaves open, such as 1,3,32,32', shape),
      option('--seed <n>', 'of the random frames in the test bench', whole(0, 2 ** 32 - 1), 1),
      option('--force', 'replace DIR where Systole made it'),
    ],
    run: ([model], options, context) => compile(model!, options, context),
  });
}

interface Inputs {
  readonly model: ModelFile;
  readonly graph: Graph;
  readonly preprocess: PreprocessFile | null;
}

async function compile(path: string, options: Options, context: Context): Promise<Outcome> {
  await checkTarget(options.output, options.force ?? false);
  const machines = await candidateMachines(options);
  const inputs = await readInputs(path, options);
  const { progress } = context;
  const quantized = await quantizeModel({ path, ...inputs, ...quantizeLimits(machines) }, options, progress);
  progress.stage('planning');
  const plan = planOn(quantized.network, machines, { order: options.order });
  const cycles = countCycles(plan.machine, plan.images);
  const interval = countInterval(plan.machine, plan.images);
  progress.stage('writing');
  const files = projectFiles({
    plan,
    cycles,
    interval,
    templates: await loadTemplates(),
    systole: packageVersion(),
    inputs: manifestInputs(inputs, quantized.calibration),
    options: manifestOptions(options, quantized),
    vectorSeed: options.seed,
    extra: keptFiles(inputs),
  });
  await writeProject(options.output, files, { force: options.force ?? false });
  return outcome(options, { plan, cycles, interval }, quantized);
}

async function readInputs(path: string, options: Options): Promise<Inputs> {
  const model = await readModelFile(path);
  const graph = importModel(model, options.inputShape);
  const preprocess = options.preprocess === undefined ? null : await readPreprocess(options.preprocess);
  return { model, graph, preprocess };
}

function keptFiles({ model, preprocess }: Inputs): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>([[PROJECT_PATHS.model, model.bytes]]);
  if (preprocess !== null) files.set(PROJECT_PATHS.preprocess, prettyJson(preprocess.steps));
  return files;
}

function manifestInputs({ model, preprocess }: Inputs, calibration: readonly TensorFile[]): ManifestInput[] {
  const entry = (role: string, { name, sha256 }: { readonly name: string; readonly sha256: string }) => ({
    role,
    name,
    sha256,
  });
  return [
    entry('model', model),
    ...calibration.map((file) => entry('calibration', file)),
    ...(preprocess === null ? [] : [entry('preprocess', preprocess)]),
  ];
}

/** As they count for the result: defaults filled in, no paths; without a precision where the model has its own. */
function manifestOptions(options: Options, { precision, samples }: QuantizedModel): ManifestObject {
  const { order, clock, seed, inputShape } = options;
  return {
    ...{ ...precision, order, clock, seed, calibrationSamples: samples },
    ...(inputShape && { inputShape }),
  };
}

interface Planned {
  readonly plan: Plan;
  readonly cycles: CycleCount;
  /** Cycles from frame to frame at the steady rate. */
  readonly interval: number;
}

function outcome(options: Options, { plan, cycles, interval }: Planned, quantized: QuantizedModel): Outcome {
  const { clock, output } = options;
  const { network } = plan;
  const summary = planSummary({ plan, cycles, interval, ledger: manifestLayers(plan, cycles) });
  const own = { weights: null, activations: null, ends: null };
  const shared = { output, network: network.name, calibrationSamples: quantized.samples, clock };
  return {
    json: { ...shared, ...(quantized.precision ?? own), ...summary },
    text: planText({ ...shared, precision: precisionText(network, quantized.precision), summary }),
  };
}
