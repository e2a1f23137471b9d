// One lane of the depthwise unit: a code times TAPS weights, and TAPS accumulators in a chain. Latency 2: product, sum.
// shift_i: every accumulator goes on from the tap before, the first from nothing; clear_i: all go on from nothing.
// Exact modulo 2^ACC_BITS; the compiler has proven the range of what leaves.
`default_nettype none
module systole_depthwise_mac #(
    parameter TAPS = 3,
    parameter ACC_BITS = 24  // signed, at least 17
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [7:0]          code_i,     // unsigned
    input  wire [TAPS*8-1:0]   weights_i,  // signed
    input  wire                shift_i,
    input  wire                clear_i,
    output wire [ACC_BITS-1:0] acc_o       // of the last tap
);
  reg                     valid_q, shift_q, clear_q;
  wire [(TAPS+1)*ACC_BITS-1:0] chain;
  assign chain[ACC_BITS-1:0] = {ACC_BITS{1'b0}};
  always @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      shift_q <= shift_i;
      clear_q <= clear_i;
    end
  end
  genvar k;
  generate
    for (k = 0; k < TAPS; k = k + 1) begin : g_tap
      wire signed [16:0]   code_x = {9'd0, code_i};
      wire signed [16:0]   weight_x = {{9{weights_i[k*8+7]}}, weights_i[k*8 +: 8]};
      reg signed [16:0]    product_q;
      reg [ACC_BITS-1:0]   acc_q;
      wire [ACC_BITS+16:0] product_x = {{ACC_BITS{product_q[16]}}, product_q};
      wire [ACC_BITS-1:0]  from = clear_q ? {ACC_BITS{1'b0}} : shift_q ? chain[k*ACC_BITS +: ACC_BITS] : acc_q;
      always @(posedge clk) begin
        if (valid_i) product_q <= code_x * weight_x;
        if (valid_q) acc_q <= from + product_x[ACC_BITS-1:0];
      end
      assign chain[(k+1)*ACC_BITS +: ACC_BITS] = acc_q;
      wire unused = &{1'b0, product_x};
    end
  endgenerate
  assign acc_o = chain[TAPS*ACC_BITS +: ACC_BITS];
endmodule
`default_nettype wire
