/**
 * One immutable description of an accelerator. Everything is printed from it: Verilog parameters,
 * memory images, C header, simulator sizes, documentation.
 */
export interface Machine {
  readonly name: string;
  /** Output pixels in parallel, 1..16. */
  readonly rows: number;
  /** Output channels in parallel; a multiple of columnsPerStage and of postWidth. */
  readonly cols: number;
  /** Input channels in parallel: a power of two, 2..128. */
  readonly lanes: number;
  readonly activationDigit: 1 | 2 | 4 | 8;
  readonly weightDigit: 1 | 2 | 3 | 4 | 8;
  /** Columns between two hop registers; divides or is a multiple of postWidth. */
  readonly columnsPerStage: number;
  /** Accumulators requantized per cycle: a power of two, at most lanes and cols. */
  readonly postWidth: number;
  /** Accumulator width, bits, signed; 16..32. */
  readonly accBits: number;
  /** Requantization: m and r are signed of mBits (8..34), b signed of bBits (16..64), n unsigned of nBits (1..6). */
  readonly mBits: number;
  readonly bBits: number;
  readonly nBits: number;
  readonly memory: {
    /** Activation memory groups, each with one read and one write port: 2..4. */
    readonly groups: number;
    /** Words of lanes x activationDigit bits per group; a power of two. */
    readonly activationWords: number;
    /** Words of lanes x weightDigit bits beside each column; a power of two. */
    readonly weightWords: number;
    /** Words of postWidth channels' m, b, n, r; a power of two. */
    readonly parameterWords: number;
    /** Entries of lookup tables behind requantization, 16 bits each: a power of two, or 0 for a machine without them. */
    readonly tableEntries: number;
    /** 32-bit words; a power of two. */
    readonly programWords: number;
    /** Digit-pass entries; a power of two. */
    readonly passEntries: number;
    /** Words of the ring beside each column that weights from DRAM go through, behind weightWords; a power of two, or 0. */
    readonly ringWords: number;
    /** Steps of the channel folder, all folded layers together; a power of two, or 0 for a machine without it. */
    readonly foldEntries: number;
    /** Row states that FEED and POST keep for layers interleaved by rows; a power of two, or 0. */
    readonly contexts: number;
    /** Entries of the output FIFO behind post-processing; a power of two, at least 2*rows*cols/postWidth. */
    readonly fifoEntries: number;
  };
  readonly stream: {
    /** AXI4-Stream bytes per beat: a power of two, 1..64. */
    readonly inBytes: number;
    readonly outBytes: number;
  };
  /** 32-bit program words fetched a cycle: 1, 2, 4 or 8. */
  readonly fetchWords: 1 | 2 | 4 | 8;
  /** The unit for depthwise convolutions, average and max pools, or null. */
  readonly depthwise: DepthwiseUnit | null;
  /** AXI4 master, or null. */
  readonly dram: Dram | null;
  /** Row counters, 4..64. */
  readonly counters: number;
}

/** lanes x taps multipliers of activations of 8 bits by weights of 8 bits; only where activationDigit is 8. */
export interface DepthwiseUnit {
  /** Adjacent kernel columns at once, 1..5; 0: no multipliers, sums and largest codes only. */
  readonly taps: number;
  /** Channels requantized per cycle: a power of two, at most lanes. */
  readonly postWidth: number;
  /** Words of lanes x taps weights of 8 bits: a power of two; 0 without taps. */
  readonly weightWords: number;
  /** Words of postWidth channels' m, b, n; a power of two. */
  readonly parameterWords: number;
}

export interface Dram {
  /** Bits of the data bus: 32, 64, 128, 256 or 512. */
  readonly dataBits: 32 | 64 | 128 | 256 | 512;
  /** Bits of an address, 32..64. */
  readonly addressBits: number;
  /** Most beats of a burst, a power of two, 1..256. */
  readonly burst: number;
  /** Most bursts under way, a power of two, 1..64. */
  readonly outstanding: number;
  /** The memory that cycle counts and simulations are for. */
  readonly model: DramModel;
}

export interface DramModel {
  /** Cycles from an address to its first beat. */
  readonly latency: number;
  /** Percent of cycles in which a beat may move, 1..100. */
  readonly efficiency: number;
}
