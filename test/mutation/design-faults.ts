/** One-line faults of the Verilog: operators, constants, handshakes. `from` stands exactly once in its module. */

export interface DesignFault {
  readonly name: string;
  /** Of templates/rtl, without systole_ and .v. */
  readonly module: string;
  readonly from: string;
  readonly to: string;
  /** Shows only where frames queue at the door, which verify does not let them: caught by the random networks' flow. */
  readonly queued?: true;
  /** Also in `npm test`, where only a few are built; the whole table is `npm run mutation`. */
  readonly sample?: true;
}

export const DESIGN_FAULTS: readonly DesignFault[] = [
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
    from: 'cfg_column_i == COLUMN[15:0]',
    to: 'cfg_column_i >= COLUMN[15:0]',
  },
  // Program.
  {
    name: 'records end a word late',
    module: 'fetch',
    from: 'word[15:8] >> FETCH_BITS',
    to: "(word[15:8] >> FETCH_BITS) + 8'd1",
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
    name: 'rows below the map are waited for',
    module: 'feed',
    from: 'need_in < in_rows ? need_in : in_rows',
    to: 'need_in',
  },
  { name: 'a residual is not waited for', module: 'feed', from: '!res_enable || {16', to: "1'b1 || {16" },
  {
    name: 'the pool keeps the credits of what it absorbs',
    module: 'feed',
    from: "+ {{(CREDIT_BITS-1){1'b0}}, credit_b_i}",
    to: '',
  },
  { name: 'credits are not looked at', module: 'feed', from: 'credits_q >= slots &&', to: '' },
  { name: 'the pace is not kept', module: 'feed', from: "pace_q <= pace - 16'd1", to: "pace_q <= 16'd0", sample: true },
  // FEED.
  {
    name: 'every digit pass begins at zero',
    module: 'feed',
    from: 's1_clear <= tile_first',
    to: 's1_clear <= pass_first',
  },
  { name: 'every step shifts', module: 'feed', from: "s1_pass_first ? entry[55:52] : 4'd0", to: 'entry[55:52]' },
  {
    name: 'the row below the map counts as inside',
    module: 'feed',
    from: 'y < fields_i[`SYSTOLE_FEED_Y_MAX*32 +: XW]',
    to: 'y <= fields_i[`SYSTOLE_FEED_Y_MAX*32 +: XW]',
  },
  {
    name: 'a kernel row restarts from the last column',
    module: 'feed_walk',
    from: 'a_from = a_ky;',
    to: 'a_from = a_kx;',
    sample: true,
  },
  {
    name: 'the pool window moves down by kernel rows',
    module: 'feed_walk',
    from: 'y_add = fields_i[`SYSTOLE_FEED_Y_WY*32 +: XW]',
    to: 'y_add = fields_i[`SYSTOLE_FEED_Y_KY*32 +: XW]',
  },
  {
    name: 'column tiles share their weights',
    module: 'feed_walk',
    from: 'w_ct + fields_i[`SYSTOLE_FEED_W_CT*32 +: WAW]',
    to: 'w_ct',
  },
  {
    name: 'the second row reads the pixel of the first',
    module: 'row',
    from: 'n_a <= a_i + a_row_i',
    to: 'n_a <= a_i',
  },
  { name: 'codes left of the map are read', module: 'row', from: 'left = x_i[XW-1]', to: "left = 1'b0" },
  {
    name: 'digits rotate the wrong way',
    module: 'row',
    from: '{stored, stored} >> (d_offset * AD)',
    to: '{stored, stored} << (d_offset * AD)',
    sample: true,
  },
  { name: 'the bank at the offset reads the next word', module: 'group', from: 'roffset_i > b', to: 'roffset_i >= b' },
  {
    name: 'writes that wrap lose their end',
    module: 'align',
    from: 'lanes_rotated[2*LANES-1:LANES]',
    to: 'lanes_rotated[LANES-1:0]',
  },
  // Array.
  {
    name: 'the lower digits of a weight have a sign',
    module: 'dot',
    from: 'minus = TOP == WD - 1 && negative',
    to: 'minus = TOP == WD - 1',
    sample: true,
  },
  { name: 'passes are not shifted', module: 'pe', from: '(acc_q << s)', to: 'acc_q' },
  {
    name: 'dot products lose their sign',
    module: 'pe',
    from: '{(ACC_BITS-DW+1){dot[DW-1]}}',
    to: "{(ACC_BITS-DW+1){1'b0}}",
  },
  {
    name: 'weights stay in the first row',
    module: 'stage',
    from: 'weights_q <= weights_i',
    to: 'weights_q <= weights_q',
  },
  {
    name: 'valid is stuck on the way right',
    module: 'stage',
    from: 'valid_q <= valid[CUTS-1:0];',
    to: "valid_q <= {CUTS{1'b1}};",
  },
  {
    name: 'the second row answers tokens of the first',
    module: 'array',
    from: 'token_row[r*5 +: 5] == r[4:0]',
    to: "token_row[r*5 +: 5] == 5'd0",
    sample: true,
  },
  {
    name: 'tokens come a cycle early',
    module: 'core',
    from: 'TOKEN_DELAY = FEED_TO_HOLD - 1',
    to: 'TOKEN_DELAY = FEED_TO_HOLD - 2',
  },
  {
    name: 'a slot of a stage is passed over',
    module: 'drain',
    from: 'sub_end = sub_q == SUB_LAST',
    to: "sub_end = 1'b1",
  },
  { name: 'slots do not wait for residual planes', module: 'drain', from: "residual ? res_planes : 5'd1", to: "5'd1" },
  // POST.
  {
    name: 'pixels right of the map are kept',
    module: 'post_columns',
    from: 'inside_o = col_px < out_cols',
    to: 'inside_o = col_px <= out_cols',
  },
  {
    name: 'lines below the map are kept',
    module: 'post_rows',
    from: 'inside_o = row_ln < ',
    to: 'inside_o = row_ln <= ',
  },
  {
    name: 'a line begins where the one above ended',
    module: 'post_columns',
    from: 'end else if (!line_end_i) begin',
    to: 'end else if (!ends_i[PR]) begin',
  },
  {
    name: 'the second line is written over the first',
    module: 'post_rows',
    from: 'to_line ? d_line : d_step',
    to: "to_line ? {AW{1'b0}} : d_step",
  },
  {
    name: 'a tile of several lines counts one row',
    module: 'post',
    from: '`SYSTOLE_POST_COUNT_STEP*32 +: 5',
    to: '`SYSTOLE_POST_COUNT*32 +: 5',
  },
  {
    name: 'column tiles share their constants',
    module: 'post_walk',
    from: 'p_c + fields_i[`SYSTOLE_POST_SLOTS_FULL*32 +: PAR_BITS]',
    to: 'p_c',
  },
  {
    name: 'a pool takes the row below the map',
    module: 'post_rows',
    from: 'cy_ln < fields_i[`SYSTOLE_POST_CONV_ROWS*32 +: CW]',
    to: 'cy_ln <= fields_i[`SYSTOLE_POST_CONV_ROWS*32 +: CW]',
  },
  {
    name: 'residual planes are not put in place',
    module: 'post',
    from: "first1 ? 5'd0 : bit2 + AD[4:0]",
    to: "5'd0",
    sample: true,
  },
  { name: 'the residual is subtracted', module: 'requantize', from: 'across + residual', to: 'across - residual' },
  {
    name: 'm has no sign',
    module: 'parts',
    from: '{{A_HIGH{b_i[B_BITS-1]}}, b_i[B_BITS-1:B_LOW]}',
    to: "{{A_HIGH{1'b0}}, b_i[B_BITS-1:B_LOW]}",
  },
  { name: 'ties go up', module: 'round', from: "(below != 6'd0 || ones[1])", to: "1'b1", sample: true },
  { name: 'floor rounds to the nearest', module: 'round', from: 'nearest_i && ones[0]', to: 'ones[0]' },
  { name: 'negative values are limited from above', module: 'clamp', from: 'negative_i || ', to: '' },
  { name: 'the pool keeps the least', module: 'pool', from: 'now > old ? now : old', to: 'now < old ? now : old' },
  {
    name: 'a window begins with the last one',
    module: 'pool',
    from: "first_i ? 16'd0 : best_old[i*16 +: 16]",
    to: 'best_old[i*16 +: 16]',
  },
  {
    name: 'the offset of the second factor is forgotten',
    module: 'product',
    from: "{{(FACTOR_BITS-RES_BITS){1'b0}}, res_i} + r_offset_i",
    to: "{{(FACTOR_BITS-RES_BITS){1'b0}}, res_i}",
    sample: true,
  },
  {
    name: 'the first factor has no sign',
    module: 'product',
    from: '{{FACTOR_BITS{a[FACTOR_BITS-1]}}, a}',
    to: "{{FACTOR_BITS{1'b0}}, a}",
  },
  {
    name: 'a product is made before the last plane of its factor is there',
    module: 'post',
    from: 'multiply = beat2 && last2 &&',
    to: 'multiply = beat2 && first2 &&',
  },
  { name: 'all tables are the first one', module: 'table', from: 'base_i + index', to: 'index', sample: true },
  { name: 'values are always looked up', module: 'post', from: 'pool7[KEEP_BITS-1] ? looked', to: "1'b1 ? looked" },
  {
    name: 'a table is read a cycle early',
    module: 'post',
    from: 'v4[2] && pool6[KEEP_BITS-1]',
    to: 'v4[1] && pool6[KEEP_BITS-1]',
  },
  {
    name: 'parts of a map count its rows',
    module: 'post',
    from: 'row_end && fields_i[`SYSTOLE_POST_COUNT*32]',
    to: 'row_end',
  },
  // FIFO, writer, streams: handshakes.
  {
    name: 'a push overtakes what waits',
    module: 'fifo',
    from: 'push_i && refill && !from_mem',
    to: 'push_i && refill',
    sample: true,
  },
  { name: 'ready of the packer is ignored', module: 'writer', from: '(element && e_ready_i)', to: 'element' },
  { name: 'a plane too many is written', module: 'writer', from: 'step_next >= {3', to: 'step_next > {3' },
  {
    name: 'every slot completes a row',
    module: 'writer',
    from: 'pop && row_end;',
    to: 'pop;',
  },
  {
    name: 'the loader writes where the writer does',
    module: 'core',
    from: '!(p_write && p_group == l_group)',
    to: "1'b1",
  },
  {
    name: 'ready of the memory is ignored',
    module: 'loader',
    from: '& (~w_valid_q | w_ready_i)',
    to: '',
    sample: true,
  },
  {
    name: 'beats are taken without valid',
    module: 'loader',
    from: 'take = listening & s_axis_tvalid_i',
    to: 'take = listening',
  },
  {
    name: 'beats of the next input are taken',
    module: 'loader',
    from: "& (beats_left_q != 32'd0)",
    to: '',
    sample: true,
  },
  {
    name: 'codes of two bytes lose the upper one',
    module: 'loader',
    from: 'w_turn_q  <= addr[LANE_BITS-1:0] - from',
    to: 'w_turn_q  <= addr[LANE_BITS-1:0] - first',
  },
  {
    name: 'every input is a frame',
    module: 'loader',
    from: 'loaded_o   = done_o & last',
    to: 'loaded_o   = done_o',
  },
  { name: 'every input begins a frame', module: 'loader', from: 'if (rst | loaded_o', to: 'if (rst | done_o' },
  {
    name: 'the second input is held for the next frame',
    module: 'core',
    from: 'hold && !inside_frame_q',
    to: 'hold',
    sample: true,
  },
  {
    name: 'the rows of the frame before count for the second input',
    module: 'core',
    from: 'load_full && !load_hold',
    to: 'load_move',
  },
  { name: 'beats are taken without room', module: 'load_cells', from: 'ready_o = room & ~more', to: 'ready_o = ~more' },
  {
    name: 'a bank gives the word before',
    module: 'load_cells',
    from: "{1'b0, first_o} > {1'b0, B}",
    to: "{1'b0, first_o} >= {1'b0, B}",
    sample: true,
  },
  {
    name: 'all rows stand in one place',
    module: 'load_walk',
    from: 'wraps ? wrap_q : row_pitch',
    to: "wraps ? wrap_q : {AW{1'b0}}",
  },
  {
    name: 'data change while the sink waits',
    module: 'packer',
    from: 'if (take & completes) begin',
    to: 'if (take) begin',
    sample: true,
  },
  {
    name: 'valid is dropped before ready',
    module: 'packer',
    from: "else if (m_axis_tready_i) valid_q <= 1'b0",
    to: "else valid_q <= 1'b0",
  },
  {
    name: 'a full beat is overwritten',
    module: 'packer',
    from: 'room = ~valid_q | m_axis_tready_i',
    to: "room = 1'b1",
  },
  {
    name: 'an output goes on in the beat of the one before',
    module: 'packer',
    from: '(e_end_i & last_part)',
    to: '(e_last_i & last_part)',
  },
  { name: 'TKEEP has holes between outputs', module: 'packer', from: ' | {OUT_BYTES{~e_last_i}}', to: '' },
  {
    name: 'every output ends the frame',
    module: 'writer',
    from: 'map_last && step_last && frame_last',
    to: 'map_last && step_last',
    sample: true,
  },
  {
    name: 'TLAST comes with every beat',
    module: 'packer',
    from: 'last_q <= e_last_i & last_part',
    to: "last_q <= 1'b1",
  },
  {
    name: 'CYCLES counts one too many',
    module: 'core',
    from: "cycles_q <= age_q + 32'd1",
    to: "cycles_q <= age_q + 32'd2",
  },
];
