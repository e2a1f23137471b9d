/** A compiled project as the model it came from: real values in, real values out, over any link. */
import { machineIdentity } from '../arch/identity.js';
import type { Machine } from '../arch/machine.js';
import { parseMachine } from '../arch/machine-schema.js';
import { layoutFromJson, type PlanLayout } from '../arch/plan/plan-layout.js';
import { frameCodes, inputBytes, outputBytes, outputValues } from '../arch/plan/stream-frames.js';
import type { Images } from '../arch/program/program.js';
import { SystoleError } from '../base/error.js';
import { identityText } from '../base/manifest.js';
import { imagePath, type MemoryName, PROJECT_PATHS } from '../base/project-layout.js';
import { elementsOf, type FrameCodes } from '../quant/frame.js';
import type { IntegerNetwork } from '../quant/network.js';
import { inputCodes, type ModelInputs, modelOutputs } from '../quant/numerics.js';
import { networkFromBytes } from '../quant/serialize.js';
import { openAccelerator } from './accelerator.js';
import type { Link } from './link.js';
import { type Project, readProject } from './project.js';

/** What a project holds, decoded. */
export interface CompiledModel {
  readonly project: Project;
  readonly machine: Machine;
  readonly identity: bigint;
  readonly network: IntegerNetwork;
  readonly layout: PlanLayout;
  readonly images: Images;
  /** The hardware, as buildMachine takes it: bare file name -> text. */
  readonly verilog: ReadonlyMap<string, string>;
}

export interface ModelResult {
  /** The model's first output. */
  readonly output: Float32Array;
  readonly outputs: ReadonlyMap<string, Float32Array>;
  readonly cycles: number;
}

export interface Session {
  readonly model: CompiledModel;
  /** The model's inputs (float32, their own layouts) -> its outputs, the host's steps applied. */
  infer(real: ModelInputs): Promise<ModelResult>;
  /**
   * Codes of all inputs, one after the other, NHWC -> what leaves the machine, all outputs one after the other: codes or
   * accumulators, NHWC. Errors: also those of checkCodes.
   */
  inferCodes(codes: FrameCodes): Promise<{ readonly output: Int32Array; readonly cycles: number }>;
  close(): Promise<void>;
}

/** Reads and verifies a compiled project. Errors: project-invalid. */
export async function readModel(folder: string): Promise<CompiledModel> {
  return decodeModel(await readProject(folder));
}

/** Errors: project-invalid when a file is missing or damaged, or the project is of another version of Systole. */
export function decodeModel(project: Project): CompiledModel {
  const { folder, manifest, files } = project;
  const invalid = (message: string, detail: { expected?: string; actual?: string } = {}) =>
    new SystoleError('project-invalid', message, {
      where: folder,
      ...detail,
      hint: 'compile the model again with --force',
    });
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw invalid(`the project has no ${path}`);
    return bytes;
  };
  const text = (path: string) => new TextDecoder().decode(file(path));
  const machine = parseMachine(jsonOf(text(PROJECT_PATHS.machine)));
  const identity = machineIdentity(machine);
  if (identityText(identity) !== manifest.identity) {
    throw invalid('the project was compiled by another version of Systole', {
      expected: `identity ${identityText(identity)}`,
      actual: `identity ${manifest.identity}`,
    });
  }
  const image = (name: MemoryName) => pieces(file(imagePath(name)));
  return {
    project,
    machine,
    identity,
    network: networkFromBytes(file(PROJECT_PATHS.network), `${folder}/${PROJECT_PATHS.network}`),
    layout: layoutFromJson(text(PROJECT_PATHS.layout), `${folder}/${PROJECT_PATHS.layout}`),
    images: {
      program: image('program'),
      passes: image('passes'),
      weights: image('weights'),
      parameters: image('parameters'),
      tables: image('tables'),
      folds: image('folds'),
      kernels: image('kernels'),
      scales: image('scales'),
      dram: pieces(files.get(PROJECT_PATHS.dram) ?? new Uint8Array(0)),
    },
    verilog: verilogOf(project),
  };
}

/** Errors: those of readModel and openAccelerator; the link is closed when opening fails. */
export async function openModel(model: string | CompiledModel, link: Link): Promise<Session> {
  const compiled = typeof model === 'string' ? await readModel(model) : model;
  const { network, images, identity, layout } = compiled;
  const accelerator = await openAccelerator(link, images, { identity });
  const inferCodes = async (codes: FrameCodes) => {
    checkCodes(compiled, codes);
    const { output, cycles } = await accelerator.infer(inputBytes(layout.inputs, codes));
    const expected = outputBytes(layout.outputs);
    if (output.length !== expected) {
      throw new SystoleError('accelerator-error', "the output frame has another length than the network's", {
        where: `${link.name} link`,
        expected: `${expected} bytes`,
        actual: `${output.length} bytes`,
      });
    }
    return { output: outputValues(layout, output), cycles };
  };
  return {
    model: compiled,
    inferCodes,
    infer: async (real) => {
      const { output, cycles } = await inferCodes(inputCodes(network, real));
      const outputs = modelOutputs(network, output);
      return { output: outputs.get(network.modelOutputs[0]!.name)!, outputs, cycles };
    },
    close: () => accelerator.close(),
  };
}

/** Errors: data-shape, data-type for codes that are not those of a frame of this model. */
export function checkCodes({ network, layout }: CompiledModel, codes: FrameCodes): void {
  const expected = frameCodes(layout.inputs);
  if (codes.length !== expected) {
    throw new SystoleError('data-shape', 'an input has the wrong number of codes', {
      where: network.inputs.map(({ modelName }) => modelName).join(', '),
      expected: `${expected}`,
      actual: `${codes.length}`,
    });
  }
  let at = 0;
  for (const { tensor, modelName } of network.inputs) {
    const { bits, ...size } = network.tensors[tensor]!;
    const own = codes.subarray(at, at + elementsOf(size));
    at += own.length;
    const wrong = own.find((code) => code > 2 ** bits - 1);
    if (wrong === undefined) continue;
    throw new SystoleError('data-type', "a code is larger than the network's input takes", {
      where: modelName,
      expected: `0 to ${2 ** bits - 1}`,
      actual: `${wrong}`,
    });
  }
}

/** undefined for text that is no JSON: the machine's schema refuses it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function verilogOf({ files }: Project): Map<string, string> {
  const found = [...files].filter(([path]) => /^rtl\/[^/]+\.vh?$/.test(path));
  return new Map(found.map(([path, bytes]) => [path.slice('rtl/'.length), new TextDecoder().decode(bytes)]));
}

function pieces(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getUint32(4 * i, true));
}
