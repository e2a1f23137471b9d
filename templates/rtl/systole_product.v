// One channel of a product of two maps: (acc + aOffset) * (res + rOffset), signed. Combinational.
// The compiler proves that both sums fit FACTOR_BITS and the product ACC_BITS.
`default_nettype none
module systole_product #(
    parameter ACC_BITS = 24,    // signed, at least FACTOR_BITS - 1
    parameter RES_BITS = 16,    // unsigned, less than FACTOR_BITS
    parameter FACTOR_BITS = 17  // signed; twice of it at least ACC_BITS
) (
    input  wire [ACC_BITS-1:0]    acc_i,
    input  wire [RES_BITS-1:0]    res_i,
    input  wire [FACTOR_BITS-1:0] a_offset_i,
    input  wire [FACTOR_BITS-1:0] r_offset_i,
    output wire [ACC_BITS-1:0]    y_o
);
  wire [ACC_BITS:0]             acc_x = {acc_i[ACC_BITS-1], acc_i};
  wire [FACTOR_BITS-1:0]        a = acc_x[FACTOR_BITS-1:0] + a_offset_i;
  wire [FACTOR_BITS-1:0]        r = {{(FACTOR_BITS-RES_BITS){1'b0}}, res_i} + r_offset_i;
  wire signed [2*FACTOR_BITS-1:0] a_x = {{FACTOR_BITS{a[FACTOR_BITS-1]}}, a};
  wire signed [2*FACTOR_BITS-1:0] r_x = {{FACTOR_BITS{r[FACTOR_BITS-1]}}, r};
  wire signed [2*FACTOR_BITS-1:0] exact = a_x * r_x;
  assign y_o = exact[ACC_BITS-1:0];
  wire unused = &{1'b0, acc_x, exact};
endmodule
`default_nettype wire
