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

  // Passes come in falling order of their weight, so these distances and no others lie between them.
  localparam FAR = AD > WD ? AD : WD;
  localparam GRID = WD == 3 ? 1 : AD < WD ? AD : WD;
  reg [ACC_BITS-1:0] acc_q;
  reg [ACC_BITS-1:0] hold_q;
  reg [ACC_BITS-1:0] sum_old;
  integer s;
  always @* begin
    sum_old = {ACC_BITS{1'b0}};
    for (s = 0; s <= FAR; s = s + GRID)
      if (!(AD == 8 && WD == 3 && (s == 4 || s == 6 || s == 7)))
        sum_old = sum_old | ((acc_q << s) & {ACC_BITS{!acc_clear_i && acc_shift_i == s[3:0]}});
  end
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
