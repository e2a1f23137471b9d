// value / 2^n for systole_clamp: the low 16 bits of the quotient rounded down, whether rounding adds one (to the nearest,
// ties to even), and whether the quotient is negative or too large for 16 bits. Of a negative one only that is said.
// Combinational.
`default_nettype none
module systole_round #(
    parameter WIDTH = 32,
    parameter N_BITS = 6  // at most 6
) (
    input  wire [WIDTH-1:0]  value_i,
    input  wire [N_BITS-1:0] n_i,
    input  wire              nearest_i,
    output wire [15:0]       down_o,
    output wire              up_o,
    output wire              negative_o,
    output wire              wide_o
);
  // One bit below the point comes along; what is shifted out below it, and what lies above the 16 bits, is only or-ed.
  // Shifts by sixteens, fours and ones: at each the bits that the next ones can still reach.
  localparam BLOCKS = (WIDTH + 16) / 16 > 5 ? (WIDTH + 16) / 16 : 5;
  wire [5:0]           n = {{(6-N_BITS){1'b0}}, n_i};
  wire [16*BLOCKS-1:0] bits = {{(16*BLOCKS-WIDTH-1){1'b0}}, value_i, 1'b0};
  reg  [BLOCKS-1:0]    block;  // some bit of it is set
  wire [16*BLOCKS-1:0] sixteens = bits >> {n[5:4], 4'd0};
  wire [31:0]          fours = sixteens[31:0] >> {n[3:2], 2'd0};
  wire [19:0]          ones = fours[19:0] >> n[1:0];
  reg  [5:0]           above, below;
  integer i;
  always @* begin
    above = 6'd0;
    below = 6'd0;
    for (i = 0; i < BLOCKS; i = i + 1) begin
      block[i] = bits[16*i +: 16] != 16'd0;
      if (i >= 2) above[0] = above[0] | (block[i] & (i - 2 >= {30'd0, n[5:4]}));
      if (i < 3) below[0] = below[0] | (block[i] & (i < {30'd0, n[5:4]}));
    end
    for (i = 0; i < 8; i = i + 1) begin
      if (i >= 5) above[1] = above[1] | (sixteens[4*i +: 4] != 4'd0 & (i - 5 >= {30'd0, n[3:2]}));
      if (i < 3) below[1] = below[1] | (sixteens[4*i +: 4] != 4'd0 & (i < {30'd0, n[3:2]}));
    end
    for (i = 0; i < 20; i = i + 1) begin
      if (i >= 17) above[2] = above[2] | (fours[i] & (i - 17 >= {30'd0, n[1:0]}));
      if (i < 3) below[2] = below[2] | (fours[i] & (i < {30'd0, n[1:0]}));
    end
  end
  assign down_o = ones[16:1];
  assign up_o = nearest_i && ones[0] && (below != 6'd0 || ones[1]);
  assign negative_o = value_i[WIDTH-1];
  assign wide_o = above != 6'd0;
  wire unused = &{1'b0, sixteens, fours, ones};
endmodule
`default_nettype wire
