// One lane of the depthwise unit without its multipliers: sums of codes, or the largest one. Latency 2, as systole_depthwise_mac.
// shift_i: a column begins; clear_i: a sum does. The largest codes of columns_i columns before this one go on, 0..2 (of a row's
// first ones with what was there: nothing leaves behind them).
`default_nettype none
module systole_depthwise_sum #(
    parameter ACC_BITS = 24  // signed, at least 16
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [7:0]          code_i,  // unsigned
    input  wire                shift_i,
    input  wire                clear_i,
    input  wire                max_i,
    input  wire [1:0]          columns_i,
    output reg  [ACC_BITS-1:0] acc_o
);
  reg       valid_q, shift_q, clear_q, max_q;
  reg [1:0] columns_q;
  reg [7:0] code_q;
  reg [7:0] one_q, two_q;  // largest codes of this column, and of it and the one before
  wire [7:0] one = shift_q ? 8'd0 : one_q;
  wire [7:0] two = shift_q ? one_q : two_q;
  wire [7:0] gone = columns_q[1] ? two_q : columns_q[0] ? one_q : 8'd0;
  wire [7:0] most = shift_q ? gone : acc_o[7:0];
  wire [7:0] max = code_q > most ? code_q : most;
  wire [ACC_BITS-1:0] total = (clear_q ? {ACC_BITS{1'b0}} : acc_o) + {{(ACC_BITS-8){1'b0}}, code_q};
  always @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      code_q <= code_i;
      shift_q <= shift_i;
      clear_q <= clear_i;
      max_q <= max_i;
      columns_q <= columns_i;
    end
    if (valid_q) begin
      one_q <= code_q > one ? code_q : one;
      two_q <= code_q > two ? code_q : two;
      acc_o <= max_q ? {{(ACC_BITS-8){1'b0}}, max} : total;
    end
  end
endmodule
`default_nettype wire
