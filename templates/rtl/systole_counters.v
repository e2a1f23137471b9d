// Row counters: monotone within a frame, reset when the record that fills them becomes active.
// Reads are combinational; an event of cycle t shows in cycle t+1. A clear wins over an increment.
// A counter has one writer at a time. The ahead readers (FEED's) get the same from registers: each follows the counter of the
// active record, from move_i on that of the next one, so that no choice among the counters stands before a decision.
`default_nettype none
module systole_counters #(
    parameter COUNTERS = 16,   // 4..64
    parameter INDEX_BITS = 4,  // $clog2(COUNTERS)
    parameter STEP_BITS = 8,   // of an increment
    parameter WRITERS = 2,
    parameter READERS = 2,
    parameter AHEAD = 2        // readers ahead
) (
    input  wire                          clk,
    input  wire                          rst,
    input  wire [WRITERS-1:0]            clear_i,
    input  wire [WRITERS*INDEX_BITS-1:0] clear_index_i,
    input  wire [WRITERS-1:0]            inc_i,
    input  wire [WRITERS*INDEX_BITS-1:0] inc_index_i,
    input  wire [WRITERS*STEP_BITS-1:0]  inc_step_i,
    input  wire [READERS*INDEX_BITS-1:0] read_index_i,
    output wire [READERS*16-1:0]         read_o,
    input  wire                          ahead_move_i,
    input  wire [AHEAD*INDEX_BITS-1:0]   ahead_index_i,  // of the active record, stable but for ahead_move_i
    input  wire [AHEAD*INDEX_BITS-1:0]   ahead_next_i,   // of the one that ahead_move_i makes active
    output wire [AHEAD*16-1:0]           ahead_o
);
  reg [15:0] count_q [0:COUNTERS-1];

  // What each counter is asked to do.
  reg [COUNTERS-1:0]           clear;
  reg [COUNTERS*STEP_BITS-1:0] step;
  integer i, w;
  always @* begin
    clear = {COUNTERS{1'b0}};
    step = {COUNTERS*STEP_BITS{1'b0}};
    for (w = 0; w < WRITERS; w = w + 1) begin
      for (i = 0; i < COUNTERS; i = i + 1) begin
        if (clear_i[w] && clear_index_i[w*INDEX_BITS +: INDEX_BITS] == i[INDEX_BITS-1:0]) clear[i] = 1'b1;
        if (inc_i[w] && inc_index_i[w*INDEX_BITS +: INDEX_BITS] == i[INDEX_BITS-1:0])
          step[i*STEP_BITS +: STEP_BITS] = step[i*STEP_BITS +: STEP_BITS] | inc_step_i[w*STEP_BITS +: STEP_BITS];
      end
    end
  end

  wire [16*COUNTERS-1:0] counts;
  genvar n;
  generate
    for (n = 0; n < COUNTERS; n = n + 1) begin : g_counts
      assign counts[16*n +: 16] = count_q[n];
    end
  endgenerate

  integer c;
  always @(posedge clk) begin
    for (c = 0; c < COUNTERS; c = c + 1) begin
      if (rst || clear[c]) count_q[c] <= 16'd0;
      else count_q[c] <= count_q[c] + {{(16-STEP_BITS){1'b0}}, step[c*STEP_BITS +: STEP_BITS]};
    end
  end

  genvar r;
  generate
    for (r = 0; r < READERS; r = r + 1) begin : g_read
      assign read_o[16*r +: 16] = count_q[read_index_i[r*INDEX_BITS +: INDEX_BITS]];
    end
    for (r = 0; r < AHEAD; r = r + 1) begin : g_ahead
      // Two of each stand side by side, as the move comes late.
      wire [15:0] stays, moves;
      systole_counter_ahead #(
          .COUNTERS(COUNTERS), .INDEX_BITS(INDEX_BITS), .STEP_BITS(STEP_BITS), .WRITERS(WRITERS)
      ) active (
          .count_i(counts), .index_i(ahead_index_i[r*INDEX_BITS +: INDEX_BITS]), .clear_i(clear_i), .clear_index_i(clear_index_i),
          .inc_i(inc_i), .inc_index_i(inc_index_i), .inc_step_i(inc_step_i), .count_o(stays)
      );
      systole_counter_ahead #(
          .COUNTERS(COUNTERS), .INDEX_BITS(INDEX_BITS), .STEP_BITS(STEP_BITS), .WRITERS(WRITERS)
      ) shadow (
          .count_i(counts), .index_i(ahead_next_i[r*INDEX_BITS +: INDEX_BITS]), .clear_i(clear_i), .clear_index_i(clear_index_i),
          .inc_i(inc_i), .inc_index_i(inc_index_i), .inc_step_i(inc_step_i), .count_o(moves)
      );
      reg [15:0] ahead_q;
      always @(posedge clk) ahead_q <= rst ? 16'd0 : ahead_move_i ? moves : stays;
      assign ahead_o[16*r +: 16] = ahead_q;
    end
  endgenerate
endmodule
`default_nettype wire
