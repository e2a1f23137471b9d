/**
 * Faults of the depthwise unit, injected one at a time: its bench shows each of them, in what is written or in when. (The fixed set's
 * machine has digits of 4 bits, and so no unit.)
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { CONFIGURATIONS, compileDepthwise, runCase, sourceFile } from '../rtl/depthwise-case.js';
import { icarusAvailable } from '../rtl/icarus.js';
import { picker } from '../rtl/random.js';
import { projectRoot } from '../sim/rtl-files.js';

const FAULTS = [
  [
    'the accumulators never begin anew',
    'depthwise_mac',
    'assign begins = clear_q || (pair_q && shift_q);',
    "assign begins = 1'b0;",
  ],
  ['sums do not move on to the next tap', 'depthwise_mac', ': shift_q ? chain', ": 1'b0 ? chain"],
  [
    'a largest code begins with that of the window before',
    'depthwise_sum',
    "columns_q[0] ? one_q : 8'd0",
    'columns_q[0] ? one_q : acc_o[7:0]',
  ],
  ['the column before the last is forgotten', 'depthwise_sum', 'columns_q[1] ? two_q', 'columns_q[1] ? one_q'],
  ['a sum begins with what was there', 'depthwise_sum', '(clear_q ? {ACC_BITS', "(1'b0 ? {ACC_BITS"],
  ['codes of different signs are compared', 'depthwise_sum', 'code_q > most', '$signed(code_q) > $signed(most)'],
  ['products leave where there are none', 'depthwise', 'plain4 ? sums4', "1'b0 ? sums4"],
  ['weights lose their sign', 'depthwise_mac', '{{9{weights_i[k*8+7]}}', "{{9{1'b0}}"],
  ['the other pixel of a pair is forgotten', 'depthwise_mac', 'pair_q && UPPER != 0', "1'b0"],
  ['the row below the map counts as inside', 'depthwise_walk', 'y_ky < fields_i', 'y_ky <= fields_i'],
  [
    'the second pixel of a pair is where the first one is',
    'depthwise_walk',
    'x_next = x_kx +',
    'x_next = x_kx; wire [CB-1:0] unused_next =',
  ],
  ['a kernel row begins at the last column', 'depthwise_walk', ': at_ky ? pos_c :', ': at_ky ? pos_kx :'],
  ['all rows of a map are waited for at once', 'depthwise_walk', 'rows : need_next[15:0]', 'rows : rows'],
  ['no row is waited for', 'depthwise', 'settled_q && count_q >= need', 'settled_q'],
  [
    'counters are looked at before POST is there',
    'depthwise',
    'active_i && !done_o && !behind_q',
    'active_i && !done_o',
  ],
  ['outputs run into each other', 'depthwise', "r_slots - 8'd1", "8'd0"],
  ['places in the FIFO are not counted', 'depthwise', "gap_q == 8'd0 && credits_q >= r_take", "gap_q == 8'd0"],
  [
    'padding is zero',
    'depthwise',
    'next_inside1 ? rotated[LANES*8-1:LANES*4] : {LANES/2{pad1}}',
    "next_inside1 ? rotated[LANES*8-1:LANES*4] : {LANES/2{8'd0}}",
  ],
  ['a read that is not granted counts', 'depthwise', '(!r_reads || read_ready_i)', "1'b1"],
  [
    'every slot has the first parameters',
    'depthwise_out',
    "h_param <= h_param + {{(PARAM_BITS-1){1'b0}}, 1'b1}",
    'h_param <= h_param',
  ],
  ['the last slot is always whole', 'depthwise_out', 'slot_last ? h_tail : SLOT_COUNT', 'SLOT_COUNT'],
  ['every slot ends a row', 'depthwise_out', 'h_row_end && slot_last', 'h_row_end'],
  ['lo is 0', 'depthwise_out', "lo_i({8'd0, quant5[15:8]})", "lo_i(16'd0)"],
] as const;

test.skipIf(!icarusAvailable).each(FAULTS)(
  'the bench of the depthwise unit shows that %s',
  async (_, module, from, to) => {
    const folder = await mkdtemp(join(tmpdir(), 'systole-fault-'));
    try {
      const text = await readFile(join(projectRoot, sourceFile(module)), 'utf8');
      expect(text.split(from)).toHaveLength(2);
      const changed = join(folder, 'changed.v');
      await writeFile(
        changed,
        text.replace(from, () => to),
      );
      const sourceOf = (name: string) => (name === module ? relative(projectRoot, changed) : sourceFile(name));
      expect(await isCaught(sourceOf)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

/** In what is written or in when, on the first cases of four configurations. */
async function isCaught(sourceOf: (module: string) => string): Promise<boolean> {
  for (const configuration of [...CONFIGURATIONS.slice(0, 3), CONFIGURATIONS.at(-1)!]) {
    const bench = await compileDepthwise(configuration, sourceOf);
    const pick = picker(29);
    try {
      for (let round = 0; round < 8; round++) {
        const { written, simulated, cycles, modelled } = await runCase(bench, configuration, pick);
        if (JSON.stringify([written, cycles]) !== JSON.stringify([simulated, modelled])) return true;
      }
    } finally {
      await bench.close();
    }
  }
  return false;
}
