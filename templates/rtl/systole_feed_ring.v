// FEED's side of the weight ring: how many ring words wait to be used, and where the current column tile's begin.
// A column tile may be worked on while all its words are in the ring; with its last step they are given back.
`default_nettype none
module systole_feed_ring #(
    parameter RING_BITS = 6  // $clog2 of the ring's words
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 ring_i,        // the record's weights come from the ring
    input  wire [RING_BITS:0]   tile_words_i,
    input  wire                 tile_end_i,    // the last step of a column tile
    input  wire                 word_done_i,   // one more word is in the ring
    output wire                 ok_o,
    output wire [RING_BITS-1:0] tail_o,
    output wire                 release_o      // of tile_words_i
);
  reg [RING_BITS:0]   filled_q;
  reg [RING_BITS-1:0] tail_q;
  wire release_now = ring_i && tile_end_i;
  // Both sums stand side by side: FEED decides late.
  wire [RING_BITS:0] kept = filled_q + {{RING_BITS{1'b0}}, word_done_i};
  wire [RING_BITS:0] less = kept - tile_words_i;
  always @(posedge clk) begin
    if (rst) begin
      filled_q <= {(RING_BITS+1){1'b0}};
      tail_q <= {RING_BITS{1'b0}};
    end else begin
      filled_q <= (less & {(RING_BITS+1){release_now}}) | (kept & {(RING_BITS+1){!release_now}});
      if (release_now) tail_q <= tail_q + tile_words_i[RING_BITS-1:0];
    end
  end
  assign ok_o = !ring_i || filled_q >= tile_words_i;
  assign tail_o = tail_q;
  assign release_o = release_now;
endmodule
`default_nettype wire
