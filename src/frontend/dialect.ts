/** How a model says its precision, told by its operators. */
import type { OnnxModel } from './onnx/model.js';

export type Dialect = 'float32' | 'float16' | 'QDQ' | 'QCDQ' | 'QOperator' | 'QONNX' | 'FINN' | 'dynamic quantization';

const QONNX = new Set(['Quant', 'BipolarQuant', 'Trunc', 'IntQuant', 'FloatQuant']);
const QONNX_DOMAINS = /^(onnx\.brevitas|qonnx\.custom_op|finn\.custom_op)/;
const FINN = new Set(['MultiThreshold', 'XnorPopcountMatMul', 'Im2Col', 'StreamingMaxPool', 'MVAU', 'VVAU']);
const Q_OPERATOR = /^(QLinear\w+|ConvInteger|MatMulInteger|QGemm|DynamicQuantizeMatMul)$/;
const HALF = 10;

/** The most particular one whose operators occur. */
export function dialectOf(model: OnnxModel): Dialect {
  const names = new Set(model.nodes.map((node) => node.operator));
  const some = (test: (name: string) => boolean): boolean => [...names].some(test);
  if (some((name) => FINN.has(name))) return 'FINN';
  const isQonnx = model.nodes.some(
    ({ operator, domain }) => QONNX.has(operator) && (domain === '' || QONNX_DOMAINS.test(domain)),
  );
  if (isQonnx) return 'QONNX';
  if (names.has('DynamicQuantizeLinear')) return 'dynamic quantization';
  if (some((name) => Q_OPERATOR.test(name))) return 'QOperator';
  if (names.has('DequantizeLinear') || names.has('QuantizeLinear')) return clipsCodes(model) ? 'QCDQ' : 'QDQ';
  return model.inputs.some((input) => input.elementType === HALF) ? 'float16' : 'float32';
}

/** A Clip between QuantizeLinear and DequantizeLinear: fewer bits than the type has. */
function clipsCodes(model: OnnxModel): boolean {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node.operator] as const)));
  return model.nodes.some((node) => node.operator === 'Clip' && makers.get(node.inputs[0] ?? '') === 'QuantizeLinear');
}
