// One write port, one read port, registered read output. Latency 1. What a read of the word being written in the same cycle
// returns is not defined, so that a block RAM needs no logic beside it: the old word in a plain simulation, rubbish where
// assertions are on; no user of the machine relies on it.
// From BLOCK_BITS bits and BLOCK_WORDS words on it is a block RAM; smaller ones are LUT RAM where the device has it.
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
  localparam BLOCK_BITS = 4096;
  localparam BLOCK_WORDS = 128;
  reg [WIDTH-1:0] rdata_q;
  generate
    if (WIDTH * WORDS >= BLOCK_BITS && WORDS >= BLOCK_WORDS) begin : g_block
      (* ram_style = "block" *)
      reg [WIDTH-1:0] mem [0:WORDS-1];
      always @(posedge clk) begin
        if (we_i) mem[waddr_i] <= wdata_i;
`ifdef SYNTHESIS
        if (re_i) rdata_q <= (we_i && waddr_i == raddr_i) ? {WIDTH{1'bx}} : mem[raddr_i];
`elsif SYSTOLE_ASSERT
        if (re_i) rdata_q <= (we_i && waddr_i == raddr_i) ? ~mem[raddr_i] : mem[raddr_i];
`else
        if (re_i) rdata_q <= mem[raddr_i];
`endif
      end
    end else begin : g_small
      reg [WIDTH-1:0] mem [0:WORDS-1];
      always @(posedge clk) begin
        if (we_i) mem[waddr_i] <= wdata_i;
`ifdef SYNTHESIS
        if (re_i) rdata_q <= (we_i && waddr_i == raddr_i) ? {WIDTH{1'bx}} : mem[raddr_i];
`elsif SYSTOLE_ASSERT
        if (re_i) rdata_q <= (we_i && waddr_i == raddr_i) ? ~mem[raddr_i] : mem[raddr_i];
`else
        if (re_i) rdata_q <= mem[raddr_i];
`endif
      end
    end
  endgenerate
  assign rdata_o = rdata_q;
endmodule
`default_nettype wire
