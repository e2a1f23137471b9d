// One array row's feed, written and read through plain code indices: row_gate is systole_align and systole_row,
// row_reference a flat memory and the definition of a digit (docs/machine.md, FEED).
// WRONG makes the reference wrong on purpose: 1 codes past the row are read, 2 the gate of the run comes one late,
// 3 a write of one group is seen in the other.
`default_nettype none
module row_gate #(
    parameter LANES = 2,
    parameter LANE_BITS = 1,
    parameter AD = 1,
    parameter AW = 3
) (
    input  wire                clk,
    input  wire                write_i,
    input  wire                write_group_i,
    input  wire [AW-1:0]       write_addr_i,
    input  wire [LANE_BITS:0]  write_count_i,
    input  wire [LANES*AD-1:0] write_data_i,
    input  wire                read_i,
    input  wire                group_i,
    input  wire [AW-1:0]       a_i,
    input  wire [AW:0]         x_i,
    input  wire [AW-1:0]       x_max_i,
    input  wire                y_ok_i,
    input  wire [LANE_BITS:0]  run_i,
    input  wire [AD-1:0]       pad_i,
    output wire                valid_o,
    output wire [LANES*AD-1:0] digits_o
);
  wire                p_valid;
  wire [1:0]          p_group;
  wire [AW-1:0]       p_addr;
  wire [LANES-1:0]    p_mask;
  wire [LANES*AD-1:0] p_data;
  systole_align #(
      .LANES(LANES), .AD(AD), .AW(AW), .LANE_BITS(LANE_BITS), .GROUP_BITS(2)
  ) align (
      .clk(clk), .rst(1'b0), .valid_i(write_i), .group_i({1'b0, write_group_i}), .addr_i(write_addr_i),
      .turn_i(write_addr_i[LANE_BITS-1:0]), .count_i(write_count_i), .data_i(write_data_i),
      .valid_o(p_valid), .group_o(p_group), .addr_o(p_addr), .mask_o(p_mask), .data_o(p_data)
  );
  systole_row #(
      .LANES(LANES), .AD(AD), .ACT_WORDS(1 << (AW - LANE_BITS)), .AW(AW), .XW(AW + 2), .LANE_BITS(LANE_BITS), .GROUPS(2),
      .GROUP_BITS(2), .CTRL_BITS(1)
  ) row (
      .clk(clk),
      .valid_i(read_i), .a_i(a_i), .x_i({x_i[AW], x_i}), .x_max_i({2'b00, x_max_i}), .y_i({AW+2{1'b0}}),
      .y_max_i({AW+2{1'b0}}), .y_ok_i(y_ok_i), .hop_i({4*AW+9{1'b0}}),
      .segments_i({3*LANES{1'b0}}), .fold_stride_i({(AW-LANE_BITS){1'b0}}), .group_i({1'b0, group_i}), .run_i(run_i), .pad_i(pad_i),
      .ctrl_i(1'b0),
      .valid_next_o(), .a_next_o(), .x_next_o(), .x_max_next_o(), .y_next_o(), .y_max_next_o(), .y_ok_next_o(), .hop_next_o(), .segments_next_o(),
      .fold_stride_next_o(),
      .group_next_o(), .run_next_o(), .pad_next_o(), .ctrl_next_o(),
      .p_valid_i(p_valid), .p_group_i(p_group), .p_addr_i(p_addr), .p_mask_i(p_mask), .p_data_i(p_data),
      .p_valid_next_o(), .p_group_next_o(), .p_addr_next_o(), .p_mask_next_o(), .p_data_next_o(),
      .l_valid_i(1'b0), .l_group_i(2'b00), .l_addr_i({AW{1'b0}}), .l_mask_i({LANES{1'b0}}), .l_data_i({LANES*AD{1'b0}}),
      .l_valid_next_o(), .l_group_next_o(), .l_addr_next_o(), .l_mask_next_o(), .l_data_next_o(),
      .res_valid_i(1'b0), .res_group_i(2'b00), .res_addr_i({AW{1'b0}}), .res_data_o(),
      .unit_valid_i(1'b0), .unit_group_i(2'b00), .unit_addr_i({AW{1'b0}}), .unit_data_o(),
      .valid_o(valid_o), .digits_o(digits_o), .ctrl_o()
  );
endmodule

module row_reference #(
    parameter LANES = 2,
    parameter LANE_BITS = 1,
    parameter AD = 1,
    parameter AW = 3,
    parameter WRONG = 0
) (
    input  wire                clk,
    input  wire                write_i,
    input  wire                write_group_i,
    input  wire [AW-1:0]       write_addr_i,
    input  wire [LANE_BITS:0]  write_count_i,
    input  wire [LANES*AD-1:0] write_data_i,
    input  wire                read_i,
    input  wire                group_i,
    input  wire [AW-1:0]       a_i,
    input  wire [AW:0]         x_i,
    input  wire [AW-1:0]       x_max_i,
    input  wire                y_ok_i,
    input  wire [LANE_BITS:0]  run_i,
    input  wire [AD-1:0]       pad_i,
    output reg                 valid_o,
    output reg  [LANES*AD-1:0] digits_o
);
  // Code a of group g at bits (g * 2^AW + a) * AD.
  reg [(2<<AW)*AD-1:0] codes, codes_next;
  reg                  w_valid, w_group;
  reg [AW-1:0]         w_addr;
  reg [LANE_BITS:0]    w_count;
  reg [LANES*AD-1:0]   w_data;
  reg [AW-1:0]         at;
  reg signed [AW+1:0]  x, x_max;
  reg [LANES*AD-1:0]   digits, digits_q;
  reg                  inside, valid_q;
  integer i;
  always @* begin
    codes_next = codes;
    for (i = 0; i < LANES; i = i + 1) begin
      at = w_addr + i;
      if (w_valid && i < w_count) codes_next[{WRONG != 3 && w_group, at}*AD +: AD] = w_data[i*AD +: AD];
    end
    x_max = {2'b00, x_max_i};
    for (i = 0; i < LANES; i = i + 1) begin
      at = a_i + i;
      x = $signed(x_i) + i;
      inside = y_ok_i && x >= 0 && (x < x_max || WRONG == 1);
      digits[i*AD +: AD] = i >= run_i + (WRONG == 2) ? {AD{1'b0}} : inside ? codes[{group_i, at}*AD +: AD] : pad_i;
    end
  end
  always @(posedge clk) begin
    w_valid <= write_i;
    if (write_i) begin
      w_group <= write_group_i;
      w_addr <= write_addr_i;
      w_count <= write_count_i;
      w_data <= write_data_i;
    end
    codes <= codes_next;
    valid_q <= read_i;
    if (read_i) digits_q <= digits;
    valid_o <= valid_q;
    if (valid_q) digits_o <= digits_q;
  end
endmodule
`default_nettype wire
