/** Pieces of quantized models: what exporters write around every operator. */
import { type BuiltNode, type BuiltTensor, type CodeType, codes, floats, node } from './onnx-builder.js';

export interface Grid {
  readonly scale: number | readonly number[];
  readonly zero?: number | readonly number[];
  readonly type?: CodeType;
  readonly axis?: number;
  readonly domain?: string;
}

export interface Piece {
  readonly nodes: readonly BuiltNode[];
  readonly initializers: Readonly<Record<string, BuiltTensor>>;
}

const listed = (x: number | readonly number[]): readonly number[] => (typeof x === 'number' ? [x] : x);

/** Scale and zero point, as `name.s` and `name.z`. */
export function gridConstants(name: string, grid: Grid): Record<string, BuiltTensor> {
  const scales = listed(grid.scale);
  const shape = typeof grid.scale === 'number' ? [] : [scales.length];
  const zeros = listed(grid.zero ?? scales.map(() => 0));
  return {
    [`${name}.s`]: floats(shape, scales),
    [`${name}.z`]: codes(
      grid.type ?? 'int8',
      shape,
      scales.map((_, i) => zeros[zeros.length === 1 ? 0 : i]!),
    ),
  };
}

/** QuantizeLinear and DequantizeLinear: `from` -> `to`, over the codes `to.q`. */
export function quantized(from: string, to: string, grid: Grid): Piece {
  const attributes = grid.axis === undefined ? {} : { axis: grid.axis };
  const more = grid.domain === undefined ? {} : { domain: grid.domain };
  return {
    nodes: [
      node('QuantizeLinear', `${from} ${to}.s ${to}.z`, `${to}.q`, attributes, more),
      node('DequantizeLinear', `${to}.q ${to}.s ${to}.z`, to, attributes, more),
    ],
    initializers: gridConstants(to, grid),
  };
}

/** DequantizeLinear of a constant: `name`, from the codes `name.q`. */
export function constant(name: string, tensor: BuiltTensor, grid: Grid): Piece {
  const attributes = grid.axis === undefined ? {} : { axis: grid.axis };
  const more = grid.domain === undefined ? {} : { domain: grid.domain };
  return {
    nodes: [node('DequantizeLinear', `${name}.q ${name}.s ${name}.z`, name, attributes, more)],
    initializers: { ...gridConstants(name, grid), [`${name}.q`]: tensor },
  };
}

/** Nodes in the order given. */
export function joined(...pieces: readonly (Piece | BuiltNode)[]): Piece {
  return {
    nodes: pieces.flatMap((piece) => ('nodes' in piece ? piece.nodes : [piece])),
    initializers: Object.assign({}, ...pieces.map((piece) => ('nodes' in piece ? piece.initializers : {}))),
  };
}
