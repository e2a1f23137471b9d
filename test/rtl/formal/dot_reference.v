// The dot product of systole_dot.v from its definition: each weight bit adds or takes away its digit, shifted.
// WRONG makes it wrong on purpose: 1 the sign of two's complement is forgotten, 2 bipolar zero counts as nothing.
`default_nettype none
module dot_reference #(
    parameter LANES = 2,
    parameter AD = 2,
    parameter WD = 3,
    parameter DW = 8,
    parameter WRONG = 0
) (
    input  wire [LANES*AD-1:0] digits_i,
    input  wire [LANES*WD-1:0] weights_i,
    input  wire [1:0]          mode_i,
    output reg  [DW-1:0]       dot_o
);
  integer l, j;
  reg [DW-1:0] digit;
  always @* begin
    dot_o = {DW{1'b0}};
    for (l = 0; l < LANES; l = l + 1) begin
      digit = digits_i[l*AD +: AD];
      if (mode_i >= 2'd2) begin
        if (weights_i[l*WD]) dot_o = dot_o + digit;
        else if (WRONG != 2) dot_o = dot_o - digit;
      end else begin
        for (j = 0; j < WD; j = j + 1) begin
          if (weights_i[l*WD+j]) begin
            if (mode_i == 2'd1 && j == WD - 1 && WRONG != 1) dot_o = dot_o - (digit << j);
            else dot_o = dot_o + (digit << j);
          end
        end
      end
    end
  end
endmodule
`default_nettype wire
