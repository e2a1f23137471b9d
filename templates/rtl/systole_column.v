// Weight memories of one stage's columns (row 0) and the stage's part of the two chains that pass by:
// the read address hops right in step with digits and control, the loading word hops right one stage a cycle.
// Read address in cycle t, weights t+1.
`default_nettype none
module systole_column #(
    parameter LANES = 16,
    parameter WD = 3,
    parameter STAGE = 1,
    parameter WEIGHT_WORDS = 256,
    parameter WAW = 8    // $clog2(WEIGHT_WORDS)
) (
    input  wire                      clk,
    input  wire [15:0]               first_i,  // a constant: number of the stage's first column
    input  wire                      valid_i,
    input  wire [WAW-1:0]            addr_i,
    output wire                      valid_o,
    output wire [WAW-1:0]            addr_o,
    output wire [STAGE*LANES*WD-1:0] weights_o,
    input  wire                      cfg_we_i,
    input  wire [15:0]               cfg_column_i,
    input  wire [WAW-1:0]            cfg_addr_i,
    input  wire [LANES*WD-1:0]       cfg_data_i,
    output wire                      cfg_we_o,
    output wire [15:0]               cfg_column_o,
    output wire [WAW-1:0]            cfg_addr_o,
    output wire [LANES*WD-1:0]       cfg_data_o
);
  reg                valid_q, cfg_we_q;
  reg [WAW-1:0]      addr_q, cfg_addr_q;
  reg [15:0]         cfg_column_q;
  reg [LANES*WD-1:0] cfg_data_q;
  always @(posedge clk) begin
    valid_q <= valid_i;
    cfg_we_q <= cfg_we_i;
    if (valid_i) addr_q <= addr_i;
    if (cfg_we_i) begin
      cfg_column_q <= cfg_column_i;
      cfg_addr_q <= cfg_addr_i;
      cfg_data_q <= cfg_data_i;
    end
  end
  assign valid_o = valid_q;
  assign addr_o = addr_q;
  assign cfg_we_o = cfg_we_q;
  assign cfg_column_o = cfg_column_q;
  assign cfg_addr_o = cfg_addr_q;
  assign cfg_data_o = cfg_data_q;

  genvar c;
  generate
    for (c = 0; c < STAGE; c = c + 1) begin : g_memory
      localparam [15:0] OFFSET = c;
      systole_ram #(
          .WIDTH(LANES*WD), .WORDS(WEIGHT_WORDS), .ADDR_BITS(WAW)
      ) weights (
          .clk(clk), .we_i(cfg_we_i && cfg_column_i == first_i + OFFSET), .waddr_i(cfg_addr_i), .wdata_i(cfg_data_i),
          .re_i(valid_i), .raddr_i(addr_i), .rdata_o(weights_o[c*LANES*WD +: LANES*WD])
      );
    end
  endgenerate
endmodule
`default_nettype wire
