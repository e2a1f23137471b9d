/** Parameters of systole_core for the checks that only elaborate: the named machines, and the extremes of every range. */
import { coreParameters } from '../../src/hdlgen/hardware.js';
import { namedMachines, provenMachine, testMachine, VARIED_MACHINES } from '../support/machines.js';

export type Parameters = Readonly<Record<string, number | bigint>>;

/** Every parameter at its smallest, and all memories with it. */
export const SMALLEST: Parameters = {
  ...{ ROWS: 1, COLS: 1, LANES: 2, AD: 1, WD: 1, STAGE: 1, PW: 1 },
  ...{ ACC_BITS: 16, M_BITS: 8, B_BITS: 16, N_BITS: 1 },
  ...{
    GROUPS: 2,
    ACT_WORDS: 2,
    WEIGHT_WORDS: 2,
    PARAM_WORDS: 2,
    PROG_WORDS: 2,
    FETCH_WORDS: 1,
    PASS_ENTRIES: 2,
    FIFO_ENTRIES: 2,
  },
  ...{ IN_BYTES: 1, OUT_BYTES: 1, COUNTERS: 4, CONTEXTS: 0 },
  ...{ RING_WORDS: 0, DRAM_BITS: 0, DRAM_ADDR_BITS: 32, DRAM_BURST: 1, DRAM_OUTSTANDING: 1 },
};

/** Every width and number at its largest; rows, columns and lanes each in one of the sets below. */
const LARGEST: Parameters = {
  ...{ ROWS: 2, COLS: 16, LANES: 16, AD: 8, WD: 8, STAGE: 16, PW: 16 },
  ...{ ACC_BITS: 32, M_BITS: 34, B_BITS: 64, N_BITS: 6 },
  ...{
    GROUPS: 4,
    ACT_WORDS: 2 ** 24,
    WEIGHT_WORDS: 2 ** 20,
    PARAM_WORDS: 2 ** 10,
    PROG_WORDS: 2 ** 16,
    FETCH_WORDS: 8,
  },
  ...{ TABLE_ENTRIES: 2 ** 16 },
  ...{
    PASS_ENTRIES: 2 ** 12,
    FIFO_ENTRIES: 2 ** 10,
    IN_BYTES: 64,
    OUT_BYTES: 64,
    COUNTERS: 64,
    CONTEXTS: 64,
    FOLD_ENTRIES: 4096,
  },
  ...{ RING_WORDS: 2 ** 16, DRAM_BITS: 512, DRAM_ADDR_BITS: 64, DRAM_BURST: 256, DRAM_OUTSTANDING: 64 },
};

export const PARAMETER_SETS: ReadonlyMap<string, Parameters> = new Map<string, Parameters>([
  ['the smallest of everything', SMALLEST],
  ['the largest widths and memories', LARGEST],
  ['16 rows', { ...SMALLEST, ROWS: 16, COLS: 2, STAGE: 2, PW: 2, FIFO_ENTRIES: 32 }],
  ['128 columns in one stage', { ...SMALLEST, COLS: 128, STAGE: 128, PW: 2, FIFO_ENTRIES: 128 }],
  [
    '128 lanes, slots of 32 channels over 8 stages',
    { ...LARGEST, LANES: 128, ROWS: 1, COLS: 32, STAGE: 4, PW: 32, ACT_WORDS: 64, WEIGHT_WORDS: 64 },
  ],
  ['a depthwise unit of one tap and two lanes', { ...SMALLEST, AD: 8, DW_TAPS: 1, DW_PW: 1 }],
  ['a depthwise unit without multipliers', { ...SMALLEST, AD: 8, DW_PW: 2 }],
  [
    'a depthwise unit of five taps, slots of half the lanes',
    { ...LARGEST, DW_TAPS: 5, DW_PW: 8, DW_WEIGHT_WORDS: 2 ** 16, DW_PARAM_WORDS: 2 ** 10, ACT_WORDS: 64 },
  ],
  [
    'counts that are no power of two',
    { ...SMALLEST, ROWS: 3, COLS: 6, STAGE: 3, COUNTERS: 5, GROUPS: 3, WD: 3, FIFO_ENTRIES: 64 },
  ],
  ...[
    ...namedMachines(),
    ...VARIED_MACHINES,
    provenMachine('4x16x16', 1, 1),
    testMachine({ mBits: 8, bBits: 16, nBits: 1, accBits: 16 }),
  ].map((machine) => [machine.name, coreParameters(machine)] as const),
]);

