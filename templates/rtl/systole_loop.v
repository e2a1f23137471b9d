// One level of a loop nest: steps left of a count, which a step with load_i takes. A step of the nest (step_i) is one of this level where
// those inside it end (inner_i); in the level's last step it begins anew. last_next_o is what last_o will be after a
// step, last_load_o after one with load_i: for flags over several levels that are registers.
`default_nettype none
module systole_loop (
    input  wire        clk,
    input  wire        load_i,
    input  wire [15:0] load_count_i,  // at least 1
    input  wire        step_i,
    input  wire        inner_i,
    input  wire [15:0] count_i,       // of the loop that is loaded
    output wire        last_o,
    output wire        last_next_o,
    output wire        last_load_o
);
  reg [15:0] left_q;  // this step included
  reg        last_q, one_q;
  assign last_load_o = load_count_i == 16'd1;
  assign last_next_o = !inner_i ? last_q : last_q ? one_q : left_q == 16'd2;
  always @(posedge clk) begin
    if (step_i) begin
      if (load_i) begin
        left_q <= load_count_i;
        last_q <= last_load_o;
        one_q <= last_load_o;
      end else begin
        if (inner_i) left_q <= last_q ? count_i : left_q - 16'd1;
        last_q <= last_next_o;
      end
    end
  end
  assign last_o = last_q;
endmodule
`default_nettype wire
