import { describe, expect, test } from 'vitest';
import { type Equivalence, equivalence } from './formal.js';
import { installed } from './tools.js';

interface Block extends Omit<Equivalence, 'parameters' | 'wrong'> {
  readonly name: string;
  readonly sets: readonly Readonly<Record<string, number>>[];
  /** Ways in which the reference can be made wrong: each must be refuted, on the first set. */
  readonly faults: number;
}

const BLOCKS: readonly Block[] = [
  {
    name: 'the dot product of a PE, in every mode',
    modules: ['systole_dot', 'systole_edge', 'systole_delay', 'systole_popcount', 'systole_six'],
    gate: 'dot_gate',
    reference: 'dot_reference',
    sets: [
      { LANES: 2, AD: 2, WD: 3, DW: 7, EDGE: 1, CUTS: 1, MODE_AT: 0 },
      { LANES: 2, AD: 1, WD: 1, DW: 4, EDGE: 0, CUTS: 1, MODE_AT: 1 },
      { LANES: 4, AD: 1, WD: 1, DW: 5, EDGE: 0, CUTS: 1, MODE_AT: 1 },
      { LANES: 8, AD: 1, WD: 1, DW: 6, EDGE: 0, CUTS: 1, MODE_AT: 1 },
      { LANES: 2, AD: 4, WD: 2, DW: 8, EDGE: 1, CUTS: 1, MODE_AT: 0 },
      { LANES: 2, AD: 8, WD: 1, DW: 11, EDGE: 1, CUTS: 1, MODE_AT: 0 },
      { LANES: 4, AD: 2, WD: 2, DW: 5, EDGE: 1, CUTS: 1, MODE_AT: 0 },
      { LANES: 4, AD: 1, WD: 4, DW: 8, EDGE: 0, CUTS: 1, MODE_AT: 1 },
      { LANES: 2, AD: 1, WD: 8, DW: 11, EDGE: 0, CUTS: 2, MODE_AT: 1 },
    ],
    cycles: { steps: 4 },
    faults: 2,
  },
  {
    name: 'rounding, floor and nearest even, and clamping',
    modules: ['systole_round', 'systole_clamp'],
    gate: 'round_gate',
    reference: 'round_reference',
    sets: [
      { WIDTH: 20, N_BITS: 3 },
      { WIDTH: 24, N_BITS: 5 },
      { WIDTH: 34, N_BITS: 5 },
      { WIDTH: 68, N_BITS: 6 },
      { WIDTH: 18, N_BITS: 1 },
    ],
    faults: 4,
  },
  {
    name: 'a product in parts',
    modules: ['systole_parts'],
    gate: 'parts_gate',
    reference: 'parts_reference',
    sets: [
      { A_BITS: 4, A_LOW: 2, B_BITS: 5, B_LOW: 2, SUM_BITS: 10 },
      { A_BITS: 5, A_LOW: 0, B_BITS: 5, B_LOW: 2, SUM_BITS: 12 },
      { A_BITS: 5, A_LOW: 3, B_BITS: 4, B_LOW: 0, SUM_BITS: 10 },
      { A_BITS: 4, A_LOW: 0, B_BITS: 4, B_LOW: 0, SUM_BITS: 9 },
    ],
    cycles: { steps: 3 },
    faults: 2,
  },
  {
    name: 'requantization with its four stages',
    modules: ['systole_requantize', 'systole_parts', 'systole_round', 'systole_clamp'],
    reference: 'requantize_reference',
    sets: [
      { ACC_BITS: 3, M_BITS: 2, B_BITS: 16, N_BITS: 2, RES_BITS: 2 },
      { ACC_BITS: 5, M_BITS: 3, B_BITS: 16, N_BITS: 3, RES_BITS: 2 },
    ],
    cycles: { induct: 6 },
    faults: 3,
  },
  {
    name: 'the product of two maps',
    modules: ['systole_product'],
    reference: 'product_reference',
    sets: [
      { ACC_BITS: 5, RES_BITS: 3, FACTOR_BITS: 4 },
      { ACC_BITS: 8, RES_BITS: 4, FACTOR_BITS: 5 },
      { ACC_BITS: 4, RES_BITS: 2, FACTOR_BITS: 5 },
    ],
    faults: 2,
  },
  {
    name: 'tables, a copy for each channel',
    modules: ['systole_table', 'systole_ram'],
    reference: 'table_reference',
    sets: [
      { PW: 2, ENTRIES: 4, ENTRY_BITS: 2 },
      { PW: 1, ENTRIES: 8, ENTRY_BITS: 3 },
    ],
    cycles: { steps: 6 },
    faults: 3,
  },
  {
    name: 'packing outputs into beats',
    modules: ['systole_packer'],
    gate: 'packer_gate',
    reference: 'packer_reference',
    sets: [
      { OUT_BYTES: 2, CHUNK_BYTES: 2 },
      { OUT_BYTES: 1, CHUNK_BYTES: 1 },
      { OUT_BYTES: 4, CHUNK_BYTES: 4 },
    ],
    cycles: { steps: 8 },
    faults: 3,
  },
  {
    name: 'the gearbox of the input stream, under any stalls',
    modules: ['systole_load_cells'],
    gate: 'cells_gate',
    reference: 'cells_reference',
    sets: [
      { LANES: 2, LANE_BITS: 1, IN_BYTES: 1 },
      { LANES: 2, LANE_BITS: 1, IN_BYTES: 2 },
    ],
    cycles: { steps: 6 },
    faults: 3,
  },
  {
    name: 'the alignment of writes',
    modules: ['systole_align'],
    reference: 'align_reference',
    sets: [
      { LANES: 4, AD: 2, AW: 4, LANE_BITS: 2 },
      { LANES: 2, AD: 8, AW: 3, LANE_BITS: 1 },
      { LANES: 16, AD: 1, AW: 6, LANE_BITS: 4 },
    ],
    cycles: { induct: 3 },
    faults: 2,
  },
  {
    name: 'the turn of segments into bank order',
    modules: ['systole_turn'],
    reference: 'turn_reference',
    sets: [
      { ITEMS: 4, BITS: 3, BY_BITS: 2 },
      { ITEMS: 2, BITS: 3, BY_BITS: 1 },
      { ITEMS: 32, BITS: 3, BY_BITS: 5 },
    ],
    faults: 2,
  },
  {
    name: 'folded reads of two array rows: every lane its own code',
    modules: ['systole_align', 'systole_row', 'systole_row_hop', 'systole_turn', 'systole_group', 'systole_ram'],
    gate: 'fold_gate',
    reference: 'fold_reference',
    sets: [
      { LANES: 2, LANE_BITS: 1, AD: 1, AW: 3 },
      { LANES: 4, LANE_BITS: 2, AD: 1, AW: 4 },
    ],
    cycles: { steps: 6 },
    faults: 3,
  },
  {
    name: 'writes and reads of an array row: banks, rotation, masks',
    modules: ['systole_align', 'systole_row', 'systole_row_hop', 'systole_turn', 'systole_group', 'systole_ram'],
    gate: 'row_gate',
    reference: 'row_reference',
    sets: [
      { LANES: 2, LANE_BITS: 1, AD: 1, AW: 3 },
      { LANES: 4, LANE_BITS: 2, AD: 2, AW: 4 },
    ],
    cycles: { steps: 6 },
    faults: 3,
  },
];

describe.skipIf(!(await installed('yosys')))('by formal proof (skipped where Yosys is not installed)', () => {
  for (const { name, sets, faults, ...block } of BLOCKS) {
    test.each(sets)(`${name} is what its definition says, with %j`, { timeout: 300_000 }, async (parameters) => {
      expect(await equivalence({ ...block, parameters })).toBe('proven');
    });

    const wrongs = Array.from({ length: faults }, (_, i) => i + 1);
    test.each(wrongs)(`${name} is not what wrong definition %d says`, { timeout: 300_000 }, async (wrong) => {
      expect(await equivalence({ ...block, parameters: sets[0]!, wrong })).toBe('refuted');
    });
  }
});
