// The channel folder's part of FEED: a step's entry of fold memory, read as it is issued; beside the address come what is
// added to it and the segment of every bank, in the address's bank order, one cycle later (docs/machine.md, FEED, fold).
`default_nettype none
module systole_feed_fold #(
    parameter LANES = 16,
    parameter LANE_BITS = 4,  // $clog2(LANES)
    parameter AW = 12,        // bits of a code index
    parameter ENTRIES = 64,
    parameter FAW = 6,        // $clog2(ENTRIES)
    parameter WORD_BITS = 8   // of a word's address in a group
) (
    input  wire                  clk,
    input  wire                  we_i,
    input  wire [FAW-1:0]        waddr_i,
    input  wire [32+3*LANES-1:0] wdata_i,
    input  wire                  step_i,
    input  wire                  fold_i,     // of the step's record
    input  wire [FAW-1:0]        entry_i,
    input  wire [WORD_BITS-1:0]  stride_i,
    // the cycle after: to be added to the address, and the sum's place in its word
    output wire [AW-1:0]         off_o,
    input  wire [LANE_BITS-1:0]  offset_i,
    // the cycle after that
    output wire [3*LANES-1:0]    segments_o,
    output wire [WORD_BITS-1:0]  stride_o
);
  wire [AW+3*LANES-1:0] entry;
  systole_ram #(
      .WIDTH(AW + 3*LANES), .WORDS(ENTRIES), .ADDR_BITS(FAW)
  ) memory (
      .clk(clk), .we_i(we_i), .waddr_i(waddr_i), .wdata_i({wdata_i[32 +: 3*LANES], wdata_i[AW-1:0]}),
      .re_i(step_i && fold_i), .raddr_i(entry_i), .rdata_o(entry)
  );
  reg                 s1_valid, s1_fold;
  reg [WORD_BITS-1:0] s1_stride, s2_stride;
  reg [3*LANES-1:0]   s2_segments;
  wire [3*LANES-1:0]  turned;
  systole_turn #(
      .ITEMS(LANES), .BITS(3), .BY_BITS(LANE_BITS)
  ) turn (
      .items_i(entry[AW +: 3*LANES] & {(3*LANES){s1_fold}}), .by_i(offset_i), .items_o(turned)
  );
  always @(posedge clk) begin
    s1_valid <= step_i;
    if (step_i) begin
      s1_fold <= fold_i;
      s1_stride <= stride_i;
    end
    if (s1_valid) begin
      s2_segments <= turned;
      s2_stride <= s1_stride;
    end
  end
  assign off_o = s1_fold ? entry[AW-1:0] : {AW{1'b0}};
  assign segments_o = s2_segments;
  assign stride_o = s2_stride;
  wire unused = &{1'b0, wdata_i};
endmodule
`default_nettype wire
