// systole_align.v from its definition: code i of the write, in lane (address - turn + i) % LANES,
// goes to bank (address + i) % LANES.
// WRONG makes it wrong on purpose: 1 the last code is left out, 2 the banks are counted from the other end.
`default_nettype none
module align_reference #(
    parameter LANES = 4,
    parameter AD = 2,
    parameter AW = 4,
    parameter LANE_BITS = 2,
    parameter GROUP_BITS = 2,
    parameter WRONG = 0
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  valid_i,
    input  wire [GROUP_BITS-1:0] group_i,
    input  wire [AW-1:0]         addr_i,
    input  wire [LANE_BITS-1:0]  turn_i,
    input  wire [LANE_BITS:0]    count_i,
    input  wire [LANES*AD-1:0]   data_i,
    output reg                   valid_o,
    output reg  [GROUP_BITS-1:0] group_o,
    output reg  [AW-1:0]         addr_o,
    output reg  [LANES-1:0]      mask_o,
    output reg  [LANES*AD-1:0]   data_o
);
  reg [LANES-1:0]    mask;
  reg [LANES*AD-1:0] data;
  reg [AW-1:0]       bank;
  reg [AW-1:0]       lane;
  integer i;
  always @* begin
    mask = {LANES{1'b0}};
    data = data_i;
    for (i = 0; i < LANES; i = i + 1) begin
      bank = (WRONG == 2 ? addr_i - i : addr_i + i) % LANES;
      lane = (addr_i - turn_i + i) % LANES;
      data[bank*AD +: AD] = data_i[lane*AD +: AD];
      if (i + (WRONG == 1) < count_i) mask[bank] = 1'b1;
    end
  end
  always @(posedge clk) begin
    valid_o <= valid_i && !rst;
    if (valid_i) begin
      group_o <= group_i;
      addr_o <= addr_i;
      mask_o <= mask;
      data_o <= data;
    end
  end
endmodule
`default_nettype wire
