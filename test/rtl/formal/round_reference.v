// Rounding and clamping from their definition: quotient and rest of a wide signed number, then limits (lo wins where it is
// reached). WRONG makes it wrong on purpose: 1 ties go up, 2 ties go to odd, 3 the value counts as unsigned, 4 the upper
// limit is one more.
`default_nettype none
module round_reference #(
    parameter WIDTH = 8,
    parameter N_BITS = 3,
    parameter WRONG = 0
) (
    input  wire [WIDTH-1:0]  value_i,
    input  wire [N_BITS-1:0] n_i,
    input  wire              nearest_i,
    input  wire [15:0]       lo_i,
    input  wire [15:0]       hi_i,
    output wire [15:0]       code_o
);
  localparam WIDE = WIDTH + (1 << N_BITS) + 18;
  wire signed [WIDE-1:0] value = {{(WIDE-WIDTH){WRONG != 3 && value_i[WIDTH-1]}}, value_i};
  wire signed [WIDE-1:0] unit = {{(WIDE-1){1'b0}}, 1'b1} << n_i;
  wire signed [WIDE-1:0] down = value >>> n_i;
  wire signed [WIDE-1:0] twice_rest = (value - (down << n_i)) << 1;
  wire tie_up = (WRONG == 1) ? 1'b1 : (WRONG == 2) ? ~down[0] : down[0];
  wire up = nearest_i && (twice_rest > unit || (twice_rest == unit && tie_up));
  wire signed [WIDE-1:0] rounded = up ? down + 1 : down;
  wire signed [WIDE-1:0] lo = {{(WIDE-16){1'b0}}, lo_i};
  wire signed [WIDE-1:0] hi = {{(WIDE-16){1'b0}}, hi_i} + (WRONG == 4);
  assign code_o = rounded <= lo ? lo_i : rounded > hi ? hi_i : rounded[15:0];
endmodule

module round_gate #(
    parameter WIDTH = 8,
    parameter N_BITS = 3
) (
    input  wire [WIDTH-1:0]  value_i,
    input  wire [N_BITS-1:0] n_i,
    input  wire              nearest_i,
    input  wire [15:0]       lo_i,
    input  wire [15:0]       hi_i,
    output wire [15:0]       code_o
);
  wire [15:0] down;
  wire        up, negative, wide;
  systole_round #(.WIDTH(WIDTH), .N_BITS(N_BITS)) round (
      .value_i(value_i), .n_i(n_i), .nearest_i(nearest_i), .down_o(down), .up_o(up), .negative_o(negative), .wide_o(wide)
  );
  systole_clamp clamp (
      .down_i(down), .up_i(up), .negative_i(negative), .wide_i(wide), .lo_i(lo_i), .hi_i(hi_i), .clamped_o(code_o)
  );
endmodule
`default_nettype wire
