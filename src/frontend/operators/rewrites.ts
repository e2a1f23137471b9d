/** For operators that are not supported: what to do about it. */
import type { OnnxNode } from '../onnx/model.js';
import { OPERATORS } from './table.js';

const QUANTIZED =
  'export the float model (before quantization): compile quantizes it itself, to the widths of --weights and --activations';
const STATIC =
  'its scales are known at run time only: quantize statically (onnxruntime.quantization.quantize_static), or export the float model';
const SMOOTH = 'train with Relu or Clip (ReLU6) in its place';
const HARDWARE =
  'save the model before it is converted to hardware layers: behind the streamlining, with MultiThreshold, Im2Col and MatMul';
const CONTROL = 'export the model without control flow: trace it instead of scripting it';

const REWRITES: Readonly<Record<string, string>> = {
  DynamicQuantizeLinear: STATIC,
  DynamicQuantizeLSTM: STATIC,
  DynamicQuantizeMatMul: STATIC,
  MatMulIntegerToFloat: STATIC,
  Erf: 'export with operator set 20 or a newer one: Gelu is one operator there',
  FloatQuant: 'train with integer quantizers (Quant, BipolarQuant), or export the float model',
  MatMulNBits: 'quantize weights per tensor or per output channel, not by blocks, or export the float model',
  QLinearWhere: QUANTIZED,
  ThresholdedRelu: SMOOTH,
  If: CONTROL,
  Loop: CONTROL,
  Scan: CONTROL,
  LRN: 'train with BatchNormalization in its place',
  InstanceNormalization: 'train with BatchNormalization in its place',
  LayerNormalization: 'train with BatchNormalization in its place',
  GroupNormalization: 'train with BatchNormalization in its place',
};

export function rewriteHint(node: OnnxNode): string {
  const known = REWRITES[node.operator];
  if (known !== undefined) return known;
  if (/^finn\.custom_op\.fpgadataflow/.test(node.domain)) return HARDWARE;
  if (node.domain !== '') return `operators of ${node.domain} are not supported: export with ONNX operators alone`;
  const own = OPERATORS.filter(({ domain }) => domain === '').map(({ name }) => name);
  return `supported: ${own.sort().join(', ')}`;
}
