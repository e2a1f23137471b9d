import type { OnnxNode } from '../onnx/model.js';

/** What only the array does. Sums, quantizers and layout the host does as well. */
const OF_THE_ARRAY =
  /^(Q?(Fused)?(Conv|Gemm|MatMul)|QLinear(Conv|MatMul)|Conv(Transpose|Integer)|MatMulInteger\w*|XnorPopcountMatMul|Im2Col|(QLinear)?(Global)?(Average|Max|Lp)Pool(NHWC)?|QuantAvgPool2d|BatchNormalization)$/;

/** With bounds before or behind them they are quantizers, wherever they stand. */
const ROUNDINGS = ['Floor', 'Ceil', 'Round'];
const BOUNDS = ['Clip', 'Relu', 'QuantizeLinear'];

/**
 * Tensors that something only the array does is computed from. A function that both know, Sigmoid say, is the array's
 * for them and the host's for the others.
 */
export function arrayFollows(nodes: readonly OnnxNode[]): ReadonlySet<string> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const followed = new Set<string>();
  const work = nodes.filter(({ operator }) => OF_THE_ARRAY.test(operator)).flatMap(({ inputs }) => inputs);
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    if (name === '' || followed.has(name)) continue;
    followed.add(name);
    work.push(...(makers.get(name)?.inputs ?? []));
  }
  const bounded = nodes.filter(({ operator }) => BOUNDS.includes(operator)).flatMap(({ inputs }) => inputs.slice(0, 1));
  for (const name of bounded) if (ROUNDINGS.includes(makers.get(name)?.operator ?? '')) followed.add(name);
  for (const { operator, inputs, outputs } of nodes) {
    const before = makers.get(inputs[0] ?? '')?.operator ?? '';
    if (ROUNDINGS.includes(operator) && BOUNDS.includes(before)) followed.add(outputs[0] ?? '');
  }
  return followed;
}
