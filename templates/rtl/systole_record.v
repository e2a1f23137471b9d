// Shadow and active copy of one unit's command record. Fetch writes the shadow FETCH_WORDS words a cycle, the header at
// word 0 of the first of them; a complete
// shadow moves (move_o, combinational) in a cycle in which the unit is idle or finishes (done_i), so that the
// record is active in the next cycle and two records of one unit follow each other without a bubble.
`default_nettype none
module systole_record #(
    parameter FETCH_WORDS = 1,  // 32-bit words at a time
    parameter FIELDS = 1        // 32-bit words in the record, its header not counted
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 word_valid_i,
    input  wire [7:0]           word_index_i,  // 0: the header's
    input  wire                 word_last_i,
    input  wire [FETCH_WORDS*32-1:0] word_i,
    input  wire                 hold_i,  // no move
    input  wire                 done_i,
    output wire                 full_o,
    output wire                 move_o,
    output wire [FIELDS*32-1:0] shadow_o,
    output wire                 active_valid_o,
    output wire [FIELDS*32-1:0] active_o
);
  reg [FIELDS*32-1:0] shadow_q;
  reg [FIELDS*32-1:0] active_q;
  reg full_q;
  reg active_valid_q;
  wire move = full_q && !hold_i && (!active_valid_q || done_i);

  integer i;
  always @(posedge clk) begin
    if (word_valid_i) begin
      for (i = 0; i < FIELDS; i = i + 1) begin
        if ({24'd0, word_index_i} == (i + 1) / FETCH_WORDS) shadow_q[i*32 +: 32] <= word_i[((i + 1) % FETCH_WORDS) * 32 +: 32];
      end
    end
    if (move) active_q <= shadow_q;
    if (rst) begin
      full_q <= 1'b0;
      active_valid_q <= 1'b0;
    end else begin
      if (word_valid_i && word_last_i) full_q <= 1'b1;
      else if (move) full_q <= 1'b0;
      if (move) active_valid_q <= 1'b1;
      else if (done_i) active_valid_q <= 1'b0;
    end
  end

  assign full_o = full_q;
  assign move_o = move;
  assign shadow_o = shadow_q;
  assign active_valid_o = active_valid_q;
  assign active_o = active_q;

`ifdef SYSTOLE_ASSERT
  always @(posedge clk) begin
    if (!rst && word_valid_i && full_q) begin
      $fdisplay(32'h8000_0002, "systole assertion: a record is written over a complete one");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
