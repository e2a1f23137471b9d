// Behind the depthwise unit's accumulators: an output is held, goes through the requantizers slot by slot, PW channels each,
// and waits in a FIFO for its write. Never stalls its source, which counts the FIFO's places (pop_o gives one back).
`default_nettype none
module systole_depthwise_out #(
    parameter LANES = 16,
    parameter PW = 4,
    parameter AW = 12,
    parameter GROUP_BITS = 2,
    parameter INDEX_BITS = 4,
    parameter ACC_BITS = 24,
    parameter M_BITS = 24,
    parameter B_BITS = 40,
    parameter N_BITS = 6,
    parameter PARAM_WORDS = 64,
    parameter PARAM_BITS = 6,
    parameter ENTRIES = 32,    // of the FIFO
    parameter ENTRY_BITS = 5   // $clog2(ENTRIES)
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       valid_i,
    input  wire [LANES*ACC_BITS-1:0]  acc_i,
    // nearest, lo, hi; row end; slots, codes of the last one; counter, group, first parameter word, address
    input  wire [34+INDEX_BITS+GROUP_BITS+PARAM_BITS+AW-1:0] token_i,
    input  wire                       param_we_i,
    input  wire [PARAM_BITS-1:0]      param_waddr_i,
    input  wire [PW*(M_BITS+B_BITS+N_BITS)-1:0] param_wdata_i,
    output wire                       w_valid_o,
    input  wire                       w_ready_i,
    output wire [GROUP_BITS-1:0]      w_group_o,
    output wire [AW-1:0]              w_addr_o,
    output wire [7:0]                 w_count_o,
    output wire [LANES*8-1:0]         w_data_o,
    output wire                       row_done_o,
    output wire [INDEX_BITS-1:0]      row_counter_o,
    output wire                       pop_o
);
  localparam CH_BITS = M_BITS + B_BITS + N_BITS;
  localparam QUANT_BITS = 17;
  localparam META_BITS = 1 + 8 + INDEX_BITS + GROUP_BITS + AW;
  localparam [AW-1:0] SLOT_CODES = PW[AW-1:0];
  localparam [7:0] SLOT_COUNT = PW[7:0];

  // The output that is held: a shift register of slots.
  reg [LANES*ACC_BITS-1:0] hold_q;
  reg [QUANT_BITS-1:0]     h_quant;
  reg                      h_row_end;
  reg [7:0]                h_left, h_tail;
  reg [INDEX_BITS-1:0]     h_counter;
  reg [GROUP_BITS-1:0]     h_group;
  reg [PARAM_BITS-1:0]     h_param;
  reg [AW-1:0]             h_addr;
  wire                     slot = h_left != 8'd0;
  wire                     slot_last = h_left == 8'd1;
  wire [QUANT_BITS-1:0]    t_quant;
  wire                     t_row_end;
  wire [7:0]               t_slots, t_tail;
  wire [INDEX_BITS-1:0]    t_counter;
  wire [GROUP_BITS-1:0]    t_group;
  wire [PARAM_BITS-1:0]    t_param;
  wire [AW-1:0]            t_addr;
  assign {t_quant, t_row_end, t_slots, t_tail, t_counter, t_group, t_param, t_addr} = token_i;
  always @(posedge clk) begin
    if (valid_i) begin
      hold_q <= acc_i;
      h_quant <= t_quant;
      h_row_end <= t_row_end;
      h_tail <= t_tail;
      h_counter <= t_counter;
      h_group <= t_group;
      h_param <= t_param;
      h_addr <= t_addr;
    end else if (slot) begin
      hold_q <= hold_q >> (PW*ACC_BITS);
      h_param <= h_param + {{(PARAM_BITS-1){1'b0}}, 1'b1};
      h_addr <= h_addr + SLOT_CODES;
    end
    h_left <= rst ? 8'd0 : valid_i ? t_slots : slot ? h_left - 8'd1 : 8'd0;
  end

  // Slot and parameters meet.
  wire [PW*CH_BITS-1:0]  param5;
  reg [PW*ACC_BITS-1:0]  data5;
  reg [QUANT_BITS-1:0]   quant5;
  reg [META_BITS-1:0]    meta5, meta6, meta7, meta8, meta9;
  reg [4:0]              v_q;  // of the steps 5 to 9
  systole_ram #(
      .WIDTH(PW*CH_BITS), .WORDS(PARAM_WORDS), .ADDR_BITS(PARAM_BITS)
  ) parameter_memory (
      .clk(clk), .we_i(param_we_i), .waddr_i(param_waddr_i), .wdata_i(param_wdata_i),
      .re_i(slot), .raddr_i(h_param), .rdata_o(param5)
  );
  always @(posedge clk) begin
    v_q <= rst ? 5'd0 : {v_q[3:0], slot};
    if (slot) begin
      data5 <= hold_q[PW*ACC_BITS-1:0];
      quant5 <= h_quant;
      meta5 <= {h_row_end && slot_last, slot_last ? h_tail : SLOT_COUNT, h_counter, h_group, h_addr};
    end
    if (v_q[0]) meta6 <= meta5;
    if (v_q[1]) meta7 <= meta6;
    if (v_q[2]) meta8 <= meta7;
    if (v_q[3]) meta9 <= meta8;
  end
  wire [PW*8-1:0] codes9;
  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      wire [ACC_BITS-1:0] y;
      wire [15:0]         code;
      systole_requantize #(
          .ACC_BITS(ACC_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .N_BITS(N_BITS), .RES_BITS(1)
      ) requantize (
          .clk(clk), .valid_i(v_q[0]), .acc_i(data5[c*ACC_BITS +: ACC_BITS]), .res_i(1'b0),
          .m_i(param5[c*CH_BITS +: M_BITS]), .b_i(param5[c*CH_BITS+M_BITS +: B_BITS]),
          .n_i(param5[c*CH_BITS+M_BITS+B_BITS +: N_BITS]), .r_i({M_BITS{1'b0}}),
          .raw_i(1'b0), .nearest_i(quant5[16]), .lo_i({8'd0, quant5[15:8]}), .hi_i({8'd0, quant5[7:0]}),
          .code_o(code), .y_o(y)
      );
      assign codes9[c*8 +: 8] = y[7:0];
      wire unused = &{1'b0, code, y};
    end
  endgenerate

  wire [PW*8-1:0] codes;
  wire            row_end;
  systole_fifo #(
      .WIDTH(META_BITS + PW*8), .ENTRIES(ENTRIES), .ADDR_BITS(ENTRY_BITS)
  ) fifo (
      .clk(clk), .rst(rst), .push_i(v_q[4]), .data_i({meta9, codes9}),
      .valid_o(w_valid_o), .data_o({row_end, w_count_o, row_counter_o, w_group_o, w_addr_o, codes}), .pop_i(pop_o)
  );
  generate
    if (LANES == PW) begin : g_full
      assign w_data_o = codes;
    end else begin : g_padded
      assign w_data_o = {{((LANES-PW)*8){1'b0}}, codes};
    end
  endgenerate
  assign pop_o = w_valid_o && w_ready_i;
  assign row_done_o = pop_o && row_end;
endmodule
`default_nettype wire
