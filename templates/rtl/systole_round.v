// value / 2^n, rounded down, or to the nearest with ties to even. Combinational, signed. The result needs one bit
// less than the input as soon as n > 0, so adding the rounding one cannot overflow.
`default_nettype none
module systole_round #(
    parameter WIDTH = 32,
    parameter N_BITS = 6
) (
    input  wire [WIDTH-1:0]  value_i,
    input  wire [N_BITS-1:0] n_i,
    input  wire              nearest_i,
    output wire [WIDTH-1:0]  rounded_o
);
  // The integer part stays above the point, the n dropped bits come to stand below it, left aligned.
  wire signed [2*WIDTH+1:0] wide = {{2{value_i[WIDTH-1]}}, value_i, {WIDTH{1'b0}}};
  wire signed [2*WIDTH+1:0] shifted = wide >>> n_i;
  wire [WIDTH-1:0] down = shifted[2*WIDTH-1:WIDTH];
  wire             half = shifted[WIDTH-1];
  // n can exceed WIDTH; bits that fall off the end still count as "more than half" or "not zero".
  wire             sticky = (shifted[WIDTH-2:0] != {(WIDTH-1){1'b0}});
  wire             up = nearest_i && half && (sticky || down[0]);
  assign rounded_o = down + {{(WIDTH-1){1'b0}}, up};
  wire unused = &{1'b0, shifted};
endmodule
`default_nettype wire
