/** A compiled directory as the commands that use it need it. */
import { SystoleError } from '../../base/error.js';
import { toGraphInput } from '../../frontend/transpose.js';
import type { FrameCodes } from '../../quant/frame.js';
import type { IntegerNetwork, NetworkInput } from '../../quant/network.js';
import { inputCodes } from '../../quant/numerics.js';
import type { CompiledModel } from '../../runtime/model.js';
import { preprocessOf } from '../../runtime/preprocess.js';
import { alongside, filesByName, type NamedSample, readNamedSamples } from '../data/named-files.js';
import { codeSamples } from '../data/samples.js';
import { readTensorFile } from '../data/tensor-file.js';

export interface InputOptions {
  /** FILE, or NAME=FILE for each where the model has several inputs. */
  readonly input: readonly string[];
  readonly limit?: number;
  readonly codes?: true;
}

/** The MHz that latencies are quoted at: of the command line, else of compile. */
export function clockOf({ project }: CompiledModel, option: number | undefined): number {
  const { clock } = project.manifest.options;
  return option ?? (typeof clock === 'number' ? clock : 100);
}

/** The model's real values by input name, one sample each. @param option that names the files, for messages */
export async function readReals(
  model: CompiledModel,
  files: readonly string[],
  { option, limit }: { readonly option: string; readonly limit?: number | undefined },
): Promise<NamedSample[]> {
  const inputs = model.network.inputs.map(({ modelName, shape }) => ({ name: modelName, shape }));
  const { samples } = await readNamedSamples(inputs, files, { option, preprocess: preprocessOf(model), limit });
  return samples;
}

/** Input frames as the machine takes them: codes of all inputs, one after the other, NHWC. */
export async function readFrames(model: CompiledModel, { input, limit, codes }: InputOptions): Promise<FrameCodes[]> {
  const { network } = model;
  const option = '--input';
  if (!codes) {
    const reals = await readReals(model, input, { option, limit });
    return reals.map((real) => inputCodes(network, real));
  }
  const names = network.inputs.map(({ modelName }) => modelName);
  const files = await Promise.all(filesByName(names, input, option).map(readTensorFile));
  const read = network.inputs.map((own, i) =>
    codeSamples(files[i]!, { shape: own.shape, limit }, 2 ** network.tensors[own.tensor]!.bits - 1),
  );
  const samples = alongside(
    files.map(({ where }) => where),
    read,
  );
  return samples.map((sample) =>
    Uint16Array.from(sample.flatMap((values, i) => [...frameOfCodes(network, network.inputs[i]!, values)])),
  );
}

/** Codes in the model's own layout -> NHWC. */
function frameOfCodes(network: IntegerNetwork, { tensor, layout }: NetworkInput, codes: Uint16Array): Uint16Array {
  const planes = toGraphInput(layout, Float32Array.from(codes));
  const { channels } = network.tensors[tensor]!;
  const pixels = planes.length / channels;
  return Uint16Array.from(planes, (_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)]!);
}

/** What leaves the machine, NHWC, as the network's output tensors, channels first. */
export function outputCodes(network: IntegerNetwork, raw: Int32Array): Map<string, Int32Array> {
  let at = 0;
  return new Map(
    network.outputs.map(({ name, tensor }) => {
      const { channels, height, width } = network.tensors[tensor]!;
      const pixels = height * width;
      const own = raw.subarray(at, at + pixels * channels);
      at += own.length;
      return [name, own.map((_, i) => own[(i % pixels) * channels + Math.floor(i / pixels)]!)];
    }),
  );
}

/** Axes of all results together: the batch of one gives way to the number of images. */
export function batchShape(shape: readonly number[], images: number): number[] {
  return shape[0] === 1 ? [images, ...shape.slice(1)] : [images, ...shape];
}

/** One of two options that exclude each other. */
export function exclusive(a: string, b: string): SystoleError {
  return new SystoleError('usage-invalid', `${a} and ${b} cannot be given together`, { hint: 'leave one of them out' });
}
