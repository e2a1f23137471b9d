// Ones among six bits, for BITS sixes side by side: bit i of every word belongs to six i. Three LUTs of six inputs each.
// Combinational.
`default_nettype none
module systole_six #(
    parameter BITS = 1
) (
    input  wire [6*BITS-1:0] words_i,
    output wire [3*BITS-1:0] count_o  // ones, twos, fours
);
  wire [BITS-1:0] p = words_i[0 +: BITS], q = words_i[BITS +: BITS], r = words_i[2*BITS +: BITS];
  wire [BITS-1:0] s = words_i[3*BITS +: BITS], t = words_i[4*BITS +: BITS], u = words_i[5*BITS +: BITS];
  wire [BITS-1:0] a = p ^ q ^ r;
  wire [BITS-1:0] b = s ^ t ^ u;
  wire [BITS-1:0] c = (p & q) | (r & (p ^ q));
  wire [BITS-1:0] d = (s & t) | (u & (s ^ t));
  wire [BITS-1:0] e = a & b;
  assign count_o = {(c & d) | (e & (c ^ d)), c ^ d ^ e, a ^ b};
endmodule
`default_nettype wire
