/** What a model file may hold: far above any CNN, far below what exhausts memory. */
export const LIMITS = {
  /** Bytes of a file: VGG-16 in float32 has 0.55e9. */
  fileBytes: 2 ** 30,
  /** Messages of every kind: each becomes a JavaScript object. */
  messages: 1_000_000,
  /** Strings and byte fields. */
  fields: 4_000_000,
  /** Floats outside raw data: each becomes an element of a JavaScript array. */
  floats: 2 ** 26,
  /** Integers outside raw data: each becomes an object of two 32-bit halves. */
  integers: 4_000_000,
  /** Messages within messages; ONNX itself needs about ten a subgraph. */
  depth: 48,
  /** Dimensions of a tensor. */
  rank: 8,
  /** Bytes of all constants that the graph computes from others. */
  foldedBytes: 2 ** 30,
  /** Bytes of the weights of all layers, those that several share once for each. */
  weightBytes: 2 ** 30,
  /** Elements of any tensor, declared or activated. */
  elements: 2 ** 27,
} as const;
