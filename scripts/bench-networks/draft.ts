/** A float network being written as ONNX: its nodes and constants so far, and the random numbers of the weights to come. */
import proto from 'onnx-proto';
import { type RandomSource, randomSource } from '../../src/base/random.js';
import type { Shape } from '../../src/frontend/graph.js';
import { type Attribute, FLOAT, OnnxSink, valueInfo } from '../../src/frontend/onnx-sink.js';

/** An activation: its name, and its shape, [1, channels, height, width] or [1, values]. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
}

export interface Draft {
  readonly name: string;
  readonly sink: OnnxSink;
  readonly random: RandomSource;
  readonly input: Tensor;
}

/** Of the form that exporters write most; Resize has its sizes as inputs, Clip its limits. */
const OPSET = 13;
const IR_VERSION = 8;
export const QONNX_DOMAIN = 'qonnx.custom_op.general';

/** The same name gives the same weights. */
export function openDraft(name: string, shape: Shape): Draft {
  const seed = [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);
  const input = { name: 'input', shape };
  return { name, sink: new OnnxSink([input.name]), random: randomSource(seed), input };
}

/** `wanted` with the number of the next node: what belongs to it is named so. */
export function numbered({ sink }: Draft, wanted: string): string {
  return `${wanted}_${sink.nodes.length}`;
}

/** Writes one node; the output is named after `wanted`. */
export function apply(
  draft: Draft,
  operator: string,
  inputs: readonly string[],
  output: { readonly wanted: string; readonly shape: Shape },
  attributes: readonly Attribute[] = [],
): Tensor {
  const name = draft.sink.apply(operator, inputs, numbered(draft, output.wanted), attributes);
  return { name, shape: output.shape };
}

/** Bytes of the ONNX file. */
export function finish({ name, sink, input }: Draft, outputs: readonly Tensor[]): Uint8Array {
  const domains = new Set(sink.nodes.map((node) => node.domain ?? ''));
  const model = proto.onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'systole bench networks',
    opsetImport: [
      { domain: '', version: OPSET },
      ...(domains.has(QONNX_DOMAIN) ? [{ domain: QONNX_DOMAIN, version: 1 }] : []),
    ],
    graph: {
      name,
      node: sink.nodes,
      initializer: sink.initializers,
      input: [valueInfo(input.name, input.shape, FLOAT)],
      output: outputs.map((output) => valueInfo(output.name, output.shape, FLOAT)),
    },
  });
  return proto.onnx.ModelProto.encode(model).finish();
}
