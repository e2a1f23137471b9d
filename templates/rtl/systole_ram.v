// One write port, one read port, registered read output. Latency 1. A read of the word being written
// in the same cycle returns the old word in simulation; no user of the machine relies on it.
`default_nettype none
module systole_ram #(
    parameter WIDTH = 8,      // bits per word
    parameter WORDS = 16,     // words, at least 2
    parameter ADDR_BITS = 4   // $clog2(WORDS)
) (
    input  wire                 clk,
    input  wire                 we_i,
    input  wire [ADDR_BITS-1:0] waddr_i,
    input  wire [WIDTH-1:0]     wdata_i,
    input  wire                 re_i,
    input  wire [ADDR_BITS-1:0] raddr_i,
    output wire [WIDTH-1:0]     rdata_o
);
  reg [WIDTH-1:0] mem [0:WORDS-1];
  reg [WIDTH-1:0] rdata_q;

  always @(posedge clk) begin
    if (we_i) mem[waddr_i] <= wdata_i;
    if (re_i) rdata_q <= mem[raddr_i];
  end
  assign rdata_o = rdata_q;
endmodule
`default_nettype wire
