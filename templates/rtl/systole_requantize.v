// One channel: y = clamp(round((acc*m + b + res*r) / 2^n), lo, hi), or acc itself if raw.
// Latency 4: products, sum, shift and round, clamp. round is floor, or nearest with ties to even.
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
  localparam P_BITS = ACC_BITS + M_BITS;
  localparam Q_BITS = RES_BITS + 1 + M_BITS;
  localparam PQ_BITS = P_BITS > Q_BITS ? P_BITS : Q_BITS;
  localparam SUM_BITS = (PQ_BITS > B_BITS ? PQ_BITS : B_BITS) + 2;

  // Operands at their products' width, so that each product is exact.
  wire signed [P_BITS-1:0] acc_x = {{M_BITS{acc_i[ACC_BITS-1]}}, acc_i};
  wire signed [P_BITS-1:0] m_x = {{ACC_BITS{m_i[M_BITS-1]}}, m_i};
  wire signed [Q_BITS-1:0] res_x = {{(M_BITS+1){1'b0}}, res_i};
  wire signed [Q_BITS-1:0] r_x = {{(RES_BITS+1){r_i[M_BITS-1]}}, r_i};

  reg                     v1, v2, v3;
  reg signed [P_BITS-1:0] p1;
  reg signed [Q_BITS-1:0] q1;
  reg [B_BITS-1:0]        b1;
  reg [N_BITS-1:0]        n1, n2;
  reg [ACC_BITS-1:0]      acc1, acc2, acc3, y4;
  reg                     raw1, raw2, raw3, near1, near2;
  reg [15:0]              lo1, lo2, lo3, hi1, hi2, hi3;
  reg signed [SUM_BITS-1:0] sum2, rounded3;

  wire [SUM_BITS-1:0] p_x = {{(SUM_BITS-P_BITS){p1[P_BITS-1]}}, p1};
  wire [SUM_BITS-1:0] q_x = {{(SUM_BITS-Q_BITS){q1[Q_BITS-1]}}, q1};
  wire [SUM_BITS-1:0] b_x = {{(SUM_BITS-B_BITS){b1[B_BITS-1]}}, b1};

  wire [SUM_BITS-1:0] rounded;
  systole_round #(.WIDTH(SUM_BITS), .N_BITS(N_BITS)) round (.value_i(sum2), .n_i(n2), .nearest_i(near2), .rounded_o(rounded));
  wire [15:0] clamped;
  systole_clamp #(.WIDTH(SUM_BITS)) clamp (.value_i(rounded3), .lo_i(lo3), .hi_i(hi3), .clamped_o(clamped));
  wire [ACC_BITS+15:0] clamped_x = {{ACC_BITS{1'b0}}, clamped};

  always @(posedge clk) begin
    v1 <= valid_i;
    v2 <= v1;
    v3 <= v2;
    if (valid_i) begin
      p1 <= acc_x * m_x;
      q1 <= res_x * r_x;
      b1 <= b_i;
      n1 <= n_i;
      acc1 <= acc_i;
      raw1 <= raw_i;
      near1 <= nearest_i;
      lo1 <= lo_i;
      hi1 <= hi_i;
    end
    if (v1) begin
      sum2 <= p_x + q_x + b_x;
      n2 <= n1;
      acc2 <= acc1;
      raw2 <= raw1;
      near2 <= near1;
      lo2 <= lo1;
      hi2 <= hi1;
    end
    if (v2) begin
      rounded3 <= rounded;
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
