// Systole: an output-stationary systolic array that runs one integer network from its program memory.
// What it does, exactly: docs/machine.md; cycle by cycle: docs/timing.md. One clock, synchronous reset.
`default_nettype none
`include "systole_records.vh"
module systole_core #(
    parameter ROWS = 1,             // output pixels in parallel, 1..16
    parameter COLS = 16,            // output channels in parallel, a multiple of STAGE and PW
    parameter LANES = 16,           // input channels in parallel, a power of two, 2..128
    parameter AD = 8,               // bits of an activation digit: 1, 2, 4, 8
    parameter WD = 3,               // bits of a weight digit: 1, 2, 3, 4, 8
    parameter STAGE = 1,            // columns between two hop registers
    parameter PW = 4,               // channels requantized per cycle, a power of two, at most LANES and COLS
    parameter ACC_BITS = 24,        // accumulator, signed, 16..32
    parameter M_BITS = 24,          // requantization m and r, signed, 8..34
    parameter B_BITS = 40,          // requantization b, signed, 16..64
    parameter N_BITS = 6,           // requantization shift, unsigned, 1..6
    parameter GROUPS = 3,           // activation memory groups, 2..4
    parameter ACT_WORDS = 1024,     // words of LANES digits per group, a power of two
    parameter WEIGHT_WORDS = 512,   // words of LANES weight digits per column, a power of two
    parameter PARAM_WORDS = 256,    // words of PW channels' m, b, n, r, a power of two
    parameter TABLE_ENTRIES = 0,    // of lookup tables behind requantization, 16 bits each, a power of two; 0: none
    parameter PROG_WORDS = 2048,    // 32-bit words, a power of two
    parameter FETCH_WORDS = 1,      // of them fetched in a cycle: 1, 2, 4, 8
    parameter PASS_ENTRIES = 64,    // digit passes, a power of two
    parameter FIFO_ENTRIES = 64,    // slots, a power of two, at least 2 * ROWS * COLS / PW
    parameter IN_BYTES = 8,         // input stream bytes per beat
    parameter OUT_BYTES = 8,        // output stream bytes per beat
    parameter COUNTERS = 16,        // row counters, 4..64
    parameter FOLD_ENTRIES = 0,     // steps of the channel folder, a power of two; 0: none
    parameter CONTEXTS = 0,         // row states kept for layers interleaved by rows, a power of two; 0: none
    parameter RING_WORDS = 0,       // of weights from DRAM behind WEIGHT_WORDS, a power of two; 0: none
    parameter DRAM_BITS = 0,        // data bus of the AXI4 master: 32, 64, 128, 256, 512; 0: none
    parameter DRAM_ADDR_BITS = 32,  // of an address, 32..64
    parameter DRAM_BURST = 1,       // most beats of a burst, a power of two, 1..256
    parameter DRAM_OUTSTANDING = 1, // most bursts under way, a power of two, 1..64
    parameter DW_TAPS = 0,          // of the depthwise unit: kernel columns at once, 0..5; 0: no multipliers
    parameter DW_PW = 0,            // channels it requantizes per cycle, a power of two, at most LANES; 0: no unit
    parameter DW_WEIGHT_WORDS = 2,  // words of LANES * DW_TAPS weights of 8 bits, a power of two
    parameter DW_PARAM_WORDS = 2,   // words of DW_PW channels' m, b, n, a power of two
    parameter [63:0] IDENTITY = 64'd0
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire [7:0]             s_axi_awaddr,
    input  wire                   s_axi_awvalid,
    output wire                   s_axi_awready,
    input  wire [31:0]            s_axi_wdata,
    input  wire [3:0]             s_axi_wstrb,
    input  wire                   s_axi_wvalid,
    output wire                   s_axi_wready,
    output wire [1:0]             s_axi_bresp,
    output wire                   s_axi_bvalid,
    input  wire                   s_axi_bready,
    input  wire [7:0]             s_axi_araddr,
    input  wire                   s_axi_arvalid,
    output wire                   s_axi_arready,
    output wire [31:0]            s_axi_rdata,
    output wire [1:0]             s_axi_rresp,
    output wire                   s_axi_rvalid,
    input  wire                   s_axi_rready,
    input  wire [8*IN_BYTES-1:0]  s_axis_tdata,
    input  wire                   s_axis_tvalid,
    output wire                   s_axis_tready,
    input  wire                   s_axis_tlast,
    output wire [8*OUT_BYTES-1:0] m_axis_tdata,
    output wire [OUT_BYTES-1:0]   m_axis_tkeep,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready,
    output wire                   m_axis_tlast,
    output wire [DRAM_ADDR_BITS-1:0] m_axi_araddr,
    output wire [7:0]             m_axi_arlen,
    output wire [2:0]             m_axi_arsize,
    output wire [1:0]             m_axi_arburst,
    output wire                   m_axi_arvalid,
    input  wire                   m_axi_arready,
    input  wire [(DRAM_BITS == 0 ? 32 : DRAM_BITS)-1:0] m_axi_rdata,
    input  wire [1:0]             m_axi_rresp,
    input  wire                   m_axi_rlast,
    input  wire                   m_axi_rvalid,
    output wire                   m_axi_rready,
    output wire                   irq_o
);
  // Derived widths.
  localparam LANE_BITS = $clog2(LANES);
  localparam AW = $clog2(ACT_WORDS) + LANE_BITS;  // activation code index
  localparam XW = AW + 2;                         // signed coordinates
  localparam COLUMN_WORDS = WEIGHT_WORDS + RING_WORDS;
  localparam WAW = $clog2(COLUMN_WORDS);
  localparam RING_BITS = RING_WORDS > 1 ? $clog2(RING_WORDS) : 1;
  localparam PAW = $clog2(PASS_ENTRIES);
  localparam PAR_BITS = $clog2(PARAM_WORDS);
  localparam PC_BITS = PROG_WORDS > FETCH_WORDS ? $clog2(PROG_WORDS / FETCH_WORDS) : 1;
  localparam GROUP_BITS = 2;
  localparam INDEX_BITS = $clog2(COUNTERS);
  localparam FAW = FOLD_ENTRIES > 1 ? $clog2(FOLD_ENTRIES) : 1;
  localparam WORD_BITS = AW - LANE_BITS;
  localparam FOLD = FOLD_ENTRIES > 0 ? 1 : 0;
  localparam CONTEXT_BITS = CONTEXTS > 1 ? $clog2(CONTEXTS) : 1;
  localparam HOP_BITS = 2*AW + 2*XW + 5;
  localparam CREDIT_BITS = $clog2(FIFO_ENTRIES) + 1;
  localparam STAGES = COLS / STAGE;
  localparam SLOTS = COLS / PW;
  localparam UNIT_BITS = $clog2(STAGES > SLOTS ? STAGES : SLOTS) + 1;
  localparam SUB_BITS = $clog2(STAGE > PW ? STAGE / PW : 1) + 1;
  localparam CH_BITS = 2*M_BITS + B_BITS + N_BITS;
  localparam CHUNK_BYTES = 4*PW < OUT_BYTES ? 4*PW : OUT_BYTES;  // of the stream in a cycle
  localparam ENTRY_STEPS = 4*PW / CHUNK_BYTES;
  localparam ENTRY_BITS = ENTRY_STEPS > 16 ? $clog2(ENTRY_STEPS) + 1 : 5;
  localparam META_BITS = 29 + ENTRY_BITS + GROUP_BITS + INDEX_BITS + 2*AW;

  // Fixed latencies (docs/timing.md). A step issued by FEED in cycle t:
  //   t+2 request at row 0, t+3 bank data, t+4 digits at the array, t+4+EDGE at stage 0 of row 0, CUTS later the dot product,
  //   one more the accumulator and the hold register. Row r and stage s add r + s. No more than three additions follow each
  //   other between two registers: DOT_TREE of them within a plane, then those of planes, then the accumulator's.
  // A tile's token reaches the drain so that its first slot token is at stage 0 when the hold register is.
  localparam EDGE = AD > 1 ? 1 : 0;
  localparam DOT_TREE = AD == 1 ? 3 : LANE_BITS - 1;
  localparam DOT_JOIN = WD < 3 ? 1 : WD < 5 ? 2 : 3;
  localparam CUTS = DOT_TREE + DOT_JOIN < 6 ? 1 : (DOT_TREE + DOT_JOIN) / 3;
  localparam MODE_AT = DOT_TREE / 3;
  localparam FEED_TO_HOLD = 5 + EDGE + CUTS;
  localparam TOKEN_DELAY = FEED_TO_HOLD - 1;

  // A bad parameter ends elaboration in every tool: the missing module's name is the rule.
  generate
    if (ROWS < 1 || ROWS > 16) begin : g_bad_rows
      rows_must_be_1_to_16 rule ();
    end
    if (LANES < 2 || LANES > 128 || (LANES & (LANES - 1)) != 0) begin : g_bad_lanes
      lanes_must_be_a_power_of_two_2_to_128 rule ();
    end
    if (AD != 1 && AD != 2 && AD != 4 && AD != 8) begin : g_bad_activation_digit
      activation_digit_must_be_1_2_4_or_8 rule ();
    end
    if (WD != 1 && WD != 2 && WD != 3 && WD != 4 && WD != 8) begin : g_bad_weight_digit
      weight_digit_must_be_1_2_3_4_or_8 rule ();
    end
    if (STAGE < 1 || COLS % STAGE != 0) begin : g_bad_stage
      cols_must_be_a_multiple_of_stage rule ();
    end
    if (PW < 1 || (PW & (PW - 1)) != 0 || COLS % PW != 0 || PW > LANES) begin : g_bad_post_width
      post_width_must_be_a_power_of_two_that_divides_cols_and_is_at_most_lanes rule ();
    end
    if (STAGE % PW != 0 && PW % STAGE != 0) begin : g_bad_stage_post
      one_of_stage_and_post_width_must_divide_the_other rule ();
    end
    if (ACC_BITS < 16 || ACC_BITS > 32) begin : g_bad_acc
      acc_bits_must_be_16_to_32 rule ();
    end
    if (M_BITS < 8 || M_BITS > 34 || B_BITS < 16 || B_BITS > 64 || N_BITS < 1 || N_BITS > 6) begin : g_bad_quant
      m_bits_8_to_34_b_bits_16_to_64_n_bits_1_to_6 rule ();
    end
    if (GROUPS < 2 || GROUPS > 4) begin : g_bad_groups
      groups_must_be_2_to_4 rule ();
    end
    if ((ACT_WORDS & (ACT_WORDS - 1)) != 0 || (WEIGHT_WORDS & (WEIGHT_WORDS - 1)) != 0
        || (PARAM_WORDS & (PARAM_WORDS - 1)) != 0 || (PROG_WORDS & (PROG_WORDS - 1)) != 0
        || (PASS_ENTRIES & (PASS_ENTRIES - 1)) != 0 || (FIFO_ENTRIES & (FIFO_ENTRIES - 1)) != 0
        || TABLE_ENTRIES < 0 || TABLE_ENTRIES == 1 || TABLE_ENTRIES > 65536 || (TABLE_ENTRIES & (TABLE_ENTRIES - 1)) != 0
        || ACT_WORDS < 2 || WEIGHT_WORDS < 2 || PARAM_WORDS < 2 || PROG_WORDS < 2 || PASS_ENTRIES < 2
        || AW > 28 || WEIGHT_WORDS > 1048576) begin : g_bad_sizes
      memory_sizes_must_be_powers_of_two_from_2 rule ();
    end
    if (FIFO_ENTRIES < 2 * ROWS * COLS / PW || FIFO_ENTRIES < 2) begin : g_bad_fifo
      fifo_must_hold_two_tiles rule ();
    end
    if ((FETCH_WORDS != 1 && FETCH_WORDS != 2 && FETCH_WORDS != 4 && FETCH_WORDS != 8) || PROG_WORDS < 2 * FETCH_WORDS) begin : g_bad_fetch
      fetch_words_must_be_1_2_4_or_8_and_at_most_half_of_program_words rule ();
    end
    if (RING_WORDS < 0 || RING_WORDS == 1 || RING_WORDS > 1048576 || (RING_WORDS & (RING_WORDS - 1)) != 0
        || (RING_WORDS != 0 && DRAM_BITS == 0)) begin : g_bad_ring
      ring_words_must_be_0_or_a_power_of_two_from_2_and_0_without_dram rule ();
    end
    if (DRAM_BITS != 0 && DRAM_BITS != 32 && DRAM_BITS != 64 && DRAM_BITS != 128 && DRAM_BITS != 256 && DRAM_BITS != 512) begin : g_bad_dram
      dram_bits_must_be_0_32_64_128_256_or_512 rule ();
    end
    if (DRAM_ADDR_BITS < 32 || DRAM_ADDR_BITS > 64 || DRAM_BURST < 1 || DRAM_BURST > 256 || (DRAM_BURST & (DRAM_BURST - 1)) != 0
        || DRAM_OUTSTANDING < 1 || DRAM_OUTSTANDING > 64 || (DRAM_OUTSTANDING & (DRAM_OUTSTANDING - 1)) != 0) begin : g_bad_bus
      dram_address_32_to_64_bits_burst_1_to_256_outstanding_1_to_64_powers_of_two rule ();
    end
    if (COUNTERS < 4 || COUNTERS > 64) begin : g_bad_counters
      counters_must_be_4_to_64 rule ();
    end
    if (FOLD_ENTRIES < 0 || FOLD_ENTRIES == 1 || FOLD_ENTRIES > 4096 || (FOLD_ENTRIES & (FOLD_ENTRIES - 1)) != 0)
    begin : g_bad_folds
      fold_entries_must_be_0_or_a_power_of_two_2_to_4096 rule ();
    end
    if (CONTEXTS < 0 || CONTEXTS == 1 || CONTEXTS > 64 || (CONTEXTS & (CONTEXTS - 1)) != 0) begin : g_bad_contexts
      contexts_must_be_0_or_a_power_of_two_2_to_64 rule ();
    end
    if (DW_TAPS < 0 || DW_TAPS > 5 || ((DW_TAPS > 0 || DW_PW > 0) && AD != 8)) begin : g_bad_depthwise
      depthwise_taps_must_be_0_to_5_and_no_unit_unless_the_activation_digit_is_8 rule ();
    end
    if (DW_PW < 0 || DW_PW > LANES || (DW_PW & (DW_PW - 1)) != 0 || (DW_PW == 0 && DW_TAPS > 0)) begin : g_bad_depthwise_post
      depthwise_post_width_must_be_a_power_of_two_at_most_lanes_and_0_without_unit rule ();
    end
    if (DW_PW > 0 && ((DW_WEIGHT_WORDS & (DW_WEIGHT_WORDS - 1)) != 0 || (DW_PARAM_WORDS & (DW_PARAM_WORDS - 1)) != 0
                        || DW_WEIGHT_WORDS < 2 || DW_PARAM_WORDS < 2)) begin : g_bad_depthwise_sizes
      depthwise_memory_sizes_must_be_powers_of_two_from_2 rule ();
    end
  endgenerate

  // Control. The units are held in reset while disabled and no frame is in the machine, so that an enable always
  // starts at word 0 of the program that is in memory then. While disabled no frame begins, those begun are finished.
  wire        enable, soft_reset, cfg_start, cfg_we, error;
  wire [2:0]  cfg_sel;
  wire [31:0] cfg_addr, cfg_piece;
  wire        first_beat, frame_done, bad_record, err_short, err_long;
  // Two frames at most: LOAD may be at the next one while the rest of the machine is at the one before.
  reg  [1:0]  begun_q;   // frames whose first beat is in, not yet out
  reg  [1:0]  loaded_q;  // of these, how many LOAD is done with
  wire        frame = begun_q != 2'd0;
  wire        load_done, loaded;  // a LOAD record ends; the frame's last one does
  // The array and the rows beside it have no reset: what is in them runs out while the units around them are held.
  localparam FLUSH = ROWS + STAGES + 16;
  reg  [7:0]  flush_q;
  wire        flush = flush_q != 8'd0;
  always @(posedge clk) begin
    if (rst || soft_reset) flush_q <= FLUSH[7:0];
    else if (flush) flush_q <= flush_q - 8'd1;
  end
  wire        unit_rst = rst || soft_reset || flush || (!enable && !frame);
  wire [31:0] waiting;
  reg  [31:0] cycles_q;
  wire        progress;
  always @(posedge clk) begin
    if (unit_rst) begin
      begun_q <= 2'd0;
      loaded_q <= 2'd0;
    end else begin
      begun_q <= begun_q + {1'b0, first_beat} - {1'b0, frame_done};
      loaded_q <= loaded_q + {1'b0, loaded} - {1'b0, frame_done};
    end
  end
  wire [63:0] dram_base;
  wire [31:0] movers;
  wire        err_dram, fill_progress;
  systole_axil #(
      .IDENTITY(IDENTITY), .DRAM(DRAM_BITS != 0 ? 1 : 0)
  ) axil (
      .clk(clk), .rst(rst),
      .s_axi_awaddr(s_axi_awaddr), .s_axi_awvalid(s_axi_awvalid), .s_axi_awready(s_axi_awready),
      .s_axi_wdata(s_axi_wdata), .s_axi_wstrb(s_axi_wstrb), .s_axi_wvalid(s_axi_wvalid), .s_axi_wready(s_axi_wready),
      .s_axi_bresp(s_axi_bresp), .s_axi_bvalid(s_axi_bvalid), .s_axi_bready(s_axi_bready),
      .s_axi_araddr(s_axi_araddr), .s_axi_arvalid(s_axi_arvalid), .s_axi_arready(s_axi_arready),
      .s_axi_rdata(s_axi_rdata), .s_axi_rresp(s_axi_rresp), .s_axi_rvalid(s_axi_rvalid), .s_axi_rready(s_axi_rready),
      .enable_o(enable), .soft_reset_o(soft_reset), .cfg_start_o(cfg_start), .cfg_sel_o(cfg_sel), .cfg_addr_o(cfg_addr),
      .cfg_we_o(cfg_we), .cfg_piece_o(cfg_piece),
      .idle_i(!frame), .waiting_i(waiting), .movers_i(movers), .cycles_i(cycles_q), .frame_done_i(frame_done), .progress_i(progress),
      .err_short_i(err_short), .err_long_i(err_long), .err_record_i(bad_record), .err_dram_i(err_dram),
      .dram_base_o(dram_base), .error_o(error), .irq_o(irq_o)
  );

  // Memories loaded through AXI4-Lite.
  wire                    prog_we, pass_we, weight_we, param_we;
  wire [31:0]             prog_addr, pass_addr, weight_addr, param_addr;
  wire [15:0]             prog_inner, pass_inner, weight_column, param_inner;
  wire [FETCH_WORDS*32-1:0] prog_word;
  wire [95:0]             pass_word;
  wire [LANES*WD-1:0]     weight_word;
  wire [PW*CH_BITS-1:0]   param_word;
  wire                    table_we;
  wire [31:0]             table_addr;
  wire [15:0]             table_inner, table_word;
  systole_pieces #(.WIDTH(FETCH_WORDS*32), .INNER(1)) program_pieces (
      .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd0),
      .piece_i(cfg_piece), .we_o(prog_we), .addr_o(prog_addr), .inner_o(prog_inner), .word_o(prog_word)
  );
  systole_pieces #(.WIDTH(96), .INNER(1)) pass_pieces (
      .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd1),
      .piece_i(cfg_piece), .we_o(pass_we), .addr_o(pass_addr), .inner_o(pass_inner), .word_o(pass_word)
  );
  systole_pieces #(.WIDTH(LANES*WD), .INNER(COLS)) weight_pieces (
      .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd2),
      .piece_i(cfg_piece), .we_o(weight_we), .addr_o(weight_addr), .inner_o(weight_column), .word_o(weight_word)
  );
  systole_pieces #(.WIDTH(PW*CH_BITS), .INNER(1)) parameter_pieces (
      .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd3),
      .piece_i(cfg_piece), .we_o(param_we), .addr_o(param_addr), .inner_o(param_inner), .word_o(param_word)
  );
  wire                    fold_we;
  wire [31:0]             fold_addr;
  wire [15:0]             fold_inner;
  wire [32+3*LANES-1:0]   fold_word;
  generate
    if (FOLD_ENTRIES > 0) begin : g_folds
      systole_pieces #(.WIDTH(32+3*LANES), .INNER(1)) fold_pieces (
          .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd5),
          .piece_i(cfg_piece), .we_o(fold_we), .addr_o(fold_addr), .inner_o(fold_inner), .word_o(fold_word)
      );
    end else begin : g_no_folds
      assign fold_we = 1'b0;
      assign fold_addr = 32'd0;
      assign fold_inner = 16'd0;
      assign fold_word = {(32+3*LANES){1'b0}};
    end
    if (TABLE_ENTRIES > 0) begin : g_tables
      systole_pieces #(.WIDTH(16), .INNER(1)) table_pieces (
          .clk(clk), .rst(rst), .start_i(cfg_start), .addr_i(cfg_addr), .piece_valid_i(cfg_we && cfg_sel == 3'd4),
          .piece_i(cfg_piece), .we_o(table_we), .addr_o(table_addr), .inner_o(table_inner), .word_o(table_word)
      );
    end else begin : g_no_tables
      assign table_we = 1'b0;
      assign table_addr = 32'd0;
      assign table_inner = 16'd0;
      assign table_word = 16'd0;
    end
  endgenerate

  // Fetch and the three units' records.
  wire [7:0]  fetch_index;
  wire        fetch_last, fetch_consume, load_word, feed_word, post_word, fill_word, fill_full, over;
  wire [FETCH_WORDS*32-1:0] fetch_data;
  wire        hold;  // the frame before is not over: no record of the next one becomes active
  wire        load_full, load_move, load_active;
  reg         inside_frame_q;  // the last LOAD that became active does not end its frame: the next one belongs to it
  wire        load_hold = hold && !inside_frame_q;
  wire        feed_full, feed_move, feed_active, feed_done;
  wire        post_full, post_move, post_active, post_done;
  wire [`SYSTOLE_LOAD_FIELDS*32-1:0] load_shadow, load_fields;
  wire [`SYSTOLE_FEED_FIELDS*32-1:0] feed_shadow, feed_fields;
  wire [`SYSTOLE_POST_FIELDS*32-1:0] post_shadow, post_fields;
  wire        dw_word, dw_full, dw_move, dw_active, dw_done;
  wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] dw_shadow, dw_fields;
  systole_fetch #(
      .FETCH_WORDS(FETCH_WORDS), .WORDS(PROG_WORDS / FETCH_WORDS), .PC_BITS(PC_BITS), .FILL(RING_WORDS != 0 ? 1 : 0),
      .DEPTHWISE(DW_PW > 0 ? 1 : 0)
  ) fetch (
      .clk(clk), .rst(unit_rst), .halt_i(error),
      .we_i(prog_we), .waddr_i(prog_addr[PC_BITS-1:0]), .wdata_i(prog_word),
      .load_full_i(load_full), .feed_full_i(feed_full), .post_full_i(post_full), .fill_full_i(fill_full), .over_i(over),
      .load_valid_o(load_word), .feed_valid_o(feed_word), .post_valid_o(post_word), .fill_valid_o(fill_word),
      .depthwise_full_i(dw_full), .depthwise_valid_o(dw_word),
      .index_o(fetch_index), .last_o(fetch_last), .word_o(fetch_data),
      .consume_o(fetch_consume), .hold_o(hold), .frame_done_o(frame_done), .bad_record_o(bad_record)
  );
  systole_record #(.FETCH_WORDS(FETCH_WORDS), .FIELDS(`SYSTOLE_LOAD_FIELDS)) load_record (
      .clk(clk), .rst(unit_rst), .word_valid_i(load_word), .word_index_i(fetch_index), .word_last_i(fetch_last),
      .word_i(fetch_data), .hold_i(load_hold), .done_i(load_done), .full_o(load_full), .move_o(load_move), .shadow_o(load_shadow),
      .active_valid_o(load_active), .active_o(load_fields)
  );
  systole_record #(.FETCH_WORDS(FETCH_WORDS), .FIELDS(`SYSTOLE_FEED_FIELDS)) feed_record (
      .clk(clk), .rst(unit_rst), .word_valid_i(feed_word), .word_index_i(fetch_index), .word_last_i(fetch_last),
      .word_i(fetch_data), .hold_i(hold), .done_i(feed_done), .full_o(feed_full), .move_o(feed_move), .shadow_o(feed_shadow),
      .active_valid_o(feed_active), .active_o(feed_fields)
  );
  systole_record #(.FETCH_WORDS(FETCH_WORDS), .FIELDS(`SYSTOLE_POST_FIELDS)) post_record (
      .clk(clk), .rst(unit_rst), .word_valid_i(post_word), .word_index_i(fetch_index), .word_last_i(fetch_last),
      .word_i(fetch_data), .hold_i(hold), .done_i(post_done), .full_o(post_full), .move_o(post_move), .shadow_o(post_shadow),
      .active_valid_o(post_active), .active_o(post_fields)
  );

  always @(posedge clk) begin
    if (unit_rst) inside_frame_q <= 1'b0;
    else if (load_move) inside_frame_q <= !load_shadow[`SYSTOLE_LOAD_LAST*32];
  end

  // Row counters. A record with count = 0 leaves its counter to another, one that resumes finds it as it was. LOAD's is
  // cleared as soon as the record stands in its shadow: fetch comes to FEED's records after that, whatever LOAD is still at.
  localparam COUNT_WRITERS = DW_PW > 0 ? 4 : 3;  // LOAD, POST, rows that FEED frees, depthwise
  localparam COUNT_READERS = DW_PW > 0 ? 2 : 1;  // LOAD's room, depthwise
  localparam STEP_BITS = 8;
  wire [INDEX_BITS-1:0] in_index, res_index, room_index, written_index;
  wire [15:0]           in_count, res_count, room_count, freed_step;
  wire                  freed_rows;
  wire [INDEX_BITS-1:0] freed_index;
  wire                  loaded_row, written_row;
  wire                  load_clears = load_full && !load_hold;
  wire [INDEX_BITS-1:0] dw_in_index, dw_row_index;
  wire [15:0]           dw_in_count;
  wire                  dw_row;
  wire [4:0]            written_step;
  wire [3:0]              count_clear = {dw_full && !hold, load_clears && load_shadow[`SYSTOLE_LOAD_ROOM*32],
                                         post_move && post_shadow[`SYSTOLE_POST_COUNT*32] && !post_shadow[`SYSTOLE_POST_RESUME*32],
                                         load_clears};
  wire [4*INDEX_BITS-1:0] count_clear_index = {dw_shadow[`SYSTOLE_DEPTHWISE_OUT_COUNTER*32 +: INDEX_BITS],
                                               load_shadow[`SYSTOLE_LOAD_ROOM_COUNTER*32 +: INDEX_BITS],
                                               post_shadow[`SYSTOLE_POST_OUT_COUNTER*32 +: INDEX_BITS],
                                               load_shadow[`SYSTOLE_LOAD_COUNTER*32 +: INDEX_BITS]};
  wire [3:0]              count_inc = {dw_row, freed_rows, written_row, loaded_row};
  wire [4*INDEX_BITS-1:0] count_inc_index = {dw_row_index, freed_index, written_index,
                                             load_fields[`SYSTOLE_LOAD_COUNTER*32 +: INDEX_BITS]};
  wire [4*STEP_BITS-1:0]  count_step = {8'd1, freed_step[STEP_BITS-1:0], {3'd0, written_step}, 8'd1};
  wire [2*INDEX_BITS-1:0] count_read_index = {dw_in_index, room_index};
  wire [COUNT_READERS*16-1:0] count_read;
  wire [47:0]             count_read_wide = {{(48-COUNT_READERS*16){1'b0}}, count_read};
  assign {dw_in_count, room_count} = count_read_wide[31:0];
  systole_counters #(
      .COUNTERS(COUNTERS), .INDEX_BITS(INDEX_BITS), .STEP_BITS(STEP_BITS), .WRITERS(COUNT_WRITERS), .READERS(COUNT_READERS)
  ) counters (
      .clk(clk), .rst(unit_rst),
      .clear_i(count_clear[COUNT_WRITERS-1:0]), .clear_index_i(count_clear_index[COUNT_WRITERS*INDEX_BITS-1:0]),
      .inc_i(count_inc[COUNT_WRITERS-1:0]), .inc_index_i(count_inc_index[COUNT_WRITERS*INDEX_BITS-1:0]),
      .inc_step_i(count_step[COUNT_WRITERS*STEP_BITS-1:0]),
      .read_index_i(count_read_index[COUNT_READERS*INDEX_BITS-1:0]), .read_o(count_read),
      .ahead_move_i(feed_move), .ahead_index_i({res_index, in_index}),
      .ahead_next_i({feed_shadow[`SYSTOLE_FEED_RES_COUNTER*32 +: INDEX_BITS], feed_shadow[`SYSTOLE_FEED_IN_COUNTER*32 +: INDEX_BITS]}),
      .ahead_o({res_count, in_count})
  );
  wire unused_count = &{1'b0, count_clear, count_clear_index, count_inc, count_inc_index, count_step, count_read_index, count_read_wide,
                        freed_step};

  // FEED.
  wire [3*LANES-1:0]    req_segments;
  wire [WORD_BITS-1:0]  req_fold_stride;
  wire                  ring_word_done, ring_release;
  wire [RING_BITS:0]    ring_release_words;
  wire                  entry_pop, absorbed, credits_full;
  wire                  req_valid, req_y_ok, req_clear, req_last;
  wire [AW-1:0]         req_a;
  wire [XW-1:0]         req_x, req_x_max, req_y, req_y_max;
  wire [HOP_BITS-1:0]   req_hop;
  wire [GROUP_BITS-1:0] req_group;
  wire [LANE_BITS:0]    req_run;
  wire [AD-1:0]         req_pad;
  wire [3:0]            req_shift;
  wire [1:0]            req_mode;
  wire [WAW-1:0]        req_w;
  wire                  tile, tile_ct_last, tile_record_last, issue;
  wire [2:0]            feed_waiting;
  wire [5:0]            feed_waiting_counter;
  wire [15:0]           feed_waiting_need;
  systole_feed #(
      .LANES(LANES), .AD(AD), .AW(AW), .XW(XW), .WAW(WAW), .PAW(PAW), .PASS_ENTRIES(PASS_ENTRIES), .GROUP_BITS(GROUP_BITS),
      .INDEX_BITS(INDEX_BITS), .FIFO_ENTRIES(FIFO_ENTRIES), .CREDIT_BITS(CREDIT_BITS), .RUN_BITS(LANE_BITS + 1),
      .CONTEXTS(CONTEXTS), .CONTEXT_BITS(CONTEXT_BITS), .FOLD_ENTRIES(FOLD_ENTRIES), .FAW(FAW), .WORD_BITS(WORD_BITS),
      .RING_WORDS(RING_WORDS), .RING_BITS(RING_BITS), .WEIGHT_WORDS(WEIGHT_WORDS), .TOKEN_DELAY(TOKEN_DELAY)
  ) feed (
      .clk(clk), .rst(unit_rst), .halt_i(error),
      .shadow_i(feed_shadow), .active_i(feed_active), .fields_i(feed_fields), .done_o(feed_done),
      .pass_we_i(pass_we), .pass_waddr_i(pass_addr[PAW-1:0]), .pass_wdata_i(pass_word),
      .fold_we_i(fold_we), .fold_waddr_i(fold_addr[FAW-1:0]), .fold_wdata_i(fold_word),
      .free_o(freed_rows), .free_index_o(freed_index), .free_step_o(freed_step),
      .in_index_o(in_index), .in_count_i(in_count), .res_index_o(res_index), .res_count_i(res_count),
      .post_full_i(post_full), .post_move_i(post_move),
      .ring_word_done_i(ring_word_done), .ring_release_o(ring_release), .ring_release_words_o(ring_release_words),
      .credit_a_i(entry_pop), .credit_b_i(absorbed), .credits_full_o(credits_full),
      .req_valid_o(req_valid), .req_a_o(req_a), .req_x_o(req_x), .req_x_max_o(req_x_max), .req_y_o(req_y), .req_y_max_o(req_y_max),
      .req_y_ok_o(req_y_ok), .req_hop_o(req_hop), .req_segments_o(req_segments),
      .req_fold_stride_o(req_fold_stride), .req_group_o(req_group), .req_run_o(req_run), .req_pad_o(req_pad),
      .req_clear_o(req_clear),
      .req_shift_o(req_shift), .req_last_o(req_last), .req_mode_o(req_mode), .req_w_o(req_w),
      .tile_o(tile), .tile_ct_last_o(tile_ct_last), .tile_record_last_o(tile_record_last),
      .issue_o(issue), .waiting_o(feed_waiting), .waiting_counter_o(feed_waiting_counter), .waiting_need_o(feed_waiting_need)
  );

  // Writes to the activation memory: the writer goes before the loader in each group.
  wire                  p_write, l_write, l_ready;
  wire [GROUP_BITS-1:0] p_group, l_group;
  wire [AW-1:0]         p_addr, l_addr;
  wire [7:0]            p_count;
  wire [LANE_BITS:0]    l_count;
  wire [LANE_BITS-1:0]  l_turn;
  wire [LANES*AD-1:0]   p_data, l_data;
  assign l_ready = !(p_write && p_group == l_group);

  // The depthwise unit: it reads and writes when nobody else wants the group's port.
  wire                  dw_read, dw_read_ready, dw_write, dw_write_ready, dw_step, dw_empty;
  wire [GROUP_BITS-1:0] dw_read_group, dw_write_group;
  wire [AW-1:0]         dw_read_addr, dw_write_addr;
  wire [7:0]            dw_count;
  wire [LANES*AD-1:0]   dw_read_data, dw_data;
  wire                  res_valid;
  wire [GROUP_BITS-1:0] res_group;
  wire [AW-1:0]         res_addr;
  assign dw_read_ready = !(req_valid && req_group == dw_read_group) && !(res_valid && res_group == dw_read_group);
  assign dw_write_ready = !(p_write && p_group == dw_write_group) && !(l_write && l_ready && l_group == dw_write_group);
  generate
    if (DW_PW > 0) begin : g_depthwise
      systole_depthwise_side #(
          .LANES(LANES), .TAPS(DW_TAPS), .PW(DW_PW), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS),
          .INDEX_BITS(INDEX_BITS), .ACC_BITS(ACC_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .N_BITS(N_BITS),
          .FETCH_WORDS(FETCH_WORDS), .WEIGHT_WORDS(DW_WEIGHT_WORDS), .PARAM_WORDS(DW_PARAM_WORDS)
      ) depthwise (
          .clk(clk), .rst(rst), .unit_rst(unit_rst), .cfg_start_i(cfg_start), .cfg_sel_i(cfg_sel), .cfg_addr_i(cfg_addr),
          .cfg_we_i(cfg_we), .cfg_piece_i(cfg_piece),
          .word_valid_i(dw_word), .word_index_i(fetch_index), .word_last_i(fetch_last), .word_i(fetch_data), .hold_i(hold),
          .full_o(dw_full), .move_o(dw_move), .shadow_o(dw_shadow), .active_o(dw_active), .fields_o(dw_fields), .done_o(dw_done),
          .post_full_i(post_full), .post_move_i(post_move), .in_index_o(dw_in_index), .in_count_i(dw_in_count),
          .read_valid_o(dw_read), .read_ready_i(dw_read_ready), .read_group_o(dw_read_group), .read_addr_o(dw_read_addr),
          .read_data_i(dw_read_data),
          .w_valid_o(dw_write), .w_ready_i(dw_write_ready), .w_group_o(dw_write_group), .w_addr_o(dw_write_addr),
          .w_count_o(dw_count), .w_data_o(dw_data), .row_done_o(dw_row), .row_counter_o(dw_row_index),
          .step_o(dw_step), .empty_o(dw_empty)
      );
    end else begin : g_no_depthwise
      assign {dw_full, dw_move, dw_active, dw_done, dw_read, dw_write, dw_row, dw_step} = 8'd0;
      assign dw_empty = 1'b1;
      assign dw_shadow = {`SYSTOLE_DEPTHWISE_FIELDS*32{1'b0}};
      assign dw_fields = {`SYSTOLE_DEPTHWISE_FIELDS*32{1'b0}};
      assign dw_in_index = {INDEX_BITS{1'b0}};
      assign dw_row_index = {INDEX_BITS{1'b0}};
      assign {dw_read_group, dw_write_group} = {2*GROUP_BITS{1'b0}};
      assign {dw_read_addr, dw_write_addr} = {2*AW{1'b0}};
      assign dw_count = 8'd0;
      assign dw_data = {LANES*AD{1'b0}};
    end
  endgenerate

  // Row 0 of each bundle comes from FEED, the writer and the loader; row r+1 from row r.
  wire [ROWS:0]                hop_valid, hop_y_ok, hop_p_valid, hop_l_valid;
  wire [(ROWS+1)*AW-1:0]       hop_a, hop_p_addr, hop_l_addr;
  wire [(ROWS+1)*XW-1:0]       hop_x, hop_x_max, hop_y, hop_y_max;
  wire [(ROWS+1)*HOP_BITS-1:0] hop_hop;
  wire [(ROWS+1)*3*LANES-1:0]  hop_segments;
  wire [(ROWS+1)*WORD_BITS-1:0] hop_fold_stride;
  wire [(ROWS+1)*GROUP_BITS-1:0] hop_group, hop_p_group, hop_l_group;
  wire [(ROWS+1)*(LANE_BITS+1)-1:0] hop_run;
  wire [(ROWS+1)*AD-1:0]       hop_pad;
  wire [(ROWS+1)*8-1:0]        hop_ctrl;
  wire [(ROWS+1)*LANES-1:0]    hop_p_mask, hop_l_mask;
  wire [(ROWS+1)*LANES*AD-1:0] hop_p_data, hop_l_data;
  wire [ROWS*LANES*AD-1:0]     res_data;
  assign hop_valid[0] = req_valid;
  assign hop_y_ok[0] = req_y_ok;
  assign hop_a[AW-1:0] = req_a;
  assign hop_hop[HOP_BITS-1:0] = req_hop;
  assign hop_segments[3*LANES-1:0] = req_segments;
  assign hop_fold_stride[WORD_BITS-1:0] = req_fold_stride;
  assign hop_y[XW-1:0] = req_y;
  assign hop_y_max[XW-1:0] = req_y_max;
  assign hop_x[XW-1:0] = req_x;
  assign hop_x_max[XW-1:0] = req_x_max;
  assign hop_group[GROUP_BITS-1:0] = req_group;
  assign hop_run[LANE_BITS:0] = req_run;
  assign hop_pad[AD-1:0] = req_pad;
  assign hop_ctrl[7:0] = {req_clear, req_last, req_shift, req_mode};
  systole_align #(
      .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS)
  ) p_align (
      .clk(clk), .rst(unit_rst), .valid_i(p_write), .group_i(p_group), .addr_i(p_addr),
      .turn_i(p_addr[LANE_BITS-1:0]), .count_i(p_count[LANE_BITS:0]), .data_i(p_data),
      .valid_o(hop_p_valid[0]), .group_o(hop_p_group[GROUP_BITS-1:0]), .addr_o(hop_p_addr[AW-1:0]),
      .mask_o(hop_p_mask[LANES-1:0]), .data_o(hop_p_data[LANES*AD-1:0])
  );
  systole_align #(
      .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS)
  ) l_align (
      .clk(clk), .rst(unit_rst), .valid_i(l_write && l_ready), .group_i(l_group), .addr_i(l_addr), .turn_i(l_turn),
      .count_i(l_count), .data_i(l_data),
      .valid_o(hop_l_valid[0]), .group_o(hop_l_group[GROUP_BITS-1:0]), .addr_o(hop_l_addr[AW-1:0]),
      .mask_o(hop_l_mask[LANES-1:0]), .data_o(hop_l_data[LANES*AD-1:0])
  );

  wire [ROWS:0]                hop_u_valid;
  wire [(ROWS+1)*GROUP_BITS-1:0] hop_u_group;
  wire [(ROWS+1)*AW-1:0]       hop_u_addr;
  wire [(ROWS+1)*LANES-1:0]    hop_u_mask;
  wire [(ROWS+1)*LANES*AD-1:0] hop_u_data;
  wire [ROWS*LANES*AD-1:0]     unit_data;
  assign dw_read_data = unit_data[LANES*AD-1:0];
  systole_align #(
      .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS)
  ) u_align (
      .clk(clk), .rst(unit_rst), .valid_i(dw_write && dw_write_ready), .group_i(dw_write_group), .addr_i(dw_write_addr),
      .turn_i(dw_write_addr[LANE_BITS-1:0]), .count_i(dw_count[LANE_BITS:0]), .data_i(dw_data),
      .valid_o(hop_u_valid[0]), .group_o(hop_u_group[GROUP_BITS-1:0]), .addr_o(hop_u_addr[AW-1:0]),
      .mask_o(hop_u_mask[LANES-1:0]), .data_o(hop_u_data[LANES*AD-1:0])
  );

  wire [ROWS-1:0]          row_valid;
  wire [ROWS*LANES*AD-1:0] row_digits;
  wire [ROWS*8-1:0]        row_ctrl;
  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      systole_row #(
          .ROW(r), .LANES(LANES), .AD(AD), .ACT_WORDS(ACT_WORDS), .AW(AW), .XW(XW), .LANE_BITS(LANE_BITS), .GROUPS(GROUPS),
          .GROUP_BITS(GROUP_BITS), .FOLD(FOLD), .CTRL_BITS(8)
      ) row (
          .clk(clk),
          .valid_i(hop_valid[r]), .a_i(hop_a[r*AW +: AW]), .x_i(hop_x[r*XW +: XW]), .x_max_i(hop_x_max[r*XW +: XW]),
          .y_i(hop_y[r*XW +: XW]), .y_max_i(hop_y_max[r*XW +: XW]), .y_ok_i(hop_y_ok[r]),
          .hop_i(hop_hop[r*HOP_BITS +: HOP_BITS]), .segments_i(hop_segments[r*3*LANES +: 3*LANES]),
          .fold_stride_i(hop_fold_stride[r*WORD_BITS +: WORD_BITS]), .group_i(hop_group[r*GROUP_BITS +: GROUP_BITS]),
          .run_i(hop_run[r*(LANE_BITS+1) +: LANE_BITS+1]), .pad_i(hop_pad[r*AD +: AD]), .ctrl_i(hop_ctrl[r*8 +: 8]),
          .valid_next_o(hop_valid[r+1]), .a_next_o(hop_a[(r+1)*AW +: AW]), .x_next_o(hop_x[(r+1)*XW +: XW]),
          .x_max_next_o(hop_x_max[(r+1)*XW +: XW]), .y_next_o(hop_y[(r+1)*XW +: XW]),
          .y_max_next_o(hop_y_max[(r+1)*XW +: XW]), .y_ok_next_o(hop_y_ok[r+1]),
          .hop_next_o(hop_hop[(r+1)*HOP_BITS +: HOP_BITS]), .segments_next_o(hop_segments[(r+1)*3*LANES +: 3*LANES]),
          .fold_stride_next_o(hop_fold_stride[(r+1)*WORD_BITS +: WORD_BITS]), .group_next_o(hop_group[(r+1)*GROUP_BITS +: GROUP_BITS]),
          .run_next_o(hop_run[(r+1)*(LANE_BITS+1) +: LANE_BITS+1]), .pad_next_o(hop_pad[(r+1)*AD +: AD]),
          .ctrl_next_o(hop_ctrl[(r+1)*8 +: 8]),
          .p_valid_i(hop_p_valid[r]), .p_group_i(hop_p_group[r*GROUP_BITS +: GROUP_BITS]),
          .p_addr_i(hop_p_addr[r*AW +: AW]), .p_mask_i(hop_p_mask[r*LANES +: LANES]),
          .p_data_i(hop_p_data[r*LANES*AD +: LANES*AD]),
          .p_valid_next_o(hop_p_valid[r+1]), .p_group_next_o(hop_p_group[(r+1)*GROUP_BITS +: GROUP_BITS]),
          .p_addr_next_o(hop_p_addr[(r+1)*AW +: AW]), .p_mask_next_o(hop_p_mask[(r+1)*LANES +: LANES]),
          .p_data_next_o(hop_p_data[(r+1)*LANES*AD +: LANES*AD]),
          .l_valid_i(hop_l_valid[r]), .l_group_i(hop_l_group[r*GROUP_BITS +: GROUP_BITS]),
          .l_addr_i(hop_l_addr[r*AW +: AW]), .l_mask_i(hop_l_mask[r*LANES +: LANES]),
          .l_data_i(hop_l_data[r*LANES*AD +: LANES*AD]),
          .l_valid_next_o(hop_l_valid[r+1]), .l_group_next_o(hop_l_group[(r+1)*GROUP_BITS +: GROUP_BITS]),
          .l_addr_next_o(hop_l_addr[(r+1)*AW +: AW]), .l_mask_next_o(hop_l_mask[(r+1)*LANES +: LANES]),
          .l_data_next_o(hop_l_data[(r+1)*LANES*AD +: LANES*AD]),
          .u_valid_i(hop_u_valid[r]), .u_group_i(hop_u_group[r*GROUP_BITS +: GROUP_BITS]),
          .u_addr_i(hop_u_addr[r*AW +: AW]), .u_mask_i(hop_u_mask[r*LANES +: LANES]),
          .u_data_i(hop_u_data[r*LANES*AD +: LANES*AD]),
          .u_valid_next_o(hop_u_valid[r+1]), .u_group_next_o(hop_u_group[(r+1)*GROUP_BITS +: GROUP_BITS]),
          .u_addr_next_o(hop_u_addr[(r+1)*AW +: AW]), .u_mask_next_o(hop_u_mask[(r+1)*LANES +: LANES]),
          .u_data_next_o(hop_u_data[(r+1)*LANES*AD +: LANES*AD]),
          // Copy 0 also serves the depthwise unit and the residual reads of POST.
          .unit_valid_i(r == 0 && dw_read && dw_read_ready), .unit_group_i(r == 0 ? dw_read_group : {GROUP_BITS{1'b0}}),
          .unit_addr_i(r == 0 ? dw_read_addr : {AW{1'b0}}), .unit_data_o(unit_data[r*LANES*AD +: LANES*AD]),
          .res_valid_i(r == 0 && res_valid), .res_group_i(r == 0 ? res_group : {GROUP_BITS{1'b0}}),
          .res_addr_i(r == 0 ? res_addr : {AW{1'b0}}),
          .res_data_o(res_data[r*LANES*AD +: LANES*AD]),
          .valid_o(row_valid[r]), .digits_o(row_digits[r*LANES*AD +: LANES*AD]), .ctrl_o(row_ctrl[r*8 +: 8])
      );
    end
  endgenerate

  // The weight address waits one cycle, so that weights and digits meet at stage 0.
  reg           w_valid_q;
  reg [WAW-1:0] w_addr_q;
  always @(posedge clk) begin
    w_valid_q <= req_valid && !unit_rst;
    if (req_valid) w_addr_q <= req_w;
  end

  // Weights from DRAM. Words for the columns come from here or, on an idle machine, from AXI4-Lite.
  wire                 chain_we;
  wire [15:0]          chain_column;
  wire [WAW-1:0]       chain_addr;
  wire [LANES*WD-1:0]  chain_word;
  generate
    if (RING_WORDS != 0 && DRAM_BITS != 0) begin : g_dram
      localparam MOST_BEATS = 32768 / DRAM_BITS;  // in 4 KiB
      wire                 ring_we;
      wire [15:0]          ring_column;
      wire [RING_BITS-1:0] ring_word;
      wire [WAW-1:0]       ring_addr = WEIGHT_WORDS[WAW-1:0] + {{(WAW-RING_BITS){1'b0}}, ring_word};
      wire [LANES*WD-1:0]  ring_data;
      systole_dram #(
          .FETCH_WORDS(FETCH_WORDS), .LANES(LANES), .WD(WD), .COLS(COLS), .RING_WORDS(RING_WORDS), .RING_BITS(RING_BITS),
          .DATA_BITS(DRAM_BITS), .ADDR_BITS(DRAM_ADDR_BITS), .BURST(DRAM_BURST < MOST_BEATS ? DRAM_BURST : MOST_BEATS),
          .OUTSTANDING(DRAM_OUTSTANDING)
      ) dram (
          .clk(clk), .rst(unit_rst), .bus_rst_i(rst), .halt_i(error), .base_i(dram_base),
          .word_valid_i(fill_word), .word_index_i(fetch_index), .word_last_i(fetch_last), .word_i(fetch_data),
          .full_o(fill_full), .first_beat_i(first_beat),
          .release_i(ring_release), .release_words_i(ring_release_words),
          .we_o(ring_we), .column_o(ring_column), .ring_word_o(ring_word), .data_o(ring_data), .word_done_o(ring_word_done),
          .error_o(err_dram), .progress_o(fill_progress), .movers_o(movers),
          .m_axi_araddr_o(m_axi_araddr), .m_axi_arlen_o(m_axi_arlen), .m_axi_arvalid_o(m_axi_arvalid),
          .m_axi_arready_i(m_axi_arready), .m_axi_rdata_i(m_axi_rdata), .m_axi_rresp_i(m_axi_rresp),
          .m_axi_rlast_i(m_axi_rlast), .m_axi_rvalid_i(m_axi_rvalid), .m_axi_rready_o(m_axi_rready)
      );
      assign chain_we = ring_we || weight_we;
      assign chain_column = ring_we ? ring_column : weight_column;
      assign chain_addr = ring_we ? ring_addr : weight_addr[WAW-1:0];
      assign chain_word = ring_we ? ring_data : weight_word;
    end else begin : g_no_dram
      assign {fill_full, err_dram, fill_progress, ring_word_done} = 4'd0;
      assign movers = 32'd0;
      assign m_axi_araddr = {DRAM_ADDR_BITS{1'b0}};
      assign m_axi_arlen = 8'd0;
      assign m_axi_arvalid = 1'b0;
      assign m_axi_rready = 1'b0;
      assign chain_we = weight_we;
      assign chain_column = weight_column;
      assign chain_addr = weight_addr[WAW-1:0];
      assign chain_word = weight_word;
      wire unused = &{1'b0, fill_word, ring_release, ring_release_words, dram_base, m_axi_arready, m_axi_rdata,
                      m_axi_rresp, m_axi_rlast, m_axi_rvalid};
    end
  endgenerate
  localparam BEAT_BITS = DRAM_BITS == 0 ? 2 : $clog2(DRAM_BITS / 8);
  assign m_axi_arsize = BEAT_BITS[2:0];
  assign m_axi_arburst = 2'b01;

  // Drain and array.
  wire                   token_valid, slot_valid;
  wire [4:0]             token_row;
  wire [UNIT_BITS-1:0]   token_unit;
  wire [SUB_BITS-1:0]    token_sub;
  wire [PW*ACC_BITS-1:0] slot_data;
  systole_drain #(
      .STAGE(STAGE), .PW(PW), .UNIT_BITS(UNIT_BITS), .SUB_BITS(SUB_BITS)
  ) drain (
      .clk(clk), .rst(unit_rst), .tile_i(tile), .tile_ct_last_i(tile_ct_last), .tile_record_last_i(tile_record_last),
      .post_done_i(post_done), .shadow_i(post_shadow), .active_i(post_fields), .active_valid_i(post_active),
      .valid_o(token_valid), .row_o(token_row), .unit_o(token_unit), .sub_o(token_sub)
  );
  systole_array #(
      .ROWS(ROWS), .COLS(COLS), .LANES(LANES), .AD(AD), .WD(WD), .STAGE(STAGE), .PW(PW), .ACC_BITS(ACC_BITS),
      .WEIGHT_WORDS(COLUMN_WORDS), .WAW(WAW), .EDGE(EDGE), .CUTS(CUTS), .MODE_AT(MODE_AT),
      .UNIT_BITS(UNIT_BITS), .SUB_BITS(SUB_BITS)
  ) array (
      .clk(clk), .w_valid_i(w_valid_q), .w_addr_i(w_addr_q),
      .valid_i(row_valid), .ctrl_i(row_ctrl), .digits_i(row_digits),
      .token_valid_i(token_valid), .token_row_i(token_row), .token_unit_i(token_unit), .token_sub_i(token_sub),
      .slot_valid_o(slot_valid), .slot_data_o(slot_data),
      .cfg_we_i(chain_we), .cfg_column_i(chain_column), .cfg_addr_i(chain_addr), .cfg_data_i(chain_word)
  );

  // POST, FIFO, writer.
  wire                   entry_valid, head_valid;
  wire [META_BITS-1:0]   entry_meta, head_meta;
  wire [PW*ACC_BITS-1:0] entry_data, head_data;
  systole_post #(
      .ROWS(ROWS), .COLS(COLS), .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS), .PW(PW),
      .ACC_BITS(ACC_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .N_BITS(N_BITS), .PARAM_WORDS(PARAM_WORDS),
      .PAR_BITS(PAR_BITS), .TABLE_ENTRIES(TABLE_ENTRIES), .INDEX_BITS(INDEX_BITS), .CONTEXTS(CONTEXTS),
      .CONTEXT_BITS(CONTEXT_BITS), .META_BITS(META_BITS), .CHUNK_BYTES(CHUNK_BYTES), .STEP_BITS(ENTRY_BITS)
  ) post (
      .clk(clk), .rst(unit_rst), .move_i(post_move), .shadow_i(post_shadow), .fields_i(post_fields), .done_o(post_done),
      .param_we_i(param_we), .param_waddr_i(param_addr[PAR_BITS-1:0]), .param_wdata_i(param_word),
      .table_we_i(table_we), .table_waddr_i(table_addr[15:0]), .table_wdata_i(table_word),
      .slot_valid_i(slot_valid), .slot_data_i(slot_data),
      .res_valid_o(res_valid), .res_group_o(res_group), .res_addr_o(res_addr), .res_data_i(res_data[LANES*AD-1:0]),
      .absorb_o(absorbed), .entry_valid_o(entry_valid), .entry_meta_o(entry_meta), .entry_data_o(entry_data)
  );
  systole_fifo #(
      .WIDTH(META_BITS + PW*ACC_BITS), .ENTRIES(FIFO_ENTRIES), .ADDR_BITS(CREDIT_BITS - 1)
  ) fifo (
      .clk(clk), .rst(unit_rst), .push_i(entry_valid), .data_i({entry_meta, entry_data}),
      .valid_o(head_valid), .data_o({head_meta, head_data}), .pop_i(entry_pop)
  );
  wire              record_written, stream_entry, e_valid, e_ready, e_end, e_last, packer_busy;
  wire [8*CHUNK_BYTES-1:0] e_data;
  wire [6:0]        e_bytes;
  wire [4:0]        p_plane;
  wire [PW*AD-1:0]  p_digits;
  systole_writer #(
      .LANES(LANES), .AD(AD), .AW(AW), .GROUP_BITS(GROUP_BITS), .PW(PW), .ACC_BITS(ACC_BITS), .INDEX_BITS(INDEX_BITS),
      .META_BITS(META_BITS), .CHUNK_BYTES(CHUNK_BYTES), .STEP_BITS(ENTRY_BITS)
  ) writer (
      .clk(clk), .rst(unit_rst), .valid_i(head_valid), .meta_i(head_meta), .data_i(head_data), .pop_o(entry_pop),
      .w_valid_o(p_write), .w_group_o(p_group), .w_addr_o(p_addr), .w_count_o(p_count), .w_plane_o(p_plane),
      .w_digits_o(p_digits), .w_data_o(p_data), .row_done_o(written_row), .row_counter_o(written_index), .row_step_o(written_step),
      .record_done_o(record_written), .stream_o(stream_entry),
      .e_valid_o(e_valid), .e_ready_i(e_ready), .e_data_o(e_data), .e_bytes_o(e_bytes),
      .e_end_o(e_end), .e_last_o(e_last)
  );

  // Streams.
  wire waiting_input, waiting_room;
  systole_loader #(
      .LANES(LANES), .LANE_BITS(LANE_BITS), .AD(AD), .AW(AW), .IN_BYTES(IN_BYTES), .GROUP_BITS(GROUP_BITS),
      .COUNTER_BITS(INDEX_BITS)
  ) loader (
      .clk(clk), .rst(unit_rst), .active_i(load_active), .fields_i(load_fields), .done_o(load_done), .loaded_o(loaded),
      .s_axis_tdata_i(s_axis_tdata), .s_axis_tvalid_i(s_axis_tvalid), .s_axis_tlast_i(s_axis_tlast),
      .s_axis_tready_o(s_axis_tready), .first_beat_o(first_beat),
      .w_valid_o(l_write), .w_ready_i(l_ready), .w_group_o(l_group), .w_addr_o(l_addr), .w_count_o(l_count),
      .w_turn_o(l_turn), .w_data_o(l_data), .row_done_o(loaded_row), .room_index_o(room_index), .room_count_i(room_count),
      .err_short_o(err_short), .err_long_o(err_long), .open_i(enable), .halt_i(error), .waiting_input_o(waiting_input),
      .waiting_room_o(waiting_room)
  );
  systole_packer #(
      .OUT_BYTES(OUT_BYTES), .CHUNK_BYTES(CHUNK_BYTES)
  ) packer (
      .clk(clk), .rst(unit_rst), .e_valid_i(e_valid), .e_ready_o(e_ready), .e_data_i(e_data), .e_bytes_i(e_bytes),
      .e_end_i(e_end), .e_last_i(e_last), .m_axis_tdata_o(m_axis_tdata), .m_axis_tkeep_o(m_axis_tkeep), .m_axis_tvalid_o(m_axis_tvalid),
      .m_axis_tready_i(m_axis_tready), .m_axis_tlast_o(m_axis_tlast), .busy_o(packer_busy)
  );

  // State for fetch, for people and for the watchdog.
  assign over = loaded_q != 2'd0 && !feed_active && !post_active && credits_full && !packer_busy
             && !dw_active && dw_empty;
  wire out_beat = m_axis_tvalid && m_axis_tready;
  wire [1:0] load_state = !load_active ? 2'd0 : waiting_input ? 2'd2 : waiting_room ? 2'd3 : 2'd1;
  wire [1:0] post_state = !post_active ? 2'd0 : slot_valid ? 2'd1 : 2'd2;
  wire [1:0] out_state = (m_axis_tvalid && !m_axis_tready) ? 2'd2 : (head_valid || packer_busy) ? 2'd1 : 2'd0;
  assign waiting = {feed_waiting_need, 1'b0, feed_waiting_counter, out_state, post_state, feed_waiting, load_state};
  assign progress = issue || slot_valid || entry_pop || p_write || (l_write && l_ready) || out_beat || fetch_consume
                 || (s_axis_tvalid && s_axis_tready) || fill_progress || dw_step || (dw_write && dw_write_ready);

  // CYCLES: from the first accepted input beat to the last accepted output beat, both counted. age_q is that of the
  // frame that leaves next, next_age_q that of the one behind it; waiting_q: both are in the machine.
  reg [31:0] age_q, next_age_q;
  reg        inside_q, waiting_q;
  wire       leaves = out_beat && m_axis_tlast;
  always @(posedge clk) begin
    age_q <= leaves ? next_age_q + 32'd1 : inside_q ? age_q + 32'd1 : 32'd1;
    next_age_q <= waiting_q ? next_age_q + 32'd1 : first_beat && inside_q ? 32'd1 : 32'd0;
    if (unit_rst) begin
      inside_q <= 1'b0;
      waiting_q <= 1'b0;
    end else if (leaves) begin
      inside_q <= waiting_q || first_beat;
      waiting_q <= 1'b0;
    end else begin
      inside_q <= inside_q || first_beat;
      waiting_q <= waiting_q || (first_beat && inside_q);
    end
    if (rst || soft_reset) cycles_q <= 32'd0;
    else if (leaves) cycles_q <= age_q + 32'd1;
  end

  // What the writer writes, for a simulation to read; nothing in the machine does.
  reg              trace_valid /* verilator public_flat_rd */;
  reg [15:0]       trace_layer /* verilator public_flat_rd */;
  reg [4:0]        trace_plane /* verilator public_flat_rd */;
  reg [1:0]        trace_group /* verilator public_flat_rd */;
  reg [31:0]       trace_addr /* verilator public_flat_rd */;
  reg [7:0]        trace_count /* verilator public_flat_rd */;
  reg [PW*AD-1:0]  trace_data /* verilator public_flat_rd */;
  reg [15:0]       layer_q;
  always @(posedge clk) begin
    if (unit_rst || frame_done) layer_q <= 16'd0;
    else if (record_written) layer_q <= layer_q + 16'd1;
    trace_valid <= p_write && !unit_rst;
    if (p_write) begin
      trace_layer <= layer_q;
      trace_plane <= p_plane;
      trace_group <= p_group;
      trace_addr <= {{(32-AW){1'b0}}, p_addr};
      trace_count <= p_count;
      trace_data <= p_digits;
    end
  end

  wire unused = &{1'b0, stream_entry, prog_addr, pass_addr, weight_addr, param_addr, prog_inner, pass_inner, param_inner,
                  table_we, table_addr, table_inner, table_word, dw_word, dw_move, dw_done, dw_fields, dw_shadow, dw_in_count,
                  dw_read_data, unit_data, hop_u_valid, hop_u_group, hop_u_addr, hop_u_mask, hop_u_data,
                  load_shadow, p_count, dw_count, hop_valid, hop_y_ok, hop_p_valid, hop_l_valid, hop_a, hop_p_addr, hop_l_addr, hop_hop, hop_y, hop_y_max,
                  hop_segments, hop_fold_stride, fold_addr, fold_inner,
                  hop_x, hop_x_max, hop_group, hop_p_group, hop_l_group, hop_run, hop_pad, hop_ctrl, hop_p_mask, hop_l_mask,
                  hop_p_data, hop_l_data, res_data, trace_valid, trace_layer, trace_plane, trace_group, trace_addr,
                  trace_count, trace_data};

`ifdef SYSTOLE_ASSERT
  always @(posedge clk) begin
    if (!unit_rst && hop_valid[0] && res_valid && hop_group[GROUP_BITS-1:0] == res_group) begin
      $fdisplay(32'h8000_0002, "systole assertion: FEED and the residual read one group");
      $stop;
    end
    if (!unit_rst && hop_p_valid[0] && hop_l_valid[0] && hop_p_group[GROUP_BITS-1:0] == hop_l_group[GROUP_BITS-1:0]) begin
      $fdisplay(32'h8000_0002, "systole assertion: the writer and LOAD write to one group");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
