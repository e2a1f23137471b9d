// Generic (behavioural) dot product of LANES unsigned digits with LANES weight digits. Combinational.
// mode 0: the weight is the plain field; 1: two's complement of WD bits; 2: bipolar, bit 0 says +1 or -1.
// The sum is exact modulo 2^DW; the compiler proves that every accumulator fits.
`default_nettype none
module systole_dot #(
    parameter LANES = 16,
    parameter AD = 8,   // bits per activation digit
    parameter WD = 3,   // bits per weight digit
    parameter DW = 16   // bits of the signed sum, more than AD and WD
) (
    input  wire [LANES*AD-1:0] digits_i,
    input  wire [LANES*WD-1:0] weights_i,
    input  wire [1:0]          mode_i,
    output reg  signed [DW-1:0] dot_o
);
  reg [WD-1:0] field;
  reg [WD:0]   value;
  reg signed [DW-1:0] digit, weight;
  integer l;
  always @* begin
    dot_o = {DW{1'b0}};
    for (l = 0; l < LANES; l = l + 1) begin
      field = weights_i[l*WD +: WD];
      value = mode_i[1] ? {{WD{~field[0]}}, 1'b1} : {mode_i[0] & field[WD-1], field};
      weight = {{(DW-WD){value[WD]}}, value[WD-1:0]};
      digit = {{(DW-AD){1'b0}}, digits_i[l*AD +: AD]};
      dot_o = dot_o + digit * weight;
    end
  end
endmodule
`default_nettype wire
