// A rounded quotient (systole_round.v) limited to the unsigned codes lo..hi, where lo is not above hi. Combinational.
// The one of rounding is added and, beside it, counted in both comparisons.
`default_nettype none
module systole_clamp (
    input  wire [15:0] down_i,
    input  wire        up_i,
    input  wire        negative_i,
    input  wire        wide_i,
    input  wire [15:0] lo_i,
    input  wire [15:0] hi_i,
    output wire [15:0] clamped_o
);
  // Carries out of down - lo - 1 + up and of down - hi - 1 + up.
  wire [17:0] over_lo = {1'b0, down_i, 1'b1} + {1'b0, ~lo_i, up_i};
  wire [17:0] over_hi = {1'b0, down_i, 1'b1} + {1'b0, ~hi_i, up_i};
  wire [16:0] rounded = {down_i, 1'b1} + {16'd0, up_i};
  wire        to_lo = negative_i || (!wide_i && !over_lo[17]);
  wire        to_hi = wide_i || over_hi[17];
  assign clamped_o = to_lo ? lo_i : to_hi ? hi_i : rounded[16:1];
  wire unused = &{1'b0, over_lo, over_hi, rounded};
endmodule
`default_nettype wire
