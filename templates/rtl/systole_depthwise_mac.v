// One lane of the depthwise unit: a code times TAPS weights, and TAPS accumulators in a chain. Latency 2: product, sum.
// shift_i: every accumulator goes on from the tap before, the first from nothing; clear_i: all go on from nothing.
// pair_i (TAPS >= 3): the lane is one of two whose codes belong to adjacent pixels; the last accumulator but one is that of an
// output that begins here, the last that of one that ends here, and the middle column's product is the other lane's.
// Exact modulo 2^ACC_BITS; the compiler has proven the range of what leaves.
`default_nettype none
module systole_depthwise_mac #(
    parameter TAPS = 3,
    parameter ACC_BITS = 24, // signed, at least 16
    parameter UPPER = 0      // 1: of a pair of lanes, that of the later pixel
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [7:0]          code_i,     // unsigned
    input  wire [TAPS*8-1:0]   weights_i,  // signed
    input  wire                shift_i,
    input  wire                clear_i,
    input  wire                pair_i,
    output wire [16:0]         product_o,  // of the last tap but one, for the other lane
    input  wire [16:0]         product_i,
    output wire [ACC_BITS-1:0] acc_o       // of the last tap
);
  localparam PAIRS = TAPS >= 3 ? 1 : 0;
  reg                     valid_q, shift_q, clear_q, pair_q;
  wire [TAPS*17-1:0]      products;
  wire [(TAPS+1)*ACC_BITS-1:0] chain;
  assign chain[ACC_BITS-1:0] = {ACC_BITS{1'b0}};
  always @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      shift_q <= shift_i;
      clear_q <= clear_i;
      pair_q <= pair_i;
    end
  end
  genvar k;
  generate
    for (k = 0; k < TAPS; k = k + 1) begin : g_tap
      wire signed [16:0]   code_x = {9'd0, code_i};
      wire signed [16:0]   weight_x = {{9{weights_i[k*8+7]}}, weights_i[k*8 +: 8]};
      reg signed [16:0]    product_q;
      reg [ACC_BITS-1:0]   acc_q;
      wire signed [17:0]   addend;
      wire                 begins;  // the accumulator goes on from nothing
      wire [ACC_BITS+17:0] addend_x = {{ACC_BITS{addend[17]}}, addend};
      wire [ACC_BITS-1:0]  from = begins ? {ACC_BITS{1'b0}} : shift_q ? chain[k*ACC_BITS +: ACC_BITS] : acc_q;
      assign products[k*17 +: 17] = product_q;
      if (PAIRS != 0 && k == TAPS - 2) begin : g_begins
        wire [16:0] here = pair_q ? products[(TAPS-3)*17 +: 17] : product_q;
        wire [16:0] there = pair_q && UPPER == 0 ? product_i : 17'd0;
        assign addend = {here[16], here} + {there[16], there};
        assign begins = clear_q || (pair_q && shift_q);
      end else if (PAIRS != 0 && k == TAPS - 1) begin : g_ends
        wire [16:0] there = pair_q && UPPER != 0 ? product_i : 17'd0;
        assign addend = {product_q[16], product_q} + {there[16], there};
        assign begins = clear_q;
      end else begin : g_plain
        assign addend = {product_q[16], product_q};
        assign begins = clear_q;
      end
      always @(posedge clk) begin
        if (valid_i) product_q <= code_x * weight_x;
        if (valid_q) acc_q <= from + addend_x[ACC_BITS-1:0];
      end
      assign chain[(k+1)*ACC_BITS +: ACC_BITS] = acc_q;
      wire unused = &{1'b0, addend_x};
    end
  endgenerate
  assign acc_o = chain[TAPS*ACC_BITS +: ACC_BITS];
  assign product_o = PAIRS != 0 ? products[(TAPS > 1 ? TAPS-2 : 0)*17 +: 17] : 17'd0;
  wire unused = &{1'b0, products, product_i, pair_q};
endmodule
`default_nettype wire
