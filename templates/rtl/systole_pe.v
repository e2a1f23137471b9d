// One processing element: dot product, then accumulated; hold_o keeps a finished tile's sum.
// Operands in cycle t, dot t+CUTS, accumulator and hold t+CUTS+1. mode and sum belong to cycle t+MODE_AT, acc_* control to
// cycle t+CUTS. clear starts a tile; otherwise the accumulator is shifted left by shift (a new digit pass) before the sum.
`default_nettype none
module systole_pe #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter ACC_BITS = 24,
    parameter CUTS = 2,
    parameter PAIR_BITS = 72,
    parameter SUM_BITS = 12
) (
    input  wire                      clk,
    input  wire [CUTS-1:0]           valid_i,
    input  wire [LANES*AD-1:0]       digits_i,
    input  wire [PAIR_BITS-1:0]      pairs_i,
    input  wire [LANES*WD-1:0]       weights_i,
    input  wire [1:0]                mode_i,
    input  wire [SUM_BITS-1:0]       sum_i,
    input  wire                      acc_valid_i,
    input  wire                      acc_clear_i,
    input  wire                      acc_last_i,
    input  wire [3:0]                acc_shift_i,
    output wire [ACC_BITS-1:0]       hold_o
);
  localparam DOT_EXACT = AD + WD + 1 + $clog2(LANES);
  localparam DW = DOT_EXACT < ACC_BITS ? DOT_EXACT : ACC_BITS;

  wire [DW-1:0] dot;
  systole_dot #(
      .LANES(LANES), .AD(AD), .WD(WD), .DW(DW), .CUTS(CUTS), .PAIR_BITS(PAIR_BITS), .SUM_BITS(SUM_BITS)
  ) product (
      .clk(clk), .valid_i(valid_i), .digits_i(digits_i), .pairs_i(pairs_i), .weights_i(weights_i), .mode_i(mode_i),
      .sum_i(sum_i), .dot_o(dot)
  );

  // Passes come in falling order of their weight and lie a multiple of GRID and not more than FAR apart: only these bits of
  // a shift can be set. Ones and twos go first, then fours and eights with the clearing, one LUT of six inputs a bit each.
  localparam FAR = AD > WD ? AD : WD;
  localparam GRID = WD == 3 ? 1 : AD < WD ? AD : WD;
  localparam [3:0] REACH = FAR == 8 ? 4'd15 : FAR == 4 ? 4'd7 : FAR == 1 ? 4'd1 : 4'd3;
  localparam [3:0] BITS = REACH & (GRID == 8 ? 4'd8 : GRID == 4 ? 4'd12 : GRID == 2 ? 4'd14 : 4'd15);
  reg [ACC_BITS-1:0] acc_q;
  reg [ACC_BITS-1:0] hold_q;
  wire [3:0]          shift = acc_shift_i & BITS;
  wire [ACC_BITS-1:0] low = acc_q << shift[1:0];
  wire [1:0]          high = acc_clear_i ? 2'd3 : shift[3:2];
  wire [ACC_BITS-1:0] sum_old = high == 2'd3 ? {ACC_BITS{1'b0}} : high == 2'd2 ? low << 8 : high == 2'd1 ? low << 4 : low;
  wire [ACC_BITS-1:0] sum_new = {{(ACC_BITS-DW+1){dot[DW-1]}}, dot[DW-2:0]} + sum_old;
  always @(posedge clk) begin
    if (acc_valid_i) begin
      acc_q <= sum_new;
      if (acc_last_i) hold_q <= sum_new;
    end
  end
  assign hold_o = hold_q;
endmodule
`default_nettype wire
