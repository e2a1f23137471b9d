// The table behind requantization: entry base + code, for PW channels at once, each from its own copy. Latency 1.
`default_nettype none
module systole_table #(
    parameter PW = 4,
    parameter ENTRIES = 256,      // of 16 bits, a power of two, at least 2
    parameter ENTRY_BITS = 8      // $clog2(ENTRIES)
) (
    input  wire                  clk,
    input  wire                  we_i,
    input  wire [ENTRY_BITS-1:0] waddr_i,
    input  wire [15:0]           wdata_i,
    input  wire                  read_i,
    input  wire [ENTRY_BITS-1:0] base_i,
    input  wire [PW*16-1:0]      code_i,
    output wire [PW*16-1:0]      entry_o
);
  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      wire [ENTRY_BITS+15:0] index = {{ENTRY_BITS{1'b0}}, code_i[c*16 +: 16]};
      systole_ram #(
          .WIDTH(16), .WORDS(ENTRIES), .ADDR_BITS(ENTRY_BITS)
      ) copy (
          .clk(clk), .we_i(we_i), .waddr_i(waddr_i), .wdata_i(wdata_i),
          .re_i(read_i), .raddr_i(base_i + index[ENTRY_BITS-1:0]), .rdata_o(entry_o[c*16 +: 16])
      );
      wire unused = &{1'b0, index};
    end
  endgenerate
endmodule
`default_nettype wire
