// Ones among six bits: three LUTs of six inputs. Combinational.
`default_nettype none
module systole_six (
    input  wire [5:0] bits_i,
    output wire [2:0] count_o
);
  wire a = bits_i[0] ^ bits_i[1] ^ bits_i[2];
  wire b = bits_i[3] ^ bits_i[4] ^ bits_i[5];
  wire c = (bits_i[0] & bits_i[1]) | (bits_i[2] & (bits_i[0] ^ bits_i[1]));
  wire d = (bits_i[3] & bits_i[4]) | (bits_i[5] & (bits_i[3] ^ bits_i[4]));
  wire e = a & b;
  assign count_o = {(c & d) | (e & (c ^ d)), c ^ d ^ e, a ^ b};
endmodule
`default_nettype wire
