// FEED: decides each cycle whether the walker's step is issued, and turns it into the request for array row 0.
// The only stall point of the machine. Pipeline: cycle 0 issue (pass memory address), 1 pass entry out,
// 2 request at the output (address and weight word sums done). A tile's token leaves TOKEN_DELAY cycles after its last step.
`default_nettype none
`include "systole_records.vh"
module systole_feed #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter AW = 12,
    parameter XW = 14,
    parameter WAW = 8,
    parameter PAW = 4,
    parameter PASS_ENTRIES = 16,
    parameter GROUP_BITS = 2,
    parameter INDEX_BITS = 4,   // of a row counter's index
    parameter FIFO_ENTRIES = 16,
    parameter CREDIT_BITS = 5,  // $clog2(FIFO_ENTRIES) + 1
    parameter RUN_BITS = 5,     // $clog2(LANES) + 1
    parameter CONTEXTS = 0,
    parameter CONTEXT_BITS = 1,
    parameter FOLD_ENTRIES = 0, // 0: no channel folder
    parameter FAW = 1,          // $clog2(FOLD_ENTRIES), at least 1
    parameter WORD_BITS = 8,    // of a word's address in a group
    parameter RING_WORDS = 0,
    parameter RING_BITS = 1,
    parameter WEIGHT_WORDS = 256,  // where the ring begins
    parameter TOKEN_DELAY = 5   // cycles from a tile's last step to its token, 2 or more
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        halt_i,
    // record
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] shadow_i,
    input  wire        active_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] fields_i,
    output wire        done_o,
    // pass memory loading
    input  wire        pass_we_i,
    input  wire [PAW-1:0] pass_waddr_i,
    input  wire [95:0] pass_wdata_i,
    // fold memory loading
    input  wire        fold_we_i,
    input  wire [FAW-1:0] fold_waddr_i,
    input  wire [32+3*LANES-1:0] fold_wdata_i,
    // row counters
    output wire [INDEX_BITS-1:0] in_index_o,
    input  wire [15:0] in_count_i,
    output wire [INDEX_BITS-1:0] res_index_o,
    input  wire [15:0] res_count_i,
    // rows of the input that nobody reads any more
    output wire        free_o,
    output wire [INDEX_BITS-1:0] free_index_o,
    output wire [15:0] free_step_o,
    // records of POST: one complete in its shadow, one becomes active
    input  wire        post_full_i,
    input  wire        post_move_i,
    // the weight ring: a word more in it, words given back
    input  wire        ring_word_done_i,
    output wire        ring_release_o,
    output wire [RING_BITS:0] ring_release_words_o,
    // credits of the output FIFO that return in this cycle, one each
    input  wire        credit_a_i,
    input  wire        credit_b_i,
    output wire        credits_full_o,
    // request for row 0 (two cycles after issue)
    output wire        req_valid_o,
    output wire [AW-1:0] req_a_o,
    output wire [XW-1:0] req_x_o,
    output wire [XW-1:0] req_x_max_o,
    output wire [XW-1:0] req_y_o,
    output wire [XW-1:0] req_y_max_o,
    output wire        req_y_ok_o,
    output wire [2*AW+2*XW+4:0] req_hop_o,  // from row to row: tileCols, aRow, aWrap, xWrap, yLine
    output wire [3*LANES-1:0] req_segments_o,  // of every bank, with the channel folder
    output wire [WORD_BITS-1:0] req_fold_stride_o,
    output wire [GROUP_BITS-1:0] req_group_o,
    output wire [RUN_BITS-1:0] req_run_o,
    output wire [AD-1:0] req_pad_o,
    output wire        req_clear_o,
    output wire [3:0]  req_shift_o,
    output wire        req_last_o,
    output wire [1:0]  req_mode_o,
    output wire [WAW-1:0] req_w_o,
    // token of a finished tile
    output wire        tile_o,
    output wire        tile_ct_last_o,
    output wire        tile_record_last_o,
    // state for people
    output wire        issue_o,
    output wire [2:0]  waiting_o,
    output wire [5:0]  waiting_counter_o,
    output wire [15:0] waiting_need_o
);
  localparam [RUN_BITS-1:0] RUN_FULL = LANES[RUN_BITS-1:0];
  localparam HOP_BITS = 2*AW + 2*XW + 5;
  localparam LANE_BITS = RUN_BITS - 1;
  localparam [XW-1:0] FARTHEST = {1'b0, {(XW-1){1'b1}}};
  localparam [XW-1:0] INSIDE = {2'b01, {(XW-2){1'b0}}};  // of a map up to the farthest, whatever hops do

  wire [AW-1:0] row;
  wire [XW-1:0] x, y;
  wire [WAW-1:0] w;
  wire [PAW-1:0] pass_addr;
  wire [FAW-1:0] fold_addr;
  wire [31:0] run;
  wire [15:0] in_limit, res_limit;
  wire [9:0]  ends;
  wire tile_first, pass_first, c_last, c_last_next, c_last_load;
  wire issue;
  wire tile_last = ends[6], record_last = ends[0];
  // A record's last step takes what is in the shadow, and so does each cycle without a record: it counts only when a record
  // moves, and that a record moves is known too late to choose by.
  wire load = !active_i || record_last;
  wire step;

  systole_feed_walk #(
      .LANES(LANES), .XW(XW), .WAW(WAW), .PAW(PAW), .FAW(FAW)
  ) walk (
      .clk(clk), .load_i(load), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(step),
      .x_o(x), .w_o(w), .pass_o(pass_addr), .fold_o(fold_addr), .run_o(run),
      .tile_first_o(tile_first), .pass_first_o(pass_first), .c_last_o(c_last),
      .c_last_next_o(c_last_next), .c_last_load_o(c_last_load), .ends_o(ends)
  );
  systole_feed_rows #(
      .AW(AW), .XW(XW), .CONTEXTS(CONTEXTS), .CONTEXT_BITS(CONTEXT_BITS)
  ) rows (
      .clk(clk), .load_i(load), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(step), .active_i(active_i), .ends_i(ends),
      .row_o(row), .y_o(y), .in_need_o(in_limit), .res_need_o(res_limit)
  );

  // Weights from the ring: w counts within the column tile, whose words begin at the ring's tail.
  wire [RING_BITS:0] tile_words = fields_i[`SYSTOLE_FEED_TILE_WORDS*32 +: RING_BITS+1];
  wire               ring = RING_WORDS != 0 && fields_i[`SYSTOLE_FEED_RING*32];
  wire               ring_ok;
  wire [WAW-1:0]     w_first;  // w in the ring, or beside it as it is
  generate
    if (RING_WORDS != 0) begin : g_ring
      wire [RING_BITS-1:0] tail;
      systole_feed_ring #(
          .RING_BITS(RING_BITS)
      ) words (
          .clk(clk), .rst(rst), .ring_i(ring), .tile_words_i(tile_words), .tile_end_i(issue && ends[1]),
          .word_done_i(ring_word_done_i), .ok_o(ring_ok), .tail_o(tail), .release_o(ring_release_o)
      );
      assign w_first = ring ? w + {{(WAW-RING_BITS){1'b0}}, tail} : w;
    end else begin : g_no_ring
      assign ring_ok = 1'b1;
      assign ring_release_o = 1'b0;
      assign w_first = w;
      wire unused = &{1'b0, ring_word_done_i};
    end
  endgenerate
  assign ring_release_words_o = tile_words;

  // Issue decision.
  wire        res_enable = fields_i[`SYSTOLE_FEED_RES_ENABLE*32];
  wire        in_ok  = in_count_i >= in_limit;
  wire        res_count_ok = res_count_i >= res_limit;
  wire        res_ok = !res_enable || res_count_ok;

  reg [15:0] pace_q;
  reg        pace_ok_q;          // pace_q is 0
  reg [CREDIT_BITS-1:0] credits_q;
  reg [1:0] posts_ready_q;       // POST records delivered minus FEED records finished
  reg [2:0] posts_behind_q;      // FEED records finished minus POST records activated, signed
  wire [15:0] pace  = c_last ? fields_i[`SYSTOLE_FEED_PACE_LAST*32 +: 16] : fields_i[`SYSTOLE_FEED_PACE_FULL*32 +: 16];
  reg  [CREDIT_BITS-1:0] slots;  // of the current tile
  wire        post_ok = posts_behind_q == 3'd0 || posts_behind_q[2];
  wire        tile_ok = !tile_last || (pace_ok_q && credits_q >= slots && posts_ready_q != 2'd0);
  wire        tile_end = issue && tile_last;
  wire        done;
  systole_feed_issue issues (
      .active_i(active_i), .go_i(active_i && !halt_i && ring_ok && post_ok && tile_ok), .last_i(record_last),
      .in_ok_i(in_ok), .res_enable_i(res_enable), .res_ok_i(res_count_ok), .issue_o(issue), .step_o(step), .done_o(done)
  );

  // What the decision changes stands side by side: both sums of the credits, as masks, so that no adder comes behind it.
  reg post_full_q;
  wire post_delivered = post_full_i && !post_full_q;
  wire [CREDIT_BITS-1:0] back = {{(CREDIT_BITS-2){1'b0}}, credit_a_i && credit_b_i, credit_a_i != credit_b_i};
  wire [CREDIT_BITS-1:0] credits_kept = credits_q + back;
  wire [CREDIT_BITS-1:0] credits_less = credits_q - slots;
  wire [CREDIT_BITS-1:0] credits_taken = credits_less + back;
  wire [15:0]            pace_taken = pace - 16'd1;
  wire [15:0]            pace_kept = pace_q - {15'd0, !pace_ok_q};
  wire [2:0]             behind_more = posts_behind_q + 3'd1;
  wire [2:0]             behind_less = posts_behind_q - 3'd1;
  always @(posedge clk) begin
    if (step && load) slots <= c_last_load ? shadow_i[`SYSTOLE_FEED_SLOTS_LAST*32 +: CREDIT_BITS]
                                     : shadow_i[`SYSTOLE_FEED_SLOTS_FULL*32 +: CREDIT_BITS];
    else if (issue) slots <= c_last_next ? fields_i[`SYSTOLE_FEED_SLOTS_LAST*32 +: CREDIT_BITS]
                                         : fields_i[`SYSTOLE_FEED_SLOTS_FULL*32 +: CREDIT_BITS];
    post_full_q <= post_full_i && !rst;
    if (rst) begin
      pace_q <= 16'd0;
      pace_ok_q <= 1'b1;
      credits_q <= FIFO_ENTRIES[CREDIT_BITS-1:0];
      posts_ready_q <= 2'd0;
      posts_behind_q <= 3'd0;
    end else begin
      pace_q <= (pace_taken & {16{tile_end}}) | (pace_kept & {16{!tile_end}});
      pace_ok_q <= tile_end ? pace == 16'd1 : pace_ok_q || pace_q == 16'd1;
      credits_q <= (credits_taken & {CREDIT_BITS{tile_end}}) | (credits_kept & {CREDIT_BITS{!tile_end}});
      if (post_delivered != done) posts_ready_q <= {posts_ready_q[1] ^ (posts_ready_q[0] ^ done), !posts_ready_q[0]};
      if (post_move_i != done) posts_behind_q <= (behind_more & {3{done}}) | (behind_less & {3{!done}});
    end
  end
  assign credits_full_o = credits_q == FIFO_ENTRIES[CREDIT_BITS-1:0];

  // Cycle 1: the pass entry is out; the step's own figures wait for it.
  wire [95:0] entry;
  systole_ram #(
      .WIDTH(96), .WORDS(PASS_ENTRIES), .ADDR_BITS(PAW)
  ) pass_memory (
      .clk(clk), .we_i(pass_we_i), .waddr_i(pass_waddr_i), .wdata_i(pass_wdata_i),
      .re_i(issue), .raddr_i(pass_addr), .rdata_o(entry)
  );
  // With the channel folder each lane reads a row of its own: its segment goes beside the address.
  wire               folds = FOLD_ENTRIES != 0 && fields_i[`SYSTOLE_FEED_FOLD*32];
  wire [AW-1:0]      fold_off;
  wire [AW-1:0]      new_a;
  generate
    if (FOLD_ENTRIES > 0) begin : g_fold
      systole_feed_fold #(
          .LANES(LANES), .LANE_BITS(LANE_BITS), .AW(AW), .ENTRIES(FOLD_ENTRIES), .FAW(FAW), .WORD_BITS(WORD_BITS)
      ) folder (
          .clk(clk), .we_i(fold_we_i), .waddr_i(fold_waddr_i), .wdata_i(fold_wdata_i),
          .step_i(issue), .fold_i(folds), .entry_i(fold_addr), .stride_i(fields_i[`SYSTOLE_FEED_FOLD_STRIDE*32 +: WORD_BITS]),
          .off_o(fold_off), .offset_i(new_a[LANE_BITS-1:0]), .segments_o(req_segments_o), .stride_o(req_fold_stride_o)
      );
    end else begin : g_no_fold
      assign fold_off = {AW{1'b0}};
      assign req_segments_o = {(3*LANES){1'b0}};
      assign req_fold_stride_o = {WORD_BITS{1'b0}};
      wire unused = &{1'b0, fold_addr, fold_we_i, fold_waddr_i, fold_wdata_i};
    end
  endgenerate

  reg           s1_valid;
  reg [AW-1:0]  s1_a;
  // What goes by unchanged: x, x_max, y, y_max, y_ok, hop, group, run, clear, last.
  localparam BY_BITS = 4*XW + HOP_BITS + GROUP_BITS + RUN_BITS + 3;
  reg [BY_BITS-1:0] s1_by, s2_by;
  reg [WAW-1:0] s1_w;
  reg           s1_ring;
  reg           s1_pass_first;
  wire [XW-1:0] y_max = fields_i[`SYSTOLE_FEED_Y_MAX*32 +: XW];
  localparam [WAW-1:0] RING_MASK = (1 << RING_BITS) - 1;
  wire [20:0]   w_off = {1'b0, entry[51:32]};  // WAW is 21 at the most
  wire [WAW-1:0] w_offset = s1_w + w_off[WAW-1:0];
  wire          y_ok = !y[XW-1] && y < y_max;

  // Cycle 2: the request.
  reg           s2_valid;
  reg [AW-1:0]  s2_a;
  reg [WAW-1:0] s2_w;
  reg [AD-1:0]  s2_pad;
  reg [3:0]     s2_shift;
  reg [1:0]     s2_mode;

  assign new_a = s1_a + entry[AW-1:0] + fold_off;
  always @(posedge clk) begin
    s1_valid <= issue && !rst;
    s2_valid <= s1_valid && !rst;
    if (issue) begin
      s1_a <= row + x[AW-1:0];
      s1_w <= w_first;
      s1_ring <= ring;
      s1_pass_first <= pass_first;
      // The folder's lanes are in no common row: there is no mask, a map's border is in memory.
      s1_by <= {folds ? INSIDE : x, folds ? FARTHEST : fields_i[`SYSTOLE_FEED_X_MAX*32 +: XW],
                folds ? INSIDE : y, folds ? FARTHEST : y_max, y_ok || folds,
                fields_i[`SYSTOLE_FEED_Y_LINE*32 +: XW], fields_i[`SYSTOLE_FEED_X_WRAP*32 +: XW],
                fields_i[`SYSTOLE_FEED_A_WRAP*32 +: AW], fields_i[`SYSTOLE_FEED_A_ROW*32 +: AW],
                fields_i[`SYSTOLE_FEED_TILE_COLS*32 +: 5], fields_i[`SYSTOLE_FEED_GROUP*32 +: GROUP_BITS],
                run < LANES ? run[RUN_BITS-1:0] : RUN_FULL, tile_first, tile_last};
    end
    if (s1_valid) begin
      s2_by <= s1_by;
      s2_a <= new_a;
      s2_w <= s1_ring ? WEIGHT_WORDS[WAW-1:0] + (w_offset & RING_MASK) : w_offset;
      s2_shift <= s1_pass_first ? entry[55:52] : 4'd0;
      s2_mode <= entry[57:56];
      s2_pad <= entry[64 +: AD];
    end
  end

  assign done_o = done;
  assign in_index_o = fields_i[`SYSTOLE_FEED_IN_COUNTER*32 +: INDEX_BITS];
  assign res_index_o = fields_i[`SYSTOLE_FEED_RES_COUNTER*32 +: INDEX_BITS];
  assign req_valid_o = s2_valid;
  assign {req_x_o, req_x_max_o, req_y_o, req_y_max_o, req_y_ok_o, req_hop_o, req_group_o, req_run_o, req_clear_o,
          req_last_o} = s2_by;
  assign req_a_o = s2_a;
  assign req_pad_o = s2_pad;
  assign req_shift_o = s2_shift;
  assign req_mode_o = s2_mode;
  assign req_w_o = s2_w;

  // A row that nobody reads any more is free when the last request for it is at row 0.
  localparam FREE_BITS = 17 + INDEX_BITS;
  reg [3*FREE_BITS-1:0] free_q;
  wire        frees = issue && ends[2] && c_last && fields_i[`SYSTOLE_FEED_FREE*32];
  always @(posedge clk) begin
    if (rst) free_q <= {3*FREE_BITS{1'b0}};
    else free_q <= {free_q[2*FREE_BITS-1:0], frees, fields_i[`SYSTOLE_FEED_FREE_COUNTER*32 +: INDEX_BITS],
                    fields_i[`SYSTOLE_FEED_FREE_STEP*32 +: 16]};
  end
  assign free_o = free_q[3*FREE_BITS-1];
  assign free_index_o = free_q[2*FREE_BITS+16 +: INDEX_BITS];
  assign free_step_o = free_q[2*FREE_BITS +: 16];

  // Tile tokens.
  reg [3*TOKEN_DELAY-1:0] token_q;
  always @(posedge clk) begin
    if (rst) token_q <= {3*TOKEN_DELAY{1'b0}};
    else token_q <= {token_q[3*(TOKEN_DELAY-1)-1:0], tile_end, c_last, record_last};
  end
  assign tile_o = token_q[3*TOKEN_DELAY-1];
  assign tile_ct_last_o = token_q[3*TOKEN_DELAY-2];
  assign tile_record_last_o = token_q[3*TOKEN_DELAY-3];

  // What FEED waits for, in words.
  wire wait_in = active_i && !in_ok;
  wire wait_res = active_i && in_ok && !res_ok;
  wire wait_ring = active_i && in_ok && res_ok && !ring_ok;
  assign issue_o = issue;
  assign waiting_o = !active_i ? 3'd0 : issue ? 3'd1 : wait_in ? 3'd2 : wait_res ? 3'd3
      : wait_ring ? 3'd5 : (tile_last && credits_q < slots) ? 3'd4 : 3'd1;
  wire [INDEX_BITS-1:0] wait_index = wait_res ? res_index_o : in_index_o;
  wire [INDEX_BITS+5:0] wide_index = {6'd0, wait_index};
  assign waiting_counter_o = (wait_in || wait_res) ? wide_index[5:0] : 6'd0;
  assign waiting_need_o = wait_in ? in_limit : wait_res ? res_limit
      : wait_ring ? fields_i[`SYSTOLE_FEED_TILE_WORDS*32 +: 16] : 16'd0;
  wire unused = &{1'b0, shadow_i, fields_i, entry, wide_index, ends, fold_off, w_off};

`ifdef SYSTOLE_ASSERT
  always @(posedge clk) begin
    if (!rst && credits_q > FIFO_ENTRIES[CREDIT_BITS-1:0]) begin
      $fdisplay(32'h8000_0002, "systole assertion: more credits came back than were taken");
      $stop;
    end
    if (!rst && !posts_behind_q[2] && posts_behind_q > 3'd2) begin
      $fdisplay(32'h8000_0002, "systole assertion: FEED is further ahead of POST than DRAIN can tell");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
