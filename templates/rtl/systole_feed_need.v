// Rows waited for: a need that moves on by a step or begins anew, limited to the rows there are. Combinational.
`default_nettype none
module systole_feed_need (
    input  wire [15:0] from_i,
    input  wire [31:0] step_i,
    input  wire [15:0] rows_i,
    input  wire [31:0] first_i,
    input  wire [31:0] load_first_i,
    input  wire [15:0] load_rows_i,
    output wire [15:0] sum_o,    // from + step
    output wire [15:0] first_o,
    output wire [15:0] load_o    // of the record that is loaded
);
  wire [32:0] sum = {17'd0, from_i} + {1'b0, step_i};
  assign sum_o = sum < {17'd0, rows_i} ? sum[15:0] : rows_i;
  assign first_o = first_i < {16'd0, rows_i} ? first_i[15:0] : rows_i;
  assign load_o = load_first_i < {16'd0, load_rows_i} ? load_first_i[15:0] : load_rows_i;
endmodule
`default_nettype wire
