/** Forms of known operators that are no part of a CNN's inference, or that Systole leaves out on purpose: why, in words. */
import type proto from 'onnx-proto';
import type { NodeTest } from './archive.js';
import { dataInputs } from './data-inputs.js';

type Graph = proto.onnx.IGraphProto;
type Node = proto.onnx.INodeProto;

/** TensorProto.DataType */
const FLOATS = [1, 10, 11, 16];
const TINY_FLOATS = [17, 18, 19, 20, 23, 24];
const ARITHMETIC = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'Where'];
const WINDOWS = ['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool'];
const AXES_OF_MAP = 4;

/** null: within the forms that are meant to work. */
export function beyondScope(test: NodeTest): string | null {
  const graph = test.model().graph as Graph;
  const ends = [...(graph.input ?? []), ...(graph.output ?? [])];
  if (ends.some(({ type }) => type?.tensorType == null)) return 'sequences and optional values';
  const types = ends.map(({ type }) => Number(type!.tensorType!.elemType));
  if (types.some((type) => TINY_FLOATS.includes(type))) return 'floats of 8 and 4 bits';
  const shapes = (graph.input ?? []).map(({ type }) =>
    (type!.tensorType!.shape?.dim ?? []).map((d) => Number(d.dimValue)),
  );
  const data = dataInputs(graph);
  const isData = (graph.input ?? []).map(({ name }) => data.includes(name ?? ''));
  if (shapes.some((shape, i) => isData[i] && shape.includes(0))) return 'empty tensors';
  const node = graph.node?.[0];
  if (node === undefined) return null;
  const integers = types.some((type, i) => isData[i] === true && !FLOATS.includes(type));
  if (integers && ARITHMETIC.includes(node.opType ?? '')) return 'integer arithmetic';
  if (WINDOWS.includes(node.opType ?? '') && (shapes[0]?.length ?? 0) > AXES_OF_MAP) return 'three axes of space';
  return attributeBeyond(node);
}

function attributeBeyond(node: Node): string | null {
  const attribute = (name: string) => node.attribute?.find((one) => one.name === name);
  const text = (name: string) => new TextDecoder().decode(attribute(name)?.s ?? new Uint8Array(0));
  const number = (name: string) => Number(attribute(name)?.i ?? 0);
  if (number('block_size') > 0) return 'quantization by blocks';
  if (number('training_mode') === 1) return 'training';
  if (node.opType !== 'Resize') return null;
  if (!['', 'nearest'].includes(text('mode'))) return 'interpolation between pixels';
  return text('coordinate_transformation_mode') === 'tf_crop_and_resize' ? 'cropping to a region' : null;
}
