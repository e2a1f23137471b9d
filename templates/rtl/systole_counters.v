// Row counters: monotone within a frame, reset when the record that fills them becomes active.
// Reads are combinational; an event of cycle t shows in cycle t+1. A clear wins over an increment.
`default_nettype none
module systole_counters #(
    parameter COUNTERS = 16,  // 4..64
    parameter INDEX_BITS = 4  // $clog2(COUNTERS)
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  clear_a_i,
    input  wire                  inc_a_i,
    input  wire [INDEX_BITS-1:0] clear_a_index_i,
    input  wire [INDEX_BITS-1:0] inc_a_index_i,
    input  wire                  clear_b_i,
    input  wire                  inc_b_i,
    input  wire [INDEX_BITS-1:0] clear_b_index_i,
    input  wire [INDEX_BITS-1:0] inc_b_index_i,
    input  wire                  clear_d_i,
    input  wire                  inc_d_i,
    input  wire [INDEX_BITS-1:0] clear_d_index_i,
    input  wire [INDEX_BITS-1:0] inc_d_index_i,
    input  wire [INDEX_BITS-1:0] read_d_index_i,
    output wire [15:0]           read_d_o,
    input  wire                  inc_c_i,
    input  wire [INDEX_BITS-1:0] inc_c_index_i,
    input  wire [15:0]           step_c_i,
    input  wire [INDEX_BITS-1:0] read_a_index_i,
    output wire [15:0]           read_a_o,
    input  wire [INDEX_BITS-1:0] read_b_index_i,
    output wire [15:0]           read_b_o
);
  reg [15:0] count_q [0:COUNTERS-1];

  integer i;
  always @(posedge clk) begin
    if (rst) begin
      for (i = 0; i < COUNTERS; i = i + 1) count_q[i] <= 16'd0;
    end else if (clear_a_i || clear_b_i || inc_a_i || inc_b_i || clear_d_i || inc_d_i || inc_c_i) begin
      for (i = 0; i < COUNTERS; i = i + 1) begin
        if ((clear_a_i && clear_a_index_i == i[INDEX_BITS-1:0]) || (clear_b_i && clear_b_index_i == i[INDEX_BITS-1:0])
            || (clear_d_i && clear_d_index_i == i[INDEX_BITS-1:0]))
          count_q[i] <= 16'd0;
        else if ((inc_a_i && inc_a_index_i == i[INDEX_BITS-1:0]) || (inc_b_i && inc_b_index_i == i[INDEX_BITS-1:0])
                 || (inc_d_i && inc_d_index_i == i[INDEX_BITS-1:0]))
          count_q[i] <= count_q[i] + 16'd1;
        else if (inc_c_i && inc_c_index_i == i[INDEX_BITS-1:0]) count_q[i] <= count_q[i] + step_c_i;
      end
    end
  end

  assign read_a_o = count_q[read_a_index_i];
  assign read_b_o = count_q[read_b_index_i];
  assign read_d_o = count_q[read_d_index_i];
endmodule
`default_nettype wire