/** One broken rule each: the rule's module, and the parameters that break it. */
export const BROKEN_RULES: readonly (readonly [rule: string, change: Parameters])[] = [
  ['rows_must_be_1_to_16', { ROWS: 0 }],
  ['rows_must_be_1_to_16', { ROWS: 17, FIFO_ENTRIES: 64 }],
  ['lanes_must_be_a_power_of_two_2_to_128', { LANES: 6 }],
  ['lanes_must_be_a_power_of_two_2_to_128', { LANES: 1 }],
  ['activation_digit_must_be_1_2_4_or_8', { AD: 3 }],
  ['weight_digit_must_be_1_2_3_4_or_8', { WD: 5 }],
  ['cols_must_be_a_multiple_of_stage', { COLS: 6, STAGE: 4, FIFO_ENTRIES: 16 }],
  [
    'post_width_must_be_a_power_of_two_that_divides_cols_and_is_at_most_lanes',
    { COLS: 3, STAGE: 3, PW: 3, FIFO_ENTRIES: 16 },
  ],
  [
    'post_width_must_be_a_power_of_two_that_divides_cols_and_is_at_most_lanes',
    { COLS: 4, STAGE: 4, PW: 4, FIFO_ENTRIES: 16 },
  ],
  ['one_of_stage_and_post_width_must_divide_the_other', { COLS: 12, STAGE: 6, PW: 4, LANES: 4, FIFO_ENTRIES: 16 }],
  ['acc_bits_must_be_16_to_32', { ACC_BITS: 33 }],
  ['m_bits_8_to_34_b_bits_16_to_64_n_bits_1_to_6', { M_BITS: 35 }],
  ['groups_must_be_2_to_4', { GROUPS: 5 }],
  ['groups_must_be_2_to_4', { GROUPS: 1 }],
  ['memory_sizes_must_be_powers_of_two_from_2', { WEIGHT_WORDS: 12 }],
  ['memory_sizes_must_be_powers_of_two_from_2', { ACT_WORDS: 2 ** 29 }],
  ['memory_sizes_must_be_powers_of_two_from_2', { TABLE_ENTRIES: 1 }],
  ['memory_sizes_must_be_powers_of_two_from_2', { TABLE_ENTRIES: 96 }],
  ['memory_sizes_must_be_powers_of_two_from_2', { TABLE_ENTRIES: 2 ** 17 }],
  ['fifo_must_hold_two_tiles', { COLS: 4, FIFO_ENTRIES: 4 }],
  ['fetch_words_must_be_1_2_4_or_8_and_at_most_half_of_program_words', { FETCH_WORDS: 3, PROG_WORDS: 64 }],
  ['fetch_words_must_be_1_2_4_or_8_and_at_most_half_of_program_words', { FETCH_WORDS: 4, PROG_WORDS: 4 }],
  ['counters_must_be_4_to_64', { COUNTERS: 65 }],
  ['fold_entries_must_be_0_or_a_power_of_two_2_to_4096', { FOLD_ENTRIES: 1 }],
  ['fold_entries_must_be_0_or_a_power_of_two_2_to_4096', { FOLD_ENTRIES: 48 }],
  ['contexts_must_be_0_or_a_power_of_two_2_to_64', { CONTEXTS: 1 }],
  ['contexts_must_be_0_or_a_power_of_two_2_to_64', { CONTEXTS: 6 }],
  ['ring_words_must_be_0_or_a_power_of_two_from_2_and_0_without_dram', { RING_WORDS: 4 }],
  ['ring_words_must_be_0_or_a_power_of_two_from_2_and_0_without_dram', { RING_WORDS: 6, DRAM_BITS: 32 }],
  ['dram_bits_must_be_0_32_64_128_256_or_512', { DRAM_BITS: 16 }],
  ['dram_address_32_to_64_bits_burst_1_to_256_outstanding_1_to_64_powers_of_two', { DRAM_ADDR_BITS: 31 }],
  ['dram_address_32_to_64_bits_burst_1_to_256_outstanding_1_to_64_powers_of_two', { DRAM_BURST: 3 }],
  ['dram_address_32_to_64_bits_burst_1_to_256_outstanding_1_to_64_powers_of_two', { DRAM_OUTSTANDING: 128 }],
  ['depthwise_taps_must_be_0_to_5_and_no_unit_unless_the_activation_digit_is_8', { DW_TAPS: 6, DW_PW: 1, AD: 8 }],
  ['depthwise_taps_must_be_0_to_5_and_no_unit_unless_the_activation_digit_is_8', { DW_PW: 1, AD: 4 }],
  [
    'depthwise_post_width_must_be_a_power_of_two_at_most_lanes_and_0_without_unit',
    { DW_TAPS: 3, AD: 8, DW_PW: 4, LANES: 2 },
  ],
  ['depthwise_post_width_must_be_a_power_of_two_at_most_lanes_and_0_without_unit', { DW_TAPS: 3, AD: 8, DW_PW: 0 }],
  ['depthwise_memory_sizes_must_be_powers_of_two_from_2', { DW_TAPS: 3, DW_PW: 1, AD: 8, DW_WEIGHT_WORDS: 12 }],
  ['in_bytes_must_be_a_power_of_two_up_to_64', { IN_BYTES: 3 }],
  ['out_bytes_must_be_a_power_of_two_up_to_64', { OUT_BYTES: 128 }],
];
