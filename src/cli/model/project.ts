/** A compiled directory as the commands that use it need it. */
import { SystoleError } from '../../base/error.js';
import { toGraphInput } from '../../frontend/transpose.js';
import type { IntegerNetwork } from '../../quant/network.js';
import { inputCodes } from '../../quant/numerics.js';
import type { CompiledModel } from '../../runtime/model.js';
import { preprocessOf } from '../../runtime/preprocess.js';
import { codeSamples, realSamples } from '../data/samples.js';
import { readTensorFile } from '../data/tensor-file.js';

export interface InputOptions {
  readonly input: string;
  readonly limit?: number;
  readonly codes?: true;
}

/** The MHz that latencies are quoted at: of the command line, else of compile. */
export function clockOf({ project }: CompiledModel, option: number | undefined): number {
  const { clock } = project.manifest.options;
  return option ?? (typeof clock === 'number' ? clock : 100);
}

/** The model's real values, one sample each. */
export async function readReals(model: CompiledModel, file: string, limit?: number): Promise<Float32Array[]> {
  const { shape } = model.network.inputs[0]!;
  return realSamples(await readTensorFile(file), { shape, preprocess: preprocessOf(model), limit });
}

/** Input frames as the machine takes them: codes, NHWC, one a byte. */
export async function readFrames(model: CompiledModel, options: InputOptions): Promise<Uint8Array[]> {
  const { network } = model;
  if (!options.codes) {
    const reals = await readReals(model, options.input, options.limit);
    return reals.map((real) => Uint8Array.from(inputCodes(network, real)));
  }
  const top = 2 ** inputTensor(network).bits - 1;
  const form = { shape: network.inputs[0]!.shape, limit: options.limit };
  const samples = codeSamples(await readTensorFile(options.input), form, top);
  return samples.map((codes) => frameOfCodes(network, codes));
}

/** Codes in the model's own layout -> NHWC. */
function frameOfCodes(network: IntegerNetwork, codes: Uint16Array): Uint8Array {
  const planes = toGraphInput(network.inputs[0]!.layout, Float32Array.from(codes));
  const { channels } = inputTensor(network);
  const pixels = planes.length / channels;
  return Uint8Array.from(planes, (_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)]!);
}

/** What leaves the machine, NHWC -> the order of the network's output tensor, channels first. */
export function outputCodes(network: IntegerNetwork, raw: Int32Array): Int32Array {
  const { channels } = network.tensors[network.outputs[0]!.tensor]!;
  const pixels = raw.length / channels;
  return raw.map((_, i) => raw[(i % pixels) * channels + Math.floor(i / pixels)]!);
}

function inputTensor(network: IntegerNetwork) {
  return network.tensors[network.inputs[0]!.tensor]!;
}

/** Axes of all results together: the batch of one gives way to the number of images. */
export function batchShape(shape: readonly number[], images: number): number[] {
  return shape[0] === 1 ? [images, ...shape.slice(1)] : [images, ...shape];
}

/** One of two options that exclude each other. */
export function exclusive(a: string, b: string): SystoleError {
  return new SystoleError('usage-invalid', `${a} and ${b} cannot be given together`, { hint: 'leave one of them out' });
}
