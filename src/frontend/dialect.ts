/** How a model says its precision, told by its operators and constants. */
import type { OnnxModel } from './onnx/model.js';

export type Dialect =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'QDQ'
  | 'QCDQ'
  | 'QOperator'
  | 'QONNX'
  | 'FINN'
  | 'integer'
  | 'dynamic quantization';

const QONNX = new Set(['Quant', 'BipolarQuant', 'Trunc', 'IntQuant', 'FloatQuant']);
const QONNX_DOMAINS = /^(onnx\.brevitas|qonnx\.custom_op|finn\.custom_op)/;
const CHANNELS_LAST = 'qonnx.custom_op.channels_last';
const FINN =
  /^(MultiThreshold|XnorPopcountMatMul|Im2Col|MaxPoolNHWC|QuantAvgPool2d|StreamingMaxPool|MVAU|VVAU|MatrixVectorActivation)$/;
const DYNAMIC = /^DynamicQuantize/;
const Q_OPERATOR = /^(QLinear\w+|ConvInteger|MatMulInteger|QGemm)$/;
const ROUNDING = new Set(['Floor', 'Ceil', 'Round']);
const LAYERS = new Set(['Conv', 'Gemm', 'MatMul']);
/** TensorProto.DataType, the more particular first. */
const FLOATS = [
  [16, 'bfloat16'],
  [10, 'float16'],
  [11, 'float64'],
] as const;

/** The most particular one whose operators occur. */
export function dialectOf(model: OnnxModel): Dialect {
  const names = new Set(model.nodes.map((node) => node.operator));
  const some = (test: RegExp): boolean => [...names].some((name) => test.test(name));
  if (some(FINN)) return 'FINN';
  const isQonnx = model.nodes.some(
    ({ operator, domain }) =>
      domain === CHANNELS_LAST || (QONNX.has(operator) && (domain === '' || QONNX_DOMAINS.test(domain))),
  );
  if (isQonnx) return 'QONNX';
  if (some(DYNAMIC)) return 'dynamic quantization';
  if (some(Q_OPERATOR)) return 'QOperator';
  if (names.has('DequantizeLinear') || names.has('QuantizeLinear')) return clipsCodes(model) ? 'QCDQ' : 'QDQ';
  if ([...ROUNDING].some((name) => names.has(name)) && hasWholeWeights(model)) return 'integer';
  const found = FLOATS.find(
    ([type]) => model.constantTypes.has(type) || model.inputs.some((input) => input.elementType === type),
  );
  return found?.[1] ?? 'float32';
}

/** A Clip between QuantizeLinear and DequantizeLinear: fewer bits than the type has. */
function clipsCodes(model: OnnxModel): boolean {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node.operator] as const)));
  return model.nodes.some((node) => node.operator === 'Clip' && makers.get(node.inputs[0] ?? '') === 'QuantizeLinear');
}

/** The weights of every layer are whole numbers, of which there are some. */
function hasWholeWeights({ nodes, initializers }: OnnxModel): boolean {
  const layers = nodes.filter(({ operator }) => LAYERS.has(operator));
  return (
    layers.length > 0 &&
    layers.every(({ inputs }) => {
      const weights = initializers.get(inputs[1] ?? '');
      return weights?.type === 'float' && weights.data.every((w) => Number.isInteger(w));
    })
  );
}
