// Turns a write of count_i codes at any code index into bank order for the activation memory. Latency 1.
// Code i is in lane (addr_i - turn_i + i) % LANES.
`default_nettype none
module systole_align #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter AW = 12,        // bits of a code index
    parameter LANE_BITS = 4,  // $clog2(LANES)
    parameter GROUP_BITS = 2
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    valid_i,
    input  wire [GROUP_BITS-1:0]   group_i,
    input  wire [AW-1:0]           addr_i,
    input  wire [LANE_BITS-1:0]    turn_i,   // lanes that the data move up, cyclically: offset, less the first code's lane
    input  wire [LANE_BITS:0]      count_i,
    input  wire [LANES*AD-1:0]     data_i,
    output wire                    valid_o,
    output wire [GROUP_BITS-1:0]   group_o,
    output wire [AW-1:0]           addr_o,
    output wire [LANES-1:0]        mask_o,
    output wire [LANES*AD-1:0]     data_o
);
  reg                    valid_q;
  reg [GROUP_BITS-1:0]   group_q;
  reg [AW-1:0]           addr_q;
  reg [LANES-1:0]        mask_q;
  reg [LANES*AD-1:0]     data_q;
  wire [LANE_BITS-1:0]   offset = addr_i[LANE_BITS-1:0];
  wire [LANES-1:0]       lanes = ~({LANES{1'b1}} << count_i);
  wire [2*LANES-1:0]     lanes_rotated = {lanes, lanes} << offset;
  wire [2*LANES*AD-1:0]  data_rotated = {data_i, data_i} << (turn_i * AD);

  always @(posedge clk) begin
    valid_q <= valid_i && !rst;
    if (valid_i) begin
      group_q <= group_i;
      addr_q <= addr_i;
      mask_q <= lanes_rotated[2*LANES-1:LANES];
      data_q <= data_rotated[2*LANES*AD-1:LANES*AD];
    end
  end
  assign valid_o = valid_q;
  assign group_o = group_q;
  assign addr_o = addr_q;
  assign mask_o = mask_q;
  assign data_o = data_q;
  wire unused = &{1'b0, lanes_rotated, data_rotated};
endmodule
`default_nettype wire
