/** A compiled project as the model it came from: real values in, real values out, over any link. */
import { machineIdentity } from '../arch/identity.js';
import type { Machine } from '../arch/machine.js';
import { parseMachine } from '../arch/machine-schema.js';
import { outputValues } from '../arch/plan/output-values.js';
import type { Plan } from '../arch/plan/plan.js';
import { decodeProgram } from '../arch/program/decode.js';
import type { Images } from '../arch/program/program.js';
import { SystoleError } from '../base/error.js';
import { imagePath, type MemoryName, PROJECT_PATHS } from '../base/project-layout.js';
import type { IntegerNetwork } from '../quant/network.js';
import { inputCodes, modelOutput } from '../quant/numerics.js';
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
  readonly images: Images;
  readonly output: Plan['output'];
}

export interface Session {
  readonly model: CompiledModel;
  /** The model's input (float32, its own layout) -> its output, the host's epilogue applied. */
  infer(real: Float32Array): Promise<{ readonly output: Float32Array; readonly cycles: number }>;
  /** Codes, NHWC -> what leaves the machine: codes or accumulators, NHWC. */
  inferCodes(codes: Uint8Array): Promise<{ readonly output: Int32Array; readonly cycles: number }>;
  close(): Promise<void>;
}

/** Reads and verifies a compiled project. Errors: project-invalid. */
export async function readModel(folder: string): Promise<CompiledModel> {
  const project = await readProject(folder);
  const file = (path: string): Uint8Array => {
    const bytes = project.files.get(path);
    if (bytes !== undefined) return bytes;
    throw new SystoleError('project-invalid', `the project has no ${path}`, {
      where: folder,
      hint: 'compile the model again with --force',
    });
  };
  const machine = parseMachine(JSON.parse(new TextDecoder().decode(file(PROJECT_PATHS.machine))));
  const network = networkFromBytes(file(PROJECT_PATHS.network), `${folder}/${PROJECT_PATHS.network}`);
  const image = (name: MemoryName) => pieces(file(imagePath(name)));
  const images: Images = {
    program: image('program'),
    passes: image('passes'),
    weights: image('weights'),
    parameters: image('parameters'),
  };
  return { project, machine, identity: machineIdentity(machine), network, images, output: outputForm(network, images) };
}

/** Errors: those of readModel and openAccelerator; the link is closed when opening fails. */
export async function openModel(model: string | CompiledModel, link: Link): Promise<Session> {
  const compiled = typeof model === 'string' ? await readModel(model) : model;
  const { network, images, identity } = compiled;
  const accelerator = await openAccelerator(link, images, { identity });
  const inferCodes = async (codes: Uint8Array) => {
    const { output, cycles } = await accelerator.infer(codes);
    return { output: outputValues(compiled, output), cycles };
  };
  return {
    model: compiled,
    inferCodes,
    infer: async (real) => {
      const { output, cycles } = await inferCodes(Uint8Array.from(inputCodes(network, real)));
      return { output: modelOutput(network, output), cycles };
    },
    close: () => accelerator.close(),
  };
}

/** The form of the output stream, from the record that writes it. */
function outputForm(network: IntegerNetwork, images: Images): Plan['output'] {
  const { tensor } = network.output;
  const { height, width, channels } = network.tensors[tensor]!;
  for (const record of decodeProgram(images.program)) {
    if (record.opcode !== 'post' || record.fields.toStream === 0) continue;
    const bytes = record.fields.elementBytes;
    const elementBytes = bytes === 1 || bytes === 2 ? bytes : 4;
    return { tensor, elements: height * width * channels, elementBytes };
  }
  throw new SystoleError('project-invalid', 'the program has no output', {
    hint: 'compile the model again with --force',
  });
}

function pieces(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getUint32(4 * i, true));
}
