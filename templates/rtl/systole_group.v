// One group of one copy of the activation memory: LANES banks of one digit, code index a in bank a % LANES, word a / LANES.
// A read returns the LANES codes from any index in bank order (bank b holds word q, or q+1 where b < offset), registered;
// the reader rotates. With the channel folder, bank b's word is segment_b * stride further on. A write comes aligned (systole_align): bank-ordered digits, one enable per bank.
`default_nettype none
module systole_group #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter ACT_WORDS = 256,
    parameter WORD_BITS = 8,  // $clog2(ACT_WORDS)
    parameter LANE_BITS = 4,  // $clog2(LANES)
    parameter FOLD = 0        // 1: with segments
) (
    input  wire                  clk,
    input  wire                  we_i,
    input  wire [WORD_BITS-1:0]  wword_i,
    input  wire [LANE_BITS-1:0]  woffset_i,
    input  wire [LANES-1:0]      wmask_i,
    input  wire [LANES*AD-1:0]   wdata_i,
    input  wire                  re_i,
    input  wire [WORD_BITS-1:0]  rword_i,
    input  wire [LANE_BITS-1:0]  roffset_i,
    input  wire [3*LANES-1:0]    rsegments_i,
    input  wire [WORD_BITS-1:0]  rstride_i,
    output wire [LANES*AD-1:0]   rdata_o
);
  wire [WORD_BITS-1:0] wword_next = wword_i + {{(WORD_BITS-1){1'b0}}, 1'b1};
  wire [WORD_BITS-1:0] rword_next = rword_i + {{(WORD_BITS-1){1'b0}}, 1'b1};
  // Words from segment 0 to each other one.
  wire [8*WORD_BITS-1:0] hops;
  genvar b;
  generate
    for (b = 0; b < 8; b = b + 1) begin : g_hop
      wire [WORD_BITS+2:0] words = b[WORD_BITS+2:0] * {3'd0, rstride_i};
      assign hops[b*WORD_BITS +: WORD_BITS] = FOLD != 0 ? words[WORD_BITS-1:0] : {WORD_BITS{1'b0}};
      wire unused = &{1'b0, words};
    end
    for (b = 0; b < LANES; b = b + 1) begin : g_bank
      wire [WORD_BITS-1:0] rword = roffset_i > b ? rword_next : rword_i;
      wire [2:0] s = FOLD != 0 ? rsegments_i[3*b +: 3] : 3'd0;
      wire [WORD_BITS-1:0] low = s[1] ? (s[0] ? hops[3*WORD_BITS +: WORD_BITS] : hops[2*WORD_BITS +: WORD_BITS])
                                      : (s[0] ? hops[WORD_BITS +: WORD_BITS] : {WORD_BITS{1'b0}});
      wire [WORD_BITS-1:0] high = s[1] ? (s[0] ? hops[7*WORD_BITS +: WORD_BITS] : hops[6*WORD_BITS +: WORD_BITS])
                                       : (s[0] ? hops[5*WORD_BITS +: WORD_BITS] : hops[4*WORD_BITS +: WORD_BITS]);
      wire [WORD_BITS-1:0] hop = s[2] ? high : low;
      systole_ram #(
          .WIDTH(AD), .WORDS(ACT_WORDS), .ADDR_BITS(WORD_BITS)
      ) bank (
          .clk(clk),
          .we_i(we_i && wmask_i[b]),
          .waddr_i(woffset_i > b ? wword_next : wword_i),
          .wdata_i(wdata_i[b*AD +: AD]),
          .re_i(re_i),
          .raddr_i(rword + hop),
          .rdata_o(rdata_o[b*AD +: AD])
      );
    end
  endgenerate
  wire unused = &{1'b0, rsegments_i, rstride_i, hops};
endmodule
`default_nettype wire
