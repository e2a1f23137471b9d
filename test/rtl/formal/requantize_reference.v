// systole_requantize.v from its definition: the whole formula at once, then four stages of delay.
// WRONG makes it wrong on purpose: 1 the residual is signed, 2 the offset is forgotten, 3 one stage is missing.
`default_nettype none
module requantize_reference #(
    parameter ACC_BITS = 5,
    parameter M_BITS = 4,
    parameter B_BITS = 16,
    parameter N_BITS = 3,
    parameter RES_BITS = 3,
    parameter WRONG = 0
) (
    input  wire                clk,
    input  wire                valid_i,
    input  wire [ACC_BITS-1:0] acc_i,
    input  wire [RES_BITS-1:0] res_i,
    input  wire [M_BITS-1:0]   m_i,
    input  wire [B_BITS-1:0]   b_i,
    input  wire [N_BITS-1:0]   n_i,
    input  wire [M_BITS-1:0]   r_i,
    input  wire                raw_i,
    input  wire                nearest_i,
    input  wire [15:0]         lo_i,
    input  wire [15:0]         hi_i,
    output wire [15:0]         code_o,
    output wire [ACC_BITS-1:0] y_o
);
  localparam WIDE = 24;  // more than the sum, its limits and 2^n need
  wire signed [WIDE-1:0] acc = $signed(acc_i);
  wire signed [WIDE-1:0] res = {{(WIDE-RES_BITS){WRONG == 1 && res_i[RES_BITS-1]}}, res_i};
  wire signed [WIDE-1:0] m = $signed(m_i);
  wire signed [WIDE-1:0] b = $signed(b_i);
  wire signed [WIDE-1:0] r = $signed(r_i);
  wire signed [WIDE-1:0] sum = acc * m + res * r + (WRONG == 2 ? 0 : b);
  wire signed [WIDE-1:0] down = sum >>> n_i;
  wire signed [WIDE-1:0] twice_rest = (sum - (down << n_i)) << 1;
  wire signed [WIDE-1:0] unit = {{(WIDE-1){1'b0}}, 1'b1} << n_i;
  wire up = nearest_i && (twice_rest > unit || (twice_rest == unit && down[0]));
  wire signed [WIDE-1:0] rounded = up ? down + 1 : down;
  wire signed [WIDE-1:0] lo = {{(WIDE-16){1'b0}}, lo_i};
  wire signed [WIDE-1:0] hi = {{(WIDE-16){1'b0}}, hi_i};
  wire signed [WIDE-1:0] y = rounded <= lo ? lo : rounded > hi ? hi : rounded;

  reg v1, v2, v3;
  reg [ACC_BITS-1:0] y1, y2, y3, y4;
  reg [15:0] code1, code2, code3;
  always @(posedge clk) begin
    v1 <= valid_i;
    v2 <= v1;
    v3 <= v2;
    if (valid_i) code1 <= y[15:0];
    if (v1) code2 <= code1;
    if (v2) code3 <= code2;
    if (valid_i) y1 <= raw_i ? acc_i : y[ACC_BITS-1:0];
    if (v1) y2 <= y1;
    if (v2) y3 <= y2;
    if (v3) y4 <= y3;
  end
  assign code_o = code3;
  assign y_o = WRONG == 3 ? y3 : y4;
endmodule
`default_nettype wire
