// The channel folder's reads on two array rows: fold_gate is systole_turn and two systole_row, fold_reference a flat memory
// from which every lane takes its own code (docs/machine.md, FEED, fold).
// WRONG makes the reference wrong on purpose: 1 segments of the lanes' neighbours, 2 the second row's lanes keep the first
// row's place in their word, 3 a stride of one more word.
`default_nettype none
module fold_gate #(
    parameter LANES = 2,
    parameter LANE_BITS = 1,
    parameter AD = 1,
    parameter AW = 3
) (
    input  wire                clk,
    input  wire                write_i,
    input  wire [AW-1:0]       write_addr_i,
    input  wire [LANE_BITS:0]  write_count_i,
    input  wire [LANES*AD-1:0] write_data_i,
    input  wire                read_i,
    input  wire [AW-1:0]       a_i,
    input  wire [AW-1:0]       a_row_i,
    input  wire [3*LANES-1:0]  segments_i,
    input  wire [AW-LANE_BITS-1:0] stride_i,
    output wire                valid_o,
    output wire [LANES*AD-1:0] digits_o,
    output wire                next_valid_o,
    output wire [LANES*AD-1:0] next_digits_o
);
  localparam XW = AW + 2;
  localparam HOP = 2*AW + 2*XW + 5;
  localparam [XW-1:0] MIDDLE = {2'b01, {(XW-2){1'b0}}};
  wire                p_valid, q_valid, n_valid, n_y_ok;
  wire [1:0]          p_group, q_group, n_group;
  wire [AW-1:0]       p_addr, q_addr, n_a;
  wire [LANES-1:0]    p_mask, q_mask;
  wire [LANES*AD-1:0] p_data, q_data;
  wire [XW-1:0]       n_x, n_x_max, n_y, n_y_max;
  wire [HOP-1:0]      n_hop;
  wire [3*LANES-1:0]  segments, n_segments;
  wire [AW-LANE_BITS-1:0] n_stride;
  wire [LANE_BITS:0]  n_run;
  wire [AD-1:0]       n_pad;
  wire                n_ctrl;
  systole_align #(
      .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(2)
  ) align (
      .clk(clk), .rst(1'b0), .valid_i(write_i), .group_i(2'd0), .addr_i(write_addr_i),
      .turn_i(write_addr_i[LANE_BITS-1:0]), .count_i(write_count_i), .data_i(write_data_i),
      .valid_o(p_valid), .group_o(p_group), .addr_o(p_addr), .mask_o(p_mask), .data_o(p_data)
  );
  systole_turn #(
      .ITEMS(LANES), .BITS(3), .BY_BITS(LANE_BITS)
  ) turn (
      .items_i(segments_i), .by_i(a_i[LANE_BITS-1:0]), .items_o(segments)
  );
  systole_row #(
      .ROW(0), .LANES(LANES), .AD(AD), .ACT_WORDS(1 << (AW - LANE_BITS)), .AW(AW), .XW(XW), .LANE_BITS(LANE_BITS), .GROUPS(1),
      .GROUP_BITS(2), .FOLD(1), .CTRL_BITS(1)
  ) row (
      .clk(clk),
      .valid_i(read_i), .a_i(a_i), .x_i(MIDDLE), .x_max_i({1'b0, {(XW-1){1'b1}}}), .y_i({XW{1'b0}}), .y_max_i({XW{1'b0}}),
      .y_ok_i(1'b1), .hop_i({{(HOP-AW-5){1'b0}}, a_row_i, 5'd2}), .segments_i(segments), .fold_stride_i(stride_i),
      .group_i(2'd0), .run_i(LANES[LANE_BITS:0]), .pad_i({AD{1'b0}}), .ctrl_i(1'b0),
      .valid_next_o(n_valid), .a_next_o(n_a), .x_next_o(n_x), .x_max_next_o(n_x_max), .y_next_o(n_y), .y_max_next_o(n_y_max),
      .y_ok_next_o(n_y_ok), .hop_next_o(n_hop), .segments_next_o(n_segments), .fold_stride_next_o(n_stride),
      .group_next_o(n_group), .run_next_o(n_run), .pad_next_o(n_pad), .ctrl_next_o(n_ctrl),
      .p_valid_i(p_valid), .p_group_i(p_group), .p_addr_i(p_addr), .p_mask_i(p_mask), .p_data_i(p_data),
      .p_valid_next_o(q_valid), .p_group_next_o(q_group), .p_addr_next_o(q_addr), .p_mask_next_o(q_mask), .p_data_next_o(q_data),
      .l_valid_i(1'b0), .l_group_i(2'd0), .l_addr_i({AW{1'b0}}), .l_mask_i({LANES{1'b0}}), .l_data_i({LANES*AD{1'b0}}),
      .res_valid_i(1'b0), .res_group_i(2'd0), .res_addr_i({AW{1'b0}}), .unit_valid_i(1'b0), .unit_group_i(2'd0),
      .unit_addr_i({AW{1'b0}}),
      .valid_o(valid_o), .digits_o(digits_o)
  );
  systole_row #(
      .ROW(1), .LANES(LANES), .AD(AD), .ACT_WORDS(1 << (AW - LANE_BITS)), .AW(AW), .XW(XW), .LANE_BITS(LANE_BITS), .GROUPS(1),
      .GROUP_BITS(2), .FOLD(1), .CTRL_BITS(1)
  ) next_row (
      .clk(clk),
      .valid_i(n_valid), .a_i(n_a), .x_i(n_x), .x_max_i(n_x_max), .y_i(n_y), .y_max_i(n_y_max), .y_ok_i(n_y_ok),
      .hop_i(n_hop), .segments_i(n_segments), .fold_stride_i(n_stride), .group_i(n_group), .run_i(n_run), .pad_i(n_pad),
      .ctrl_i(n_ctrl),
      .p_valid_i(q_valid), .p_group_i(q_group), .p_addr_i(q_addr), .p_mask_i(q_mask), .p_data_i(q_data),
      .l_valid_i(1'b0), .l_group_i(2'd0), .l_addr_i({AW{1'b0}}), .l_mask_i({LANES{1'b0}}), .l_data_i({LANES*AD{1'b0}}),
      .res_valid_i(1'b0), .res_group_i(2'd0), .res_addr_i({AW{1'b0}}), .unit_valid_i(1'b0), .unit_group_i(2'd0),
      .unit_addr_i({AW{1'b0}}),
      .valid_o(next_valid_o), .digits_o(next_digits_o)
  );
endmodule

module fold_reference #(
    parameter LANES = 2,
    parameter LANE_BITS = 1,
    parameter AD = 1,
    parameter AW = 3,
    parameter WRONG = 0
) (
    input  wire                clk,
    input  wire                write_i,
    input  wire [AW-1:0]       write_addr_i,
    input  wire [LANE_BITS:0]  write_count_i,
    input  wire [LANES*AD-1:0] write_data_i,
    input  wire                read_i,
    input  wire [AW-1:0]       a_i,
    input  wire [AW-1:0]       a_row_i,
    input  wire [3*LANES-1:0]  segments_i,
    input  wire [AW-LANE_BITS-1:0] stride_i,
    output reg                 valid_o,
    output reg  [LANES*AD-1:0] digits_o,
    output reg                 next_valid_o,
    output reg  [LANES*AD-1:0] next_digits_o
);
  reg [(1<<AW)*AD-1:0] codes, codes_next;
  reg                  w_valid, valid_q;
  reg [AW-1:0]         w_addr, at, hop;
  reg [LANE_BITS:0]    w_count;
  reg [LANES*AD-1:0]   w_data, digits, digits_q, next_digits, next_q, next_qq;
  integer i;
  always @* begin
    codes_next = codes;
    for (i = 0; i < LANES; i = i + 1) begin
      at = w_addr + i;
      if (w_valid && i < w_count) codes_next[at*AD +: AD] = w_data[i*AD +: AD];
    end
    for (i = 0; i < LANES; i = i + 1) begin
      hop = segments_i[3*((i + (WRONG == 1)) % LANES) +: 3] * ((stride_i + (WRONG == 3)) * LANES);
      at = a_i + i + hop;
      digits[i*AD +: AD] = codes[at*AD +: AD];
      at = a_i + a_row_i + hop + (WRONG == 2 ? 0 : i);
      next_digits[i*AD +: AD] = codes[at*AD +: AD];
    end
  end
  always @(posedge clk) begin
    w_valid <= write_i;
    if (write_i) begin
      w_addr <= write_addr_i;
      w_count <= write_count_i;
      w_data <= write_data_i;
    end
    codes <= codes_next;
    valid_q <= read_i;
    if (read_i) digits_q <= digits;
    if (read_i) next_q <= next_digits;
    valid_o <= valid_q;
    if (valid_q) digits_o <= digits_q;
    if (valid_q) next_qq <= next_q;
    next_valid_o <= valid_o;
    if (valid_o) next_digits_o <= next_qq;
  end
endmodule
`default_nettype wire
