// Conditions of which one comes late: a LUT each behind it, and a module, as synthesis does not know how late it is.
`default_nettype none
module systole_late #(
    parameter WIDTH = 1
) (
    input  wire [WIDTH-1:0] early_i,
    input  wire             late_i,
    output wire [WIDTH-1:0] late_o
);
  assign late_o = early_i & {WIDTH{late_i}};
endmodule
`default_nettype wire
