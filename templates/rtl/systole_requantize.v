// One channel: y = clamp(round((acc*m + b + res*r) / 2^n), lo, hi), or acc itself if raw.
// Latency 4: products, sum, shift, round and clamp. round is floor, or nearest with ties to even.
// Every width is exact, nothing overflows. Golden function: Requantize in src/quant/network.ts.
`default_nettype none
module systole_requantize #(
    parameter ACC_BITS = 24,  // signed
    parameter M_BITS = 24,    // signed m and r
    parameter B_BITS = 40,    // signed
    parameter N_BITS = 6,     // unsigned
    parameter RES_BITS = 16   // unsigned residual code
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
    output wire [15:0]         code_o,  // y in the cycle before, if not raw: for the address of a table
    output wire [ACC_BITS-1:0] y_o
);
  // Both factors in parts of 17 bits and a signed rest, as multipliers of 18 x 18 bits take them; with its low part at the
  // bottom and its high part on top, the product of two parts each is one number and what lies across it.
  localparam ACC_LOW = ACC_BITS > 18 ? 17 : 0;
  localparam M_LOW = M_BITS > 18 ? 17 : 0;
  localparam P_BITS = ACC_BITS + M_BITS;
  localparam Q_BITS = RES_BITS + 1 + M_BITS;
  localparam PQ_BITS = P_BITS > Q_BITS ? P_BITS : Q_BITS;
  localparam SUM_BITS = (PQ_BITS > B_BITS ? PQ_BITS : B_BITS) + 2;

  reg                  v1, v2, v3;
  reg [B_BITS-1:0]     b1;
  reg [N_BITS-1:0]     n1, n2;
  reg [ACC_BITS-1:0]   acc1, acc2, acc3, y4;
  reg                  raw1, raw2, raw3, near1, near2;
  reg [15:0]           lo1, lo2, lo3, hi1, hi2, hi3;
  reg [SUM_BITS-1:0]   sum2;
  reg [15:0]           down3;
  reg                  up3, negative3, wide3;

  // acc * m.
  wire [SUM_BITS-1:0] straight, across, residual;
  systole_parts #(
      .A_BITS(ACC_BITS), .A_LOW(ACC_LOW), .B_BITS(M_BITS), .B_LOW(M_LOW), .SUM_BITS(SUM_BITS)
  ) product (
      .clk(clk), .valid_i(valid_i), .a_i(acc_i), .b_i(m_i), .straight_o(straight), .across_o(across)
  );
  // res * r: the code is never negative, and one part.
  wire [SUM_BITS-1:0] residual_straight, residual_across;
  systole_parts #(
      .A_BITS(RES_BITS+1), .A_LOW(0), .B_BITS(M_BITS), .B_LOW(M_LOW), .SUM_BITS(SUM_BITS)
  ) residual_product (
      .clk(clk), .valid_i(valid_i), .a_i({1'b0, res_i}), .b_i(r_i), .straight_o(residual_straight), .across_o(residual_across)
  );
  assign residual = residual_straight + residual_across;
  wire [SUM_BITS-1:0] b_x = {{(SUM_BITS-B_BITS){b1[B_BITS-1]}}, b1};

  wire [15:0] down;
  wire        up, negative, wide;
  systole_round #(.WIDTH(SUM_BITS), .N_BITS(N_BITS)) round (
      .value_i(sum2), .n_i(n2), .nearest_i(near2), .down_o(down), .up_o(up), .negative_o(negative), .wide_o(wide)
  );
  wire [15:0] clamped;
  systole_clamp clamp (
      .down_i(down3), .up_i(up3), .negative_i(negative3), .wide_i(wide3), .lo_i(lo3), .hi_i(hi3), .clamped_o(clamped)
  );
  wire [ACC_BITS+15:0] clamped_x = {{ACC_BITS{1'b0}}, clamped};

  always @(posedge clk) begin
    v1 <= valid_i;
    v2 <= v1;
    v3 <= v2;
    if (valid_i) begin
      b1 <= b_i;
      n1 <= n_i;
      acc1 <= acc_i;
      raw1 <= raw_i;
      near1 <= nearest_i;
      lo1 <= lo_i;
      hi1 <= hi_i;
    end
    if (v1) begin
      sum2 <= (straight + b_x) + (across + residual);
      n2 <= n1;
      acc2 <= acc1;
      raw2 <= raw1;
      near2 <= near1;
      lo2 <= lo1;
      hi2 <= hi1;
    end
    if (v2) begin
      down3 <= down;
      up3 <= up;
      negative3 <= negative;
      wide3 <= wide;
      acc3 <= acc2;
      raw3 <= raw2;
      lo3 <= lo2;
      hi3 <= hi2;
    end
    if (v3) y4 <= raw3 ? acc3 : clamped_x[ACC_BITS-1:0];
  end
  assign code_o = clamped;
  assign y_o = y4;
  wire unused = &{1'b0, clamped_x};
endmodule
`default_nettype wire
