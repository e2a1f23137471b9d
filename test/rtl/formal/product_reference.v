// systole_product.v from its definition, for all inputs: sums wrap to FACTOR_BITS, the product to ACC_BITS.
// WRONG makes it wrong on purpose: 1 the residual has a sign, 2 its offset is forgotten.
`default_nettype none
module product_reference #(
    parameter ACC_BITS = 5,
    parameter RES_BITS = 3,
    parameter FACTOR_BITS = 4,
    parameter WRONG = 0
) (
    input  wire [ACC_BITS-1:0]    acc_i,
    input  wire [RES_BITS-1:0]    res_i,
    input  wire [FACTOR_BITS-1:0] a_offset_i,
    input  wire [FACTOR_BITS-1:0] r_offset_i,
    output wire [ACC_BITS-1:0]    y_o
);
  wire signed [31:0] acc = $signed(acc_i);
  wire signed [31:0] res = {{(32-RES_BITS){WRONG == 1 && res_i[RES_BITS-1]}}, res_i};
  wire signed [31:0] a_offset = $signed(a_offset_i);
  wire signed [31:0] r_offset = $signed(r_offset_i);
  wire signed [31:0] a_sum = acc + a_offset;
  wire signed [31:0] r_sum = WRONG == 2 ? res : res + r_offset;
  wire signed [31:0] a = (a_sum << (32 - FACTOR_BITS)) >>> (32 - FACTOR_BITS);
  wire signed [31:0] r = (r_sum << (32 - FACTOR_BITS)) >>> (32 - FACTOR_BITS);
  wire signed [31:0] y = a * r;
  assign y_o = y[ACC_BITS-1:0];
endmodule
`default_nettype wire
