// One processing element: dot product registered, then accumulated; hold_o keeps a finished tile's sum.
// Operands in cycle t, dot t+1, accumulator and hold t+2. acc_* control belongs to the step whose dot is registered.
// clear starts a tile; otherwise the accumulator is shifted left by shift (a new digit pass) before the sum.
`default_nettype none
module systole_pe #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter ACC_BITS = 24
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [LANES*AD-1:0] digits_i,
    input  wire [LANES*WD-1:0] weights_i,
    input  wire [1:0]          mode_i,
    input  wire                acc_valid_i,
    input  wire                acc_clear_i,
    input  wire                acc_last_i,
    input  wire [3:0]          acc_shift_i,
    output wire [ACC_BITS-1:0] hold_o
);
  localparam DOT_EXACT = AD + WD + 1 + $clog2(LANES);
  localparam DW = DOT_EXACT < ACC_BITS ? DOT_EXACT : ACC_BITS;

  wire signed [DW-1:0] dot;
  systole_dot #(
      .LANES(LANES), .AD(AD), .WD(WD), .DW(DW)
  ) product (
      .digits_i(digits_i), .weights_i(weights_i), .mode_i(mode_i), .dot_o(dot)
  );

  reg [DW-1:0]       dot_q;
  reg [ACC_BITS-1:0] acc_q;
  reg [ACC_BITS-1:0] hold_q;
  wire [ACC_BITS-1:0] sum_old = acc_clear_i ? {ACC_BITS{1'b0}} : acc_q << acc_shift_i;
  wire [ACC_BITS-1:0] sum_new = sum_old + {{(ACC_BITS-DW+1){dot_q[DW-1]}}, dot_q[DW-2:0]};
  always @(posedge clk) begin
    if (valid_i) dot_q <= dot;
    if (acc_valid_i) begin
      acc_q <= sum_new;
      if (acc_last_i) hold_q <= sum_new;
    end
  end
  assign hold_o = hold_q;
endmodule
`default_nettype wire
