/** The form of an entry in the operator table. */
import type { ImportState } from '../import/state.js';
import type { Value } from '../import/value.js';
import type { OnnxNode, OnnxTensor } from '../onnx/model.js';

/** The newest ONNX operator set whose changes to the operators of the table are known. */
export const NEWEST_OPSET = 26;

export type AttributeSpec = (
  | { readonly type: 'int'; readonly default?: number; readonly only?: readonly number[] }
  | { readonly type: 'float'; readonly default?: number }
  | { readonly type: 'string'; readonly default?: string; readonly only?: readonly string[] }
  | { readonly type: 'ints' }
  | { readonly type: 'floats' }
  | { readonly type: 'tensor' }
  /** Means nothing when a trained network runs. */
  | { readonly type: 'ignored' }
) & {
  readonly required?: boolean;
  /** The last operator set that has it: later ones have an input in its place. */
  readonly until?: number;
};

/** The attributes of one node, checked against the operator's: defaults filled in. */
export interface Attributes {
  has(name: string): boolean;
  int(name: string): number;
  float(name: string): number;
  string(name: string): string;
  /** null where absent. */
  ints(name: string): readonly number[] | null;
  floats(name: string): readonly number[] | null;
  tensor(name: string): OnnxTensor | null;
}

interface AnyCall {
  readonly node: OnnxNode;
  /** Version of the operator set of the node's domain. */
  readonly opset: number;
  readonly attributes: Attributes;
}

export interface ImportCall extends AnyCall {
  /** null for an optional input that is left out; never unknown. */
  readonly inputs: readonly (Value | null)[];
  readonly state: ImportState;
  /** The ONNX node's name, where `node` is a part of it under another. */
  readonly source?: string;
}

export interface FoldCall extends AnyCall {
  readonly inputs: readonly (NumericTensor | null)[];
  /** Refuses a result that memory should not hold. */
  readonly reserve: (bytes: number) => void;
}

export type NumericTensor = Exclude<OnnxTensor, { readonly type: 'other' }>;

export interface Operator {
  readonly name: string;
  /** '' is ONNX's own. */
  readonly domain: string;
  /** First and last operator set whose form of it is known. */
  readonly opsets: readonly [number, number];
  /** Models use it without saying of which version. */
  readonly unversioned?: boolean;
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** Its value where every input is a constant; a list where it has several outputs. */
  readonly fold?: (call: FoldCall) => NumericTensor | readonly NumericTensor[];
  /** Appends to the graph; the values of its outputs. Absent: it works on constants only. */
  readonly import?: (call: ImportCall) => readonly Value[];
}

/** An operator of ONNX's own domain in all operator sets from 7 on. */
export function onnxOperator(
  name: string,
  rest: Omit<Operator, 'name' | 'domain' | 'opsets'> & { readonly opsets?: readonly [number, number] },
): Operator {
  return { name, domain: '', opsets: [7, NEWEST_OPSET], ...rest };
}
