// A row pointer's step in a circular buffer: the sum, less the buffer where it reaches the end. Both sums and the comparison
// stand side by side, so that a wrap costs one more choice. load_i takes the buffer and the steps of a record.
`default_nettype none
module systole_wrap #(
    parameter AW = 12  // bits of an activation code index
) (
    input  wire            clk,
    input  wire            load_i,
    input  wire [AW:0]     size_i,   // 0: no buffer
    input  wire [AW:0]     end_i,
    input  wire [3*AW-1:0] steps_i,  // 0 <= step < size
    input  wire [AW-1:0]   from_i,
    input  wire [AW-1:0]   sum_i,    // from + the step
    input  wire            stays_i,  // no step
    input  wire [1:0]      step_i,   // which one: 0, 1, 2
    output wire [AW-1:0]   row_o
);
  reg            wraps_q;
  reg [3*AW-1:0] less_q;                  // step - size
  reg [AW+1:0]   over0_q, over1_q, over2_q;  // step - end
  wire [AW+1:0]  end_wide = {1'b0, end_i};
  always @(posedge clk) begin
    if (load_i) begin
      wraps_q <= size_i != {(AW+1){1'b0}};
      less_q <= {steps_i[2*AW +: AW] - size_i[AW-1:0], steps_i[AW +: AW] - size_i[AW-1:0], steps_i[0 +: AW] - size_i[AW-1:0]};
      over0_q <= {2'b00, steps_i[0 +: AW]} - end_wide;
      over1_q <= {2'b00, steps_i[AW +: AW]} - end_wide;
      over2_q <= {2'b00, steps_i[2*AW +: AW]} - end_wide;
    end
  end
  wire [AW-1:0] less = from_i + (step_i[1] ? less_q[2*AW +: AW] : step_i[0] ? less_q[AW +: AW] : less_q[0 +: AW]);
  wire [AW+1:0] over = {2'b00, from_i} + (step_i[1] ? over2_q : step_i[0] ? over1_q : over0_q);
  assign row_o = wraps_q && !stays_i && !over[AW+1] ? less : sum_i;
  wire unused = &{1'b0, over};
endmodule
`default_nettype wire
