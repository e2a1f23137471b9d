// value / 2^n of systole_round.v from its definition: quotient and rest of a wide signed number.
// WRONG makes it wrong on purpose: 1 ties go up, 2 ties go to odd.
`default_nettype none
module round_reference #(
    parameter WIDTH = 8,
    parameter N_BITS = 3,
    parameter WRONG = 0
) (
    input  wire [WIDTH-1:0]  value_i,
    input  wire [N_BITS-1:0] n_i,
    input  wire              nearest_i,
    output wire [WIDTH-1:0]  rounded_o
);
  localparam WIDE = WIDTH + (1 << N_BITS) + 2;
  wire signed [WIDE-1:0] value = $signed(value_i);
  wire signed [WIDE-1:0] unit = {{(WIDE-1){1'b0}}, 1'b1} << n_i;
  wire signed [WIDE-1:0] down = value >>> n_i;
  wire signed [WIDE-1:0] twice_rest = (value - (down << n_i)) << 1;
  wire tie_up = (WRONG == 1) ? 1'b1 : (WRONG == 2) ? ~down[0] : down[0];
  wire up = nearest_i && (twice_rest > unit || (twice_rest == unit && tie_up));
  wire signed [WIDE-1:0] rounded = up ? down + 1 : down;
  assign rounded_o = rounded[WIDTH-1:0];
endmodule
`default_nettype wire
