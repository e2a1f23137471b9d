// The clamp of systole_clamp.v in signed comparisons.
// WRONG makes it wrong on purpose: 1 the value counts as unsigned, 2 the upper limit is taken for the lower one.
`default_nettype none
module clamp_reference #(
    parameter WIDTH = 18,
    parameter WRONG = 0
) (
    input  wire [WIDTH-1:0] value_i,
    input  wire [15:0]      lo_i,
    input  wire [15:0]      hi_i,
    output reg  [15:0]      clamped_o
);
  wire signed [WIDTH:0] value = {WRONG != 1 && value_i[WIDTH-1], value_i};
  wire signed [WIDTH:0] lo = {{(WIDTH-15){1'b0}}, WRONG == 2 ? hi_i : lo_i};
  wire signed [WIDTH:0] hi = {{(WIDTH-15){1'b0}}, hi_i};
  always @* begin
    clamped_o = value[15:0];
    if (value > hi) clamped_o = hi_i;
    if (value < lo) clamped_o = lo[15:0];
  end
endmodule
`default_nettype wire
