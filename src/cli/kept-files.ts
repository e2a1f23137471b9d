/** What compile keeps in DIR beside what the hardware needs. */
export const KEPT = {
  /** The model as it was given: evaluate compares with it. */
  model: 'model.onnx',
  /** The steps of --preprocess: run, verify and evaluate apply them. */
  preprocess: 'preprocess.json',
} as const;
