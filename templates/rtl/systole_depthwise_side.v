// The depthwise unit with what it has of its own beside it: shadow and active record, and the two memories' loading port.
`default_nettype none
`include "systole_records.vh"
module systole_depthwise_side #(
    parameter LANES = 16,
    parameter TAPS = 3,
    parameter PW = 4,
    parameter AW = 12,
    parameter LANE_BITS = 4,
    parameter GROUP_BITS = 2,
    parameter INDEX_BITS = 4,
    parameter ACC_BITS = 24,
    parameter M_BITS = 24,
    parameter B_BITS = 40,
    parameter N_BITS = 6,
    parameter FETCH_WORDS = 1,
    parameter WEIGHT_WORDS = 64,
    parameter PARAM_WORDS = 64
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   unit_rst,  // of all but the loading port
    input  wire                   cfg_start_i,
    input  wire [2:0]             cfg_sel_i,
    input  wire [31:0]            cfg_addr_i,
    input  wire                   cfg_we_i,
    input  wire [31:0]            cfg_piece_i,
    input  wire                   word_valid_i,
    input  wire [7:0]             word_index_i,
    input  wire                   word_last_i,
    input  wire [FETCH_WORDS*32-1:0] word_i,
    input  wire                   hold_i,
    output wire                   full_o,
    output wire                   move_o,
    output wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] shadow_o,
    output wire                   active_o,
    output wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] fields_o,
    output wire                   done_o,
    input  wire                   post_full_i,
    input  wire                   post_move_i,
    output wire [INDEX_BITS-1:0]  in_index_o,
    input  wire [15:0]            in_count_i,
    output wire                   read_valid_o,
    input  wire                   read_ready_i,
    output wire [GROUP_BITS-1:0]  read_group_o,
    output wire [AW-1:0]          read_addr_o,
    input  wire [LANES*8-1:0]     read_data_i,
    output wire                   w_valid_o,
    input  wire                   w_ready_i,
    output wire [GROUP_BITS-1:0]  w_group_o,
    output wire [AW-1:0]          w_addr_o,
    output wire [7:0]             w_count_o,
    output wire [LANES*8-1:0]     w_data_o,
    output wire                   row_done_o,
    output wire [INDEX_BITS-1:0]  row_counter_o,
    output wire                   step_o,
    output wire                   empty_o
);
  localparam WEIGHT_BITS = $clog2(WEIGHT_WORDS);
  localparam PARAM_BITS = $clog2(PARAM_WORDS);
  localparam KERNEL_BITS = TAPS > 0 ? LANES*TAPS*8 : 1;
  localparam CH_BITS = M_BITS + B_BITS + N_BITS;
  localparam [2:0] KERNELS = 3'd6, SCALES = 3'd7;  // of MEM_SELECT

  wire                    weight_we, param_we;
  wire [31:0]             weight_addr, param_addr;
  wire [15:0]             weight_inner, param_inner;
  wire [KERNEL_BITS-1:0]  weight_word;
  wire [PW*CH_BITS-1:0]   param_word;
  generate
    if (TAPS > 0) begin : g_weights
      systole_pieces #(.WIDTH(KERNEL_BITS), .INNER(1)) weight_pieces (
          .clk(clk), .rst(rst), .start_i(cfg_start_i), .addr_i(cfg_addr_i), .piece_valid_i(cfg_we_i && cfg_sel_i == KERNELS),
          .piece_i(cfg_piece_i), .we_o(weight_we), .addr_o(weight_addr), .inner_o(weight_inner), .word_o(weight_word)
      );
    end else begin : g_no_weights
      assign {weight_we, weight_addr, weight_inner, weight_word} = {49+KERNEL_BITS{1'b0}};
    end
  endgenerate
  systole_pieces #(.WIDTH(PW*CH_BITS), .INNER(1)) parameter_pieces (
      .clk(clk), .rst(rst), .start_i(cfg_start_i), .addr_i(cfg_addr_i), .piece_valid_i(cfg_we_i && cfg_sel_i == SCALES),
      .piece_i(cfg_piece_i), .we_o(param_we), .addr_o(param_addr), .inner_o(param_inner), .word_o(param_word)
  );
  systole_record #(.FETCH_WORDS(FETCH_WORDS), .FIELDS(`SYSTOLE_DEPTHWISE_FIELDS)) record (
      .clk(clk), .rst(unit_rst), .word_valid_i(word_valid_i), .word_index_i(word_index_i), .word_last_i(word_last_i),
      .word_i(word_i), .hold_i(hold_i), .done_i(done_o), .full_o(full_o), .move_o(move_o), .shadow_o(shadow_o),
      .active_valid_o(active_o), .active_o(fields_o)
  );
  systole_depthwise #(
      .LANES(LANES), .TAPS(TAPS), .PW(PW), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(GROUP_BITS), .INDEX_BITS(INDEX_BITS),
      .ACC_BITS(ACC_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .N_BITS(N_BITS), .WEIGHT_WORDS(WEIGHT_WORDS),
      .WEIGHT_BITS(WEIGHT_BITS), .PARAM_WORDS(PARAM_WORDS), .PARAM_BITS(PARAM_BITS)
  ) unit (
      .clk(clk), .rst(unit_rst), .complete_i(word_valid_i && word_last_i), .move_i(move_o), .shadow_i(shadow_o),
      .active_i(active_o), .fields_i(fields_o), .done_o(done_o), .post_full_i(post_full_i), .post_move_i(post_move_i),
      .weight_we_i(weight_we), .weight_waddr_i(weight_addr[WEIGHT_BITS-1:0]), .weight_wdata_i(weight_word),
      .param_we_i(param_we), .param_waddr_i(param_addr[PARAM_BITS-1:0]), .param_wdata_i(param_word),
      .in_index_o(in_index_o), .in_count_i(in_count_i),
      .read_valid_o(read_valid_o), .read_ready_i(read_ready_i), .read_group_o(read_group_o), .read_addr_o(read_addr_o),
      .read_data_i(read_data_i),
      .w_valid_o(w_valid_o), .w_ready_i(w_ready_i), .w_group_o(w_group_o), .w_addr_o(w_addr_o), .w_count_o(w_count_o),
      .w_data_o(w_data_o), .row_done_o(row_done_o), .row_counter_o(row_counter_o), .step_o(step_o), .empty_o(empty_o)
  );
  wire unused = &{1'b0, weight_addr, param_addr, weight_inner, param_inner};
endmodule
`default_nettype wire
