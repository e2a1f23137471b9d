// The dot product behind the array's edge against its definition, random operands and extremes: prints how many differ.
`default_nettype none
module dot_bench #(
    parameter LANES = 32,
    parameter AD = 8,
    parameter WD = 3,
    parameter DW = 17,
    parameter EDGE = 1,
    parameter CUTS = 2,
    parameter MODE_AT = 1
);
  reg clk = 1'b0;
  reg [LANES*AD-1:0] digits;
  reg [LANES*WD-1:0] weights;
  reg [1:0] mode;
  wire [DW-1:0] made, expected;
  integer i, j, wrong;
  dot_gate #(
      .LANES(LANES), .AD(AD), .WD(WD), .DW(DW), .EDGE(EDGE), .CUTS(CUTS), .MODE_AT(MODE_AT)
  ) gate (.clk(clk), .digits_i(digits), .weights_i(weights), .mode_i(mode), .dot_o(made));
  dot_reference #(
      .LANES(LANES), .AD(AD), .WD(WD), .DW(DW), .EDGE(EDGE), .CUTS(CUTS), .MODE_AT(MODE_AT)
  ) reference (.clk(clk), .digits_i(digits), .weights_i(weights), .mode_i(mode), .dot_o(expected));
  initial begin
    wrong = 0;
    for (i = 0; i < 200; i = i + 1) begin
      for (j = 0; j < LANES * AD; j = j + 1) digits[j] = i % 3 == 0 ? 1'b1 : $random;
      for (j = 0; j < LANES * WD; j = j + 1) weights[j] = i % 5 == 0 ? 1'b1 : $random;
      mode = WD == 1 ? $random : $random & 1;
      #1 clk = 1'b1;
      #1 if (i > 6 && made !== expected) wrong = wrong + 1;
      clk = 1'b0;
    end
    $display("wrong %0d", wrong);
  end
endmodule
`default_nettype wire
