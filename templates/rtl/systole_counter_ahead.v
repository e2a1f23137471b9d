// What one row counter is in the next cycle. Combinational: the counter is chosen beside what it is asked to do.
`default_nettype none
module systole_counter_ahead #(
    parameter COUNTERS = 16,   // 4..64
    parameter INDEX_BITS = 4,  // $clog2(COUNTERS)
    parameter STEP_BITS = 8,   // of an increment
    parameter WRITERS = 2
) (
    input  wire [16*COUNTERS-1:0]        count_i,
    input  wire [INDEX_BITS-1:0]         index_i,
    input  wire [WRITERS-1:0]            clear_i,
    input  wire [WRITERS*INDEX_BITS-1:0] clear_index_i,
    input  wire [WRITERS-1:0]            inc_i,
    input  wire [WRITERS*INDEX_BITS-1:0] inc_index_i,
    input  wire [WRITERS*STEP_BITS-1:0]  inc_step_i,
    output wire [15:0]                   count_o
);
  wire [15:0]         count = count_i[16*index_i +: 16];
  reg                 clear;
  reg [STEP_BITS-1:0] step;
  integer w;
  always @* begin
    clear = 1'b0;
    step = {STEP_BITS{1'b0}};
    for (w = 0; w < WRITERS; w = w + 1) begin
      if (clear_i[w] && clear_index_i[w*INDEX_BITS +: INDEX_BITS] == index_i) clear = 1'b1;
      if (inc_i[w] && inc_index_i[w*INDEX_BITS +: INDEX_BITS] == index_i) step = step | inc_step_i[w*STEP_BITS +: STEP_BITS];
    end
  end
  wire [15:0] sum = count + {{(16-STEP_BITS){1'b0}}, step};
  assign count_o = sum & {16{!clear}};
endmodule
`default_nettype wire
