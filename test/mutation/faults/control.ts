/** Loading, weights from DRAM, the program, hazards. */
import type { DesignFault } from '../design-faults.js';

export const CONTROL_FAULTS: readonly DesignFault[] = [
  // Registers and memory loading.
  {
    name: 'the checksum forgets its top bit',
    module: 'axil',
    from: '{checksum_q[30:0], checksum_q[31]}',
    to: "{checksum_q[30:0], 1'b0}",
  },
  {
    name: 'the enable bit is read from its neighbour',
    module: 'axil',
    from: 'enable_q     <= s_axi_wdata[`SYSTOLE_CTRL_ENABLE_BIT]',
    to: 'enable_q     <= s_axi_wdata[`SYSTOLE_CTRL_SOFT_RESET_BIT]',
  },
  {
    name: 'a column too many before the address moves on',
    module: 'pieces',
    from: "INNER[15:0] - 16'd1",
    to: 'INNER[15:0]',
  },
  {
    name: 'weights go to all earlier columns too',
    module: 'column',
    from: 'cfg_column_i == first_i + OFFSET',
    to: 'cfg_column_i >= first_i + OFFSET',
  },
  // Weights from DRAM.
  {
    name: 'bursts begin and end anywhere',
    module: 'dram_read',
    from: "{1'b0, word_q[BURST_BITS-2:0]}",
    to: "{BURST_BITS{1'b0}}",
  },
  {
    name: 'a burst too many under way',
    module: 'dram_read',
    from: 'under_way_q == OUTSTANDING[COUNT_BITS-1:0]',
    to: "under_way_q == OUTSTANDING[COUNT_BITS-1:0] + {{(COUNT_BITS-1){1'b0}}, 1'b1}",
  },
  {
    name: 'an address is offered for one cycle only',
    module: 'dram_read',
    from: 'ask || (arvalid_q && !m_axi_arready_i)',
    to: 'ask',
    sample: true,
  },
  {
    name: 'a frame fills the ring before it begins',
    module: 'dram',
    from: "begun_q == 2'd0 || !open",
    to: '!open',
  },
  {
    name: 'ring words lie two places apart',
    module: 'fill',
    from: "head_q + {{(RING_BITS-1){1'b0}}, 1'b1}",
    to: "head_q + {{(RING_BITS-2){1'b0}}, 2'd2}",
  },
  {
    name: 'a ring word is whole without its last column',
    module: 'fill',
    from: "COLS[15:0] - 16'd1",
    to: "COLS[15:0] - 16'd2",
  },
  {
    name: 'the mover takes beats that its buffer has no place for',
    module: 'fill',
    from: 'fill_q <= TAKES[FILL_BITS-1:0]',
    to: "1'b1 || fill_q <= TAKES[FILL_BITS-1:0]",
  },
  {
    name: 'ring words are not waited for',
    module: 'feed_ring',
    from: '!ring_i || filled_q >= tile_words_i',
    to: "1'b1 || filled_q >= tile_words_i",
    sample: true,
  },
  {
    name: 'every column tile begins at the same ring word',
    module: 'feed_ring',
    from: 'tail_q + tile_words_i[RING_BITS-1:0]',
    to: 'tail_q',
  },
  {
    name: 'ring words are never given back',
    module: 'feed_ring',
    from: 'assign release_o = release_now',
    to: "assign release_o = 1'b0",
  },
  {
    name: 'the ring lies where weights are',
    module: 'core',
    from: "WEIGHT_WORDS[WAW-1:0] + {{(WAW-RING_BITS){1'b0}}, ring_word}",
    to: "{{(WAW-RING_BITS){1'b0}}, ring_word}",
  },
  // Program.
  {
    name: 'records end a word late',
    module: 'fetch',
    from: 'word[15:8] >> FETCH_BITS',
    to: "(word[15:8] >> FETCH_BITS) + 8'd1",
  },
  {
    name: 'a record of several words has the first one twice',
    module: 'record',
    from: 'word_i[((i + 1) % FETCH_WORDS) * 32 +: 32]',
    to: 'word_i[31:0]',
  },
  {
    name: 'a turn too few is taken',
    module: 'fetch',
    from: "more_q <= times_q != 16'd2",
    to: "more_q <= times_q != 16'd3",
  },
  {
    name: 'records between REPEAT and NEXT are taken once',
    module: 'fetch',
    from: 'take_next && more_q ? again_q',
    to: "1'b0 ? again_q",
    sample: true,
  },
  { name: 'NEXT goes back to REPEAT itself', module: 'fetch', from: 'again_q <= pc_after', to: 'again_q <= pc_q' },
  {
    name: 'the frame after begins at word 0',
    module: 'fetch',
    from: 'take_end ? restart_q',
    to: "take_end ? {PC_BITS{1'b0}}",
  },
  {
    name: 'the frame ends while units work',
    module: 'fetch',
    from: 'hold_q && over_i && !halt_i',
    to: 'hold_q && !halt_i',
    sample: true,
  },
  {
    name: 'frames that left still count as loaded',
    module: 'core',
    from: "loaded_q + {1'b0, loaded} - {1'b0, frame_done}",
    to: "loaded_q + {1'b0, loaded}",
    queued: true,
  },
  {
    name: 'a bubble between two records of a unit',
    module: 'record',
    from: 'full_q && !hold_i && (!active_valid_q || done_i)',
    to: 'full_q && !hold_i && !active_valid_q',
  },
  // Hazards.
  {
    name: 'rows count double',
    module: 'counters',
    from: 'step[c*STEP_BITS +: STEP_BITS]}',
    to: "step[c*STEP_BITS +: STEP_BITS]} + {15'd0, step[c*STEP_BITS]}",
    sample: true,
  },
  {
    name: 'the room of the frame before is there again',
    module: 'core',
    from: 'load_clears && load_shadow[`SYSTOLE_LOAD_ROOM*32]',
    to: "1'b0",
  },
  {
    name: 'a turn clears the rows of the turn before',
    module: 'core',
    from: ' && !post_shadow[`SYSTOLE_POST_RESUME*32]',
    to: '',
  },
  {
    name: 'rows below the map are waited for',
    module: 'feed_need',
    from: "sum < {17'd0, rows_i} ? sum[15:0] : rows_i",
    to: 'sum[15:0]',
  },
  {
    name: 'a residual is not waited for',
    module: 'feed_issue',
    from: 'res_ok_i || !res_enable_i',
    to: "1'b1 || res_ok_i",
  },
  {
    name: 'the pool keeps the credits of what it absorbs',
    module: 'feed',
    from: 'credit_a_i && credit_b_i, credit_a_i != credit_b_i',
    to: "1'b0, credit_a_i",
  },
  { name: 'credits are not looked at', module: 'feed', from: 'credits_q >= slots &&', to: '' },
  {
    name: 'the pace is not kept',
    module: 'feed',
    from: "tile_end ? pace == 16'd1",
    to: "tile_end ? 1'b1",
    sample: true,
  },
];
