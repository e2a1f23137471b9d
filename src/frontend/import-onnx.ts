/** Bytes of an ONNX file -> graph: decoded, imported operator by operator, made canonical by the passes. */
import { SystoleError } from '../base/error.js';
import { checkGraph } from './check-graph.js';
import type { Graph } from './graph.js';
import { importModel } from './import/import-model.js';
import { decodeModel } from './onnx/decode.js';
import { PASSES } from './passes/passes.js';

export interface ImportOptions {
  /** Of the model's own input, for models that leave dimensions open. */
  readonly inputShape?: readonly number[];
}

/** A refusal with every obstacle the model holds; its own fields are those of the first. */
export class ImportRefusal extends SystoleError {
  constructor(readonly obstacles: readonly SystoleError[]) {
    const [first] = obstacles as readonly [SystoleError];
    const { where, expected, actual, hint } = first;
    const more = obstacles.length - 1;
    const message = more === 0 ? first.message : `${first.message} (and ${more} more, see inspect)`;
    super(first.code as ConstructorParameters<typeof SystoleError>[0], message, {
      ...(where === undefined ? {} : { where }),
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/**
 * The graph of an ONNX model, after all passes.
 * @throws SystoleError what decodeModel throws for a file that is no model; ImportRefusal, with all obstacles, for a
 * model that is not supported
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Graph {
  const { graph, obstacles } = importModel(decodeModel(bytes), options.inputShape);
  if (graph === null) throw new ImportRefusal(obstacles);
  return canonicalGraph(graph);
}

/** @throws SystoleError weights-not-finite where folding overflows, operator-limit (spread-pixels.ts); graph-invalid is a defect of ours */
export function canonicalGraph(imported: Graph): Graph {
  checkGraph(imported, 'import');
  return PASSES.reduce((graph, pass) => {
    const next = pass.run(graph);
    checkGraph(next, pass.name);
    return next;
  }, imported);
}
