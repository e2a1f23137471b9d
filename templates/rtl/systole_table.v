// The table behind requantization: value becomes entry base + value, for PW channels at once, each from its own copy.
// Latency 1. Where enable_i is 0 the values pass as they are. value_o holds while valid_i is 0.
`default_nettype none
module systole_table #(
    parameter PW = 4,
    parameter VALUE_BITS = 24,    // at least 16
    parameter ENTRIES = 256,      // of 16 bits, a power of two, at least 2
    parameter ENTRY_BITS = 8      // $clog2(ENTRIES)
) (
    input  wire                     clk,
    input  wire                     we_i,
    input  wire [ENTRY_BITS-1:0]    waddr_i,
    input  wire [15:0]              wdata_i,
    input  wire                     valid_i,
    input  wire                     enable_i,
    input  wire [ENTRY_BITS-1:0]    base_i,
    input  wire [PW*VALUE_BITS-1:0] value_i,
    output wire [PW*VALUE_BITS-1:0] value_o
);
  reg                     enable_q;
  reg [PW*VALUE_BITS-1:0] value_q;
  always @(posedge clk) begin
    if (valid_i) begin
      enable_q <= enable_i;
      value_q <= value_i;
    end
  end

  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      wire [VALUE_BITS-1:0] value = value_i[c*VALUE_BITS +: VALUE_BITS];
      wire [ENTRY_BITS+15:0] index = {{ENTRY_BITS{1'b0}}, value[15:0]};
      wire [15:0] entry;
      systole_ram #(
          .WIDTH(16), .WORDS(ENTRIES), .ADDR_BITS(ENTRY_BITS)
      ) copy (
          .clk(clk), .we_i(we_i), .waddr_i(waddr_i), .wdata_i(wdata_i),
          .re_i(valid_i && enable_i), .raddr_i(base_i + index[ENTRY_BITS-1:0]), .rdata_o(entry)
      );
      wire [VALUE_BITS+15:0] looked = {{VALUE_BITS{1'b0}}, entry};
      assign value_o[c*VALUE_BITS +: VALUE_BITS] = enable_q ? looked[VALUE_BITS-1:0] : value_q[c*VALUE_BITS +: VALUE_BITS];
      wire unused = &{1'b0, value, index, looked};
    end
  endgenerate
endmodule
`default_nettype wire
