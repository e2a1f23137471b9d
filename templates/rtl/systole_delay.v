// data_i CYCLES cycles later, whatever it is.
`default_nettype none
module systole_delay #(
    parameter WIDTH = 8,
    parameter CYCLES = 1  // 0: a wire
) (
    input  wire             clk,
    input  wire [WIDTH-1:0] data_i,
    output wire [WIDTH-1:0] data_o
);
  generate
    if (CYCLES == 0) begin : g_wire
      assign data_o = data_i;
      wire unused = clk;
    end else begin : g_delay
      reg [CYCLES*WIDTH-1:0] delay_q;
      wire [(CYCLES+1)*WIDTH-1:0] chain = {delay_q, data_i};
      always @(posedge clk) delay_q <= chain[CYCLES*WIDTH-1:0];
      assign data_o = chain[CYCLES*WIDTH +: WIDTH];
    end
  endgenerate
endmodule
`default_nettype wire
