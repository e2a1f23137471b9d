// Signed value limited to the unsigned codes lo..hi. Combinational.
`default_nettype none
module systole_clamp #(
    parameter WIDTH = 32  // of the signed value, more than 17
) (
    input  wire [WIDTH-1:0] value_i,
    input  wire [15:0]      lo_i,
    input  wire [15:0]      hi_i,
    output wire [15:0]      clamped_o
);
  wire below = value_i[WIDTH-1] || value_i < {{(WIDTH-16){1'b0}}, lo_i};
  wire above = value_i > {{(WIDTH-16){1'b0}}, hi_i};
  assign clamped_o = below ? lo_i : above ? hi_i : value_i[15:0];
endmodule
`default_nettype wire
