// The sum of both outputs of systole_parts.v: the product of two signed numbers, a cycle later.
// WRONG makes it wrong on purpose: 1 the first factor counts as unsigned, 2 the cycle is missing.
`default_nettype none
module parts_reference #(
    parameter A_BITS = 4,
    parameter A_LOW = 2,
    parameter B_BITS = 4,
    parameter B_LOW = 2,
    parameter SUM_BITS = 10,
    parameter WRONG = 0
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [A_BITS-1:0]   a_i,
    input  wire [B_BITS-1:0]   b_i,
    output wire [SUM_BITS-1:0] sum_o
);
  wire signed [SUM_BITS-1:0] a = {{(SUM_BITS-A_BITS){WRONG != 1 && a_i[A_BITS-1]}}, a_i};
  wire signed [SUM_BITS-1:0] b = $signed(b_i);
  wire signed [SUM_BITS-1:0] product = a * b;
  reg [SUM_BITS-1:0] product_q;
  always @(posedge clk) if (valid_i) product_q <= product;
  assign sum_o = WRONG == 2 ? product : product_q;
  wire unused = &{1'b0, A_LOW[0], B_LOW[0]};
endmodule

module parts_gate #(
    parameter A_BITS = 4,
    parameter A_LOW = 2,
    parameter B_BITS = 4,
    parameter B_LOW = 2,
    parameter SUM_BITS = 10
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [A_BITS-1:0]   a_i,
    input  wire [B_BITS-1:0]   b_i,
    output wire [SUM_BITS-1:0] sum_o
);
  wire [SUM_BITS-1:0] straight, across;
  systole_parts #(
      .A_BITS(A_BITS), .A_LOW(A_LOW), .B_BITS(B_BITS), .B_LOW(B_LOW), .SUM_BITS(SUM_BITS)
  ) parts (
      .clk(clk), .valid_i(valid_i), .a_i(a_i), .b_i(b_i), .straight_o(straight), .across_o(across)
  );
  assign sum_o = straight + across;
endmodule
`default_nettype wire
