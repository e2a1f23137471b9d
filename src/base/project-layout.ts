/** Where things are in a compiled project; for those who write it and those who read it. */
export const PROJECT_PATHS = {
  manifest: 'manifest.json',
  machine: 'machine.json',
  /** The integer network (networkToBytes). */
  network: 'network.bin',
  /** Where every tensor lies on the machine (layoutToJson). */
  layout: 'program/layout.json',
  /** What lies in DRAM, 32-bit pieces; absent where nothing does. */
  dram: 'program/dram.bin',
  /** The model as it was given: accuracy is compared with it. */
  model: 'model.onnx',
  /** The steps from raw data to the model's input (base/preprocess); absent without any. */
  preprocess: 'preprocess.json',
} as const;

/** Modules of the generated hardware: the top below rtl/, and the instance name of the core in it. */
export const HARDWARE = { top: 'systole_top', core: 'core' } as const;

/** The memories in the order of MEM_SELECT; kernels and scales are the depthwise unit's weights and parameters. */
export const MEMORIES = ['program', 'passes', 'weights', 'parameters', 'tables', 'folds', 'kernels', 'scales'] as const;
export type MemoryName = (typeof MEMORIES)[number];

/** A memory's 32-bit pieces, little endian. */
export const imagePath = (name: MemoryName) => `program/${name}.bin`;
