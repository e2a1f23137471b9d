// The dot product of systole_dot.v from its definition: each weight bit adds or takes away its digit, shifted.
// Bipolar with weights of one bit only. The result comes EDGE + CUTS cycles later.
// WRONG makes it wrong on purpose: 1 the sign of two's complement is forgotten, 2 one cycle is missing.
`default_nettype none
module dot_reference #(
    parameter LANES = 2,
    parameter AD = 2,
    parameter WD = 3,
    parameter DW = 8,
    parameter EDGE = 1,
    parameter CUTS = 1,
    parameter MODE_AT = 0,
    parameter WRONG = 0
) (
    input  wire                clk,
    input  wire [LANES*AD-1:0] digits_i,
    input  wire [LANES*WD-1:0] weights_i,
    input  wire [1:0]          mode_i,
    output wire [DW-1:0]       dot_o
);
  integer l, j;
  wire bipolar = WD == 1 && mode_i[1];
  reg [DW-1:0] dot;
  reg [DW-1:0] digit;
  always @* begin
    dot = {DW{1'b0}};
    for (l = 0; l < LANES; l = l + 1) begin
      digit = digits_i[l*AD +: AD];
      if (bipolar) begin
        if (weights_i[l*WD]) dot = dot + digit;
        else dot = dot - digit;
      end else begin
        for (j = 0; j < WD; j = j + 1) begin
          if (weights_i[l*WD+j]) begin
            if (mode_i[0] && j == WD - 1 && WRONG != 1) dot = dot - (digit << j);
            else dot = dot + (digit << j);
          end
        end
      end
    end
  end

  localparam DELAY = EDGE + CUTS - (WRONG == 2);
  reg [4*DW-1:0] delay_q;
  wire [5*DW-1:0] chain = {delay_q, dot};
  always @(posedge clk) delay_q <= chain[4*DW-1:0];
  assign dot_o = chain[DELAY*DW +: DW];
  wire unused = &{1'b0, MODE_AT[0]};
endmodule

// systole_dot.v behind the array's left edge, with everything given at once.
module dot_gate #(
    parameter LANES = 2,
    parameter AD = 2,
    parameter WD = 3,
    parameter DW = 8,
    parameter EDGE = 1,
    parameter CUTS = 1,
    parameter MODE_AT = 0
) (
    input  wire                clk,
    input  wire [LANES*AD-1:0] digits_i,
    input  wire [LANES*WD-1:0] weights_i,
    input  wire [1:0]          mode_i,
    output wire [DW-1:0]       dot_o
);
  localparam PAIR_BITS = AD > 1 ? LANES / 2 * (AD + 1) : 1;
  localparam SUM_BITS = WD == 1 ? AD + $clog2(LANES) : 1;
  wire                 valid;
  wire [LANES*AD-1:0]  digits;
  wire [LANES*WD-1:0]  weights;
  wire [PAIR_BITS-1:0] pairs;
  wire [SUM_BITS-1:0]  sum;
  wire [1:0]           mode;
  systole_edge #(
      .LANES(LANES), .AD(AD), .WD(WD), .EDGE(EDGE), .MODE_AT(MODE_AT), .PAIR_BITS(PAIR_BITS), .SUM_BITS(SUM_BITS)
  ) left (
      .clk(clk), .valid_i(1'b1), .digits_i(digits_i), .valid_o(valid), .digits_o(digits), .pairs_o(pairs), .sum_o(sum)
  );
  systole_delay #(.WIDTH(LANES*WD), .CYCLES(EDGE)) weight_delay (.clk(clk), .data_i(weights_i), .data_o(weights));
  systole_delay #(.WIDTH(2), .CYCLES(EDGE + MODE_AT)) mode_delay (
      .clk(clk), .data_i({WD == 1 && mode_i[1], mode_i[0]}), .data_o(mode)
  );
  systole_dot #(
      .LANES(LANES), .AD(AD), .WD(WD), .DW(DW), .CUTS(CUTS), .PAIR_BITS(PAIR_BITS), .SUM_BITS(SUM_BITS)
  ) dot (
      .clk(clk), .valid_i({CUTS{1'b1}}), .digits_i(digits), .pairs_i(pairs), .weights_i(weights), .mode_i(mode),
      .sum_i(sum), .dot_o(dot_o)
  );
  wire unused = valid;
endmodule
`default_nettype wire
