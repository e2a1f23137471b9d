/** The plan: an integer network laid out on one machine, and the program that runs it. */
import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { Images, PassEntry, ProgramRecord } from '../program/program.js';

/** Where a tensor lives: element (plane, y, x, c) at base + plane*planeStride + y*rowPitch + x*pixelPitch + c. */
export interface PlannedTensor {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  /** null: it leaves through the stream and is never in memory. */
  readonly place: TensorPlace | null;
}

/** All in codes (digits of activationDigit bits). */
export interface TensorPlace {
  readonly group: number;
  readonly base: number;
  readonly planes: number;
  readonly planeStride: number;
  readonly rowPitch: number;
  readonly pixelPitch: number;
  /** Rows kept at once, row y at y mod bufferRows; 0: all rows have their own place. */
  readonly bufferRows: number;
  /** The tensor in whose place it lies, as a slice or a part of it; null: it has a place of its own. */
  readonly inside: string | null;
  /** The row counter that its readers wait for; null: nobody waits for it. */
  readonly counter: number | null;
  /** Layer that makes the first of the place it lies in (-1: LOAD) and the last that reads there, as indices of Plan.layers. */
  readonly made: number;
  readonly lastRead: number;
}

/** One FEED and one POST record, or several of some rows each. */
export interface PlannedLayer {
  readonly name: string;
  /** Names of the integer network's layers computed here; empty for a copy the planner added. */
  readonly sources: readonly string[];
  readonly input: string;
  readonly residual: string | null;
  readonly output: string;
  /** Digit passes of the layer. */
  readonly passes: number;
  /** MACs of the source model's Conv, Gemm and MatMul here, and times their digit passes (design section 1). */
  readonly usefulMacs: number;
  readonly usefulDigitMacs: number;
  /** Array steps of one frame: the least cycles FEED needs. */
  readonly steps: number;
  /** Output pixels of one tile: columns and lines. */
  readonly tile: { readonly columns: number; readonly lines: number };
  /** Its weights come from DRAM, through the ring. */
  readonly fromDram: boolean;
  /** What computes it: the array has a FEED and a POST record for each turn, the depthwise unit one record. */
  readonly unit: 'array' | 'depthwise';
  readonly accRange: { readonly min: number; readonly max: number };
}

/** Bits of a code on the input stream. */
export type CodeBits = 1 | 2 | 4 | 8 | 16;

/** An input tensor as it comes in. */
export interface StreamedInput {
  readonly tensor: string;
  readonly codes: number;
  /** Codes of fewer than 8 bits stand packed, lowest bits first; those of 16 are little endian. */
  readonly codeBits: CodeBits;
  /** Where it begins in the bytes of the frame: on a fresh beat. */
  readonly firstByte: number;
}

/** An output tensor as it leaves. */
export interface StreamedOutput {
  /** Of the integer network. */
  readonly tensor: string;
  readonly elements: number;
  readonly elementBytes: 1 | 2 | 4;
  readonly firstByte: number;
}

export interface Plan {
  readonly machine: Machine;
  readonly network: IntegerNetwork;
  /** By name: the network's tensors that exist on the machine, and the planner's copies. */
  readonly tensors: Readonly<Record<string, PlannedTensor>>;
  /** In the order of their first POST records. */
  readonly layers: readonly PlannedLayer[];
  /** The layer of each POST record, in the order in which they finish. */
  readonly turns: readonly number[];
  readonly program: readonly ProgramRecord[];
  readonly passes: readonly PassEntry[];
  readonly images: Images;
  /** In the order of the stream; each begins on a fresh beat. */
  readonly inputs: readonly StreamedInput[];
  readonly outputs: readonly StreamedOutput[];
  readonly usefulDigitMacs: number;
  /** What is used of each memory, in its own words (activations: words per group, the fullest). */
  readonly used: {
    readonly activationWords: number;
    /** Bytes of the maps alive at once, at the most; and were every layer computed whole, one after the other. */
    readonly activationBytes: number;
    readonly activationBytesWhole: number;
    readonly weightWords: number;
    /** Words of a frame that come through the ring. */
    readonly dramWords: number;
    readonly parameterWords: number;
    readonly programWords: number;
    readonly passEntries: number;
    readonly tableEntries: number;
    readonly counters: number;
  };
}
