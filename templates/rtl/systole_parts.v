// a * b, signed, as two numbers whose sum it is, each product of two parts in a register: straight_o holds low times low
// below high times high, across_o the sum of the two others. A factor with LOW = 0 is one part; low parts of
// both are equally wide. Latency 1.
`default_nettype none
module systole_parts #(
    parameter A_BITS = 28,
    parameter A_LOW = 17,    // bits of a's unsigned low part, 0 or 17
    parameter B_BITS = 34,
    parameter B_LOW = 17,
    parameter SUM_BITS = 66  // more than A_BITS + B_BITS
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [A_BITS-1:0]   a_i,
    input  wire [B_BITS-1:0]   b_i,
    output wire [SUM_BITS-1:0] straight_o,
    output wire [SUM_BITS-1:0] across_o
);
  localparam A_HIGH = A_BITS - A_LOW;
  localparam B_HIGH = B_BITS - B_LOW;
  localparam HH = A_HIGH + B_HIGH;

  wire signed [HH-1:0] a_high = {{B_HIGH{a_i[A_BITS-1]}}, a_i[A_BITS-1:A_LOW]};
  wire signed [HH-1:0] b_high = {{A_HIGH{b_i[B_BITS-1]}}, b_i[B_BITS-1:B_LOW]};
  reg signed  [HH-1:0] high_q;
  always @(posedge clk) if (valid_i) high_q <= a_high * b_high;

  wire [SUM_BITS-1:0] a_low_b_high, a_high_b_low;
  generate
    if (A_LOW > 0) begin : g_a_low
      localparam LH = A_LOW + 1 + B_HIGH;
      wire signed [LH-1:0] a_low = {{(B_HIGH+1){1'b0}}, a_i[A_LOW-1:0]};
      wire signed [LH-1:0] b_wide = {{(A_LOW+1){b_i[B_BITS-1]}}, b_i[B_BITS-1:B_LOW]};
      reg signed  [LH-1:0] product_q;
      always @(posedge clk) if (valid_i) product_q <= a_low * b_wide;
      assign a_low_b_high = {{(SUM_BITS-LH){product_q[LH-1]}}, product_q};
    end else begin : g_a_whole
      assign a_low_b_high = {SUM_BITS{1'b0}};
    end
    if (B_LOW > 0) begin : g_b_low
      localparam HL = A_HIGH + B_LOW + 1;
      wire signed [HL-1:0] a_wide = {{(B_LOW+1){a_i[A_BITS-1]}}, a_i[A_BITS-1:A_LOW]};
      wire signed [HL-1:0] b_low = {{(A_HIGH+1){1'b0}}, b_i[B_LOW-1:0]};
      reg signed  [HL-1:0] product_q;
      always @(posedge clk) if (valid_i) product_q <= a_wide * b_low;
      assign a_high_b_low = {{(SUM_BITS-HL){product_q[HL-1]}}, product_q};
    end else begin : g_b_whole
      assign a_high_b_low = {SUM_BITS{1'b0}};
    end
    if (A_LOW > 0 && B_LOW > 0) begin : g_both
      wire [A_LOW+B_LOW-1:0] a_low = {{B_LOW{1'b0}}, a_i[A_LOW-1:0]};
      wire [A_LOW+B_LOW-1:0] b_low = {{A_LOW{1'b0}}, b_i[B_LOW-1:0]};
      reg  [A_LOW+B_LOW-1:0] low_q;
      always @(posedge clk) if (valid_i) low_q <= a_low * b_low;
      assign straight_o = {{(SUM_BITS-HH-A_LOW-B_LOW){high_q[HH-1]}}, high_q, low_q};
    end else begin : g_one
      assign straight_o = {{(SUM_BITS-HH){high_q[HH-1]}}, high_q} << (A_LOW + B_LOW);
    end
    if (A_LOW > 0 && B_LOW > 0) begin : g_two_across
      wire [SUM_BITS-1:0] sum = a_low_b_high + a_high_b_low;
      assign across_o = sum << A_LOW;
    end else begin : g_one_across
      assign across_o = a_low_b_high | a_high_b_low;
    end
  endgenerate
endmodule
`default_nettype wire
