// FEED and the rows of the array's feed side, run on records of a file; every cycle is printed. Memory, passes and folds are
// written first. Files hold one word a cycle: rows counted, credits that return, POST records that come.
`default_nettype none
`include "systole_records.vh"
`timescale 1ns / 1ns

module feed_bench #(
    parameter ROWS = 2,
    parameter LANES = 4,
    parameter LANE_BITS = 2,
    parameter AD = 8,
    parameter AW = 8,
    parameter WAW = 8,
    parameter FIFO_ENTRIES = 16,
    parameter CREDIT_BITS = 5,
    parameter CONTEXTS = 0,
    parameter FOLD_ENTRIES = 0,  // 0 or 16
    parameter RING_WORDS = 0,
    parameter RING_BITS = 1
);
  localparam DEPTH = 32768;
  localparam RECORDS = 16;
  localparam PASSES = 16;
  localparam XW = AW + 2;
  localparam WORDS = 1 << (AW - LANE_BITS);
  localparam WIDTH = LANES * AD;
  localparam HOP_BITS = 2*AW + 2*XW + 5;
  localparam FIELDS = `SYSTOLE_FEED_FIELDS;

  reg clk, rst, running, post_now, fill_now;
  integer level;
  reg [31:0] fields[0:RECORDS*FIELDS-1];
  reg [95:0] passes[0:PASSES-1];
  reg [WIDTH-1:0] memory[0:2*WORDS-1];  // of two groups
  reg [15:0] in_counts[0:DEPTH-1], res_counts[0:DEPTH-1];
  reg credits[0:DEPTH-1], posts[0:DEPTH-1], fills[0:DEPTH-1];
  reg [32+3*LANES-1:0] folds[0:15];
  reg [1023:0] name;
  integer cycles, record_count, next, given, finished, i, unused;

  reg pass_we, fill_we;
  reg active;
  integer at;
  reg [FIELDS*32-1:0] shadow, held;
  integer f;
  always @(next) for (f = 0; f < FIELDS; f = f + 1) shadow[32*f+:32] = fields[next*FIELDS+f];

  wire done, issue, req_valid, req_y_ok, req_clear, req_last, tile, tile_last, record_last;
  wire [AW-1:0] req_a;
  wire [XW-1:0] req_x, req_x_max, req_y, req_y_max;
  wire [HOP_BITS-1:0] req_hop;
  wire [3*LANES-1:0] req_segments;
  wire [AW-LANE_BITS-1:0] req_stride;
  wire release_now, free;
  wire [RING_BITS:0] release_words;
  wire [3:0] free_index;
  wire [15:0] free_step;
  wire [1:0] req_group, req_mode;
  wire [LANE_BITS:0] req_run;
  wire [AD-1:0] req_pad;
  wire [3:0] req_shift;
  wire [WAW-1:0] req_w;
  wire move = running && next < record_count && (!active || done);
  wire credit = running && credits[i] && dut.credits_q != FIFO_ENTRIES[CREDIT_BITS-1:0];
  systole_feed #(
      .LANES(LANES), .AD(AD), .AW(AW), .XW(XW), .WAW(WAW), .PAW(4), .PASS_ENTRIES(PASSES), .GROUP_BITS(2), .INDEX_BITS(4),
      .FIFO_ENTRIES(FIFO_ENTRIES), .CREDIT_BITS(CREDIT_BITS), .RUN_BITS(LANE_BITS + 1), .CONTEXTS(CONTEXTS),
      .CONTEXT_BITS(2), .FOLD_ENTRIES(FOLD_ENTRIES), .FAW(4), .WORD_BITS(AW - LANE_BITS), .RING_WORDS(RING_WORDS),
      .RING_BITS(RING_BITS), .WEIGHT_WORDS(128), .TOKEN_DELAY(5)
  ) dut (
      .clk(clk), .rst(rst), .halt_i(1'b0), .shadow_i(shadow), .active_i(active), .fields_i(held),
      .done_o(done), .pass_we_i(pass_we), .pass_waddr_i(at[3:0]), .pass_wdata_i(passes[at[3:0]]),
      .fold_we_i(pass_we), .fold_waddr_i(at[3:0]), .fold_wdata_i(folds[at[3:0]]),
      .free_o(free), .free_index_o(free_index), .free_step_o(free_step),
      .ring_word_done_i(fill_now), .ring_release_o(release_now), .ring_release_words_o(release_words),
      .in_index_o(), .in_count_i(in_counts[i]), .res_index_o(), .res_count_i(res_counts[i]),
      .post_full_i(post_now), .post_move_i(post_now), .credit_a_i(credit), .credit_b_i(1'b0), .credits_full_o(),
      .req_valid_o(req_valid), .req_a_o(req_a), .req_x_o(req_x), .req_x_max_o(req_x_max), .req_y_o(req_y),
      .req_y_max_o(req_y_max), .req_y_ok_o(req_y_ok), .req_hop_o(req_hop), .req_segments_o(req_segments), .req_fold_stride_o(req_stride), .req_group_o(req_group), .req_run_o(req_run),
      .req_pad_o(req_pad), .req_clear_o(req_clear), .req_shift_o(req_shift), .req_last_o(req_last), .req_mode_o(req_mode),
      .req_w_o(req_w), .tile_o(tile), .tile_ct_last_o(tile_last), .tile_record_last_o(record_last), .issue_o(issue),
      .waiting_o(), .waiting_counter_o(), .waiting_need_o()
  );

  wire [ROWS:0] valid, y_ok, w_valid;
  wire [(ROWS+1)*AW-1:0] a, w_addr;
  wire [(ROWS+1)*XW-1:0] x, x_max, y, y_max;
  wire [(ROWS+1)*HOP_BITS-1:0] hop;
  wire [(ROWS+1)*3*LANES-1:0] segments;
  wire [(ROWS+1)*(AW-LANE_BITS)-1:0] stride;
  wire [(ROWS+1)*2-1:0] group, w_group;
  wire [(ROWS+1)*(LANE_BITS+1)-1:0] run;
  wire [(ROWS+1)*AD-1:0] pad;
  wire [(ROWS+1)*8-1:0] ctrl;
  wire [(ROWS+1)*LANES-1:0] w_mask;
  wire [(ROWS+1)*WIDTH-1:0] w_data;
  wire [ROWS-1:0] out_valid;
  wire [ROWS*WIDTH-1:0] out;
  wire [ROWS*8-1:0] out_ctrl;
  assign valid[0] = req_valid;
  assign y_ok[0] = req_y_ok;
  assign a[0 +: AW] = req_a;
  assign x[0 +: XW] = req_x;
  assign x_max[0 +: XW] = req_x_max;
  assign y[0 +: XW] = req_y;
  assign y_max[0 +: XW] = req_y_max;
  assign hop[0 +: HOP_BITS] = req_hop;
  assign segments[0 +: 3*LANES] = req_segments;
  assign stride[0 +: AW-LANE_BITS] = req_stride;
  assign group[1:0] = req_group;
  assign run[0 +: LANE_BITS+1] = req_run;
  assign pad[0 +: AD] = req_pad;
  assign ctrl[7:0] = {req_clear, req_last, req_shift, req_mode};
  assign w_valid[0] = fill_we;
  assign w_group[1:0] = at < WORDS ? 2'd0 : 2'd1;
  assign w_addr[0 +: AW] = at[AW-LANE_BITS-1:0] << LANE_BITS;
  assign w_mask[0 +: LANES] = {LANES{1'b1}};
  assign w_data[0 +: WIDTH] = memory[at];
  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      systole_row #(
          .ROW(r), .LANES(LANES), .AD(AD), .ACT_WORDS(WORDS), .AW(AW), .XW(XW), .LANE_BITS(LANE_BITS), .GROUPS(2),
          .GROUP_BITS(2), .FOLD(FOLD_ENTRIES > 0 ? 1 : 0), .CTRL_BITS(8)
      ) row (
          .clk(clk), .valid_i(valid[r]), .a_i(a[r*AW +: AW]), .x_i(x[r*XW +: XW]), .x_max_i(x_max[r*XW +: XW]),
          .y_i(y[r*XW +: XW]), .y_max_i(y_max[r*XW +: XW]), .y_ok_i(y_ok[r]), .hop_i(hop[r*HOP_BITS +: HOP_BITS]),
          .segments_i(segments[r*3*LANES +: 3*LANES]), .fold_stride_i(stride[r*(AW-LANE_BITS) +: AW-LANE_BITS]),
          .group_i(group[r*2 +: 2]), .run_i(run[r*(LANE_BITS+1) +: LANE_BITS+1]), .pad_i(pad[r*AD +: AD]),
          .ctrl_i(ctrl[r*8 +: 8]),
          .valid_next_o(valid[r+1]), .a_next_o(a[(r+1)*AW +: AW]), .x_next_o(x[(r+1)*XW +: XW]),
          .x_max_next_o(x_max[(r+1)*XW +: XW]), .y_next_o(y[(r+1)*XW +: XW]), .y_max_next_o(y_max[(r+1)*XW +: XW]),
          .y_ok_next_o(y_ok[r+1]), .hop_next_o(hop[(r+1)*HOP_BITS +: HOP_BITS]),
          .segments_next_o(segments[(r+1)*3*LANES +: 3*LANES]),
          .fold_stride_next_o(stride[(r+1)*(AW-LANE_BITS) +: AW-LANE_BITS]), .group_next_o(group[(r+1)*2 +: 2]),
          .run_next_o(run[(r+1)*(LANE_BITS+1) +: LANE_BITS+1]), .pad_next_o(pad[(r+1)*AD +: AD]),
          .ctrl_next_o(ctrl[(r+1)*8 +: 8]),
          .p_valid_i(w_valid[r]), .p_group_i(w_group[r*2 +: 2]), .p_addr_i(w_addr[r*AW +: AW]),
          .p_mask_i(w_mask[r*LANES +: LANES]), .p_data_i(w_data[r*WIDTH +: WIDTH]),
          .p_valid_next_o(w_valid[r+1]), .p_group_next_o(w_group[(r+1)*2 +: 2]), .p_addr_next_o(w_addr[(r+1)*AW +: AW]),
          .p_mask_next_o(w_mask[(r+1)*LANES +: LANES]), .p_data_next_o(w_data[(r+1)*WIDTH +: WIDTH]),
          .l_valid_i(1'b0), .l_group_i(2'd0), .l_addr_i({AW{1'b0}}), .l_mask_i({LANES{1'b0}}), .l_data_i({WIDTH{1'b0}}),
          .l_valid_next_o(), .l_group_next_o(), .l_addr_next_o(), .l_mask_next_o(), .l_data_next_o(),
          .res_valid_i(1'b0), .res_group_i(2'd0), .res_addr_i({AW{1'b0}}), .res_data_o(),
          .unit_valid_i(1'b0), .unit_group_i(2'd0), .unit_addr_i({AW{1'b0}}), .unit_data_o(),
          .valid_o(out_valid[r]), .digits_o(out[r*WIDTH +: WIDTH]), .ctrl_o(out_ctrl[r*8 +: 8])
      );
    end
  endgenerate

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  initial begin
    unused = $value$plusargs("cycles=%d", cycles);
    unused = $value$plusargs("record_count=%d", record_count);
    unused = $value$plusargs("fields=%s", name);
    $readmemh(name, fields);
    unused = $value$plusargs("passes=%s", name);
    $readmemh(name, passes);
    unused = $value$plusargs("memory=%s", name);
    $readmemh(name, memory);
    unused = $value$plusargs("in_counts=%s", name);
    $readmemh(name, in_counts);
    unused = $value$plusargs("res_counts=%s", name);
    $readmemh(name, res_counts);
    unused = $value$plusargs("credits=%s", name);
    $readmemh(name, credits);
    unused = $value$plusargs("posts=%s", name);
    $readmemh(name, posts);
    unused = $value$plusargs("fills=%s", name);
    $readmemh(name, fills);
    unused = $value$plusargs("folds=%s", name);
    $readmemh(name, folds);
    clk = 0;
    rst = 1;
    running = 0;
    active = 0;
    post_now = 0;
    fill_now = 0;
    level = 0;
    pass_we = 0;
    fill_we = 0;
    next = 0;
    given = 0;
    finished = 0;
    i = 0;
    tick;
    rst = 0;
    fill_we = 1;
    for (at = 0; at < 2*WORDS; at = at + 1) begin
      pass_we = at < PASSES;
      tick;
    end
    at = 0;
    fill_we = 0;
    pass_we = 0;
    for (i = 0; i < ROWS + 2; i = i + 1) tick;
    running = 1;
    for (i = 0; i < cycles && finished < record_count; i = i + 1) begin
      // A POST record comes and begins at once, one ahead at most.
      post_now = !post_now && posts[i] && given <= finished;
      fill_now = RING_WORDS > 0 && fills[i] && level < RING_WORDS;
      #1;
      // move issue done credit post req_valid fill release free w freed | valid, control and digits of every row
      $write("%b%b%b%b%b%b%b%b%b %0d %0d", move, issue, done, credit, post_now, req_valid, fill_now, release_now, free, req_w,
             free_index * 65536 + free_step);
      for (f = 0; f < ROWS; f = f + 1) begin
        $write(" %b %0d", out_valid[f], out_ctrl[f*8 +: 8]);
        $write(" %h", out[f*WIDTH +: WIDTH]);
      end
      $write("\n");
      if (post_now) given = given + 1;
      if (done) finished = finished + 1;
      level = level + fill_now - (release_now ? release_words : 0);
      #1 clk = 1;
      if (move) begin
        held <= shadow;
        active <= 1;
        next <= next + 1;
      end else if (done) active <= 0;
      #1 clk = 0;
    end
    // What is under way comes out.
    for (i = 0; i < ROWS + 6; i = i + 1) begin
      post_now = 0;
      fill_now = 0;
      #1;
      $write("00000%b00%b %0d %0d", req_valid, free, req_w, free_index * 65536 + free_step);
      for (f = 0; f < ROWS; f = f + 1) begin
        $write(" %b %0d", out_valid[f], out_ctrl[f*8 +: 8]);
        $write(" %h", out[f*WIDTH +: WIDTH]);
      end
      $write("\n");
      tick;
    end
    $finish;
  end
endmodule
`default_nettype wire
