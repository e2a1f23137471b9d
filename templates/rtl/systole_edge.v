// Left edge of one array row: what all columns share of the digits. For digits of several bits the sums of neighbouring
// digits, for weights of one bit the sum of all digits, whose twice-the-plane-less-it is a bipolar dot product.
// EDGE cycles from digits_i to digits_o and pairs_o; the sum comes MODE_AT cycles after digits_o.
`default_nettype none
module systole_edge #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter EDGE = 1,      // AD > 1
    parameter MODE_AT = 1,
    parameter PAIR_BITS = 72, // AD > 1: LANES/2*(AD+1); else 1
    parameter SUM_BITS = 12   // WD = 1: AD + $clog2(LANES); else 1
) (
    input  wire                      clk,
    input  wire                      valid_i,
    input  wire [LANES*AD-1:0]       digits_i,
    output wire                      valid_o,
    output wire [LANES*AD-1:0]       digits_o,
    output wire [PAIR_BITS-1:0]      pairs_o,
    output wire [SUM_BITS-1:0]       sum_o
);
  genvar v, i;
  generate
    if (EDGE == 0) begin : g_bits
      assign valid_o = valid_i;
      assign digits_o = digits_i;
      assign pairs_o = {PAIR_BITS{1'b0}};
      if (WD == 1) begin : g_sum
        wire [SUM_BITS-1:0] count;
        systole_popcount #(.BITS(LANES), .COUNT_BITS(SUM_BITS)) popcount (.bits_i(digits_i), .count_o(count));
        reg [SUM_BITS-1:0] count_q;
        always @(posedge clk) if (valid_i) count_q <= count;
        assign sum_o = count_q;
      end else begin : g_no_sum
        assign sum_o = {SUM_BITS{1'b0}};
        wire unused = clk;
      end
    end else begin : g_digits
      reg                      valid_q;
      reg [LANES*AD-1:0]       digits_q;
      reg [PAIR_BITS-1:0]      pairs_q;
      wire [PAIR_BITS-1:0]     pairs;
      for (i = 0; i < LANES / 2; i = i + 1) begin : g_pair
        assign pairs[i*(AD+1) +: AD+1] = {1'b0, digits_i[2*i*AD +: AD]} + {1'b0, digits_i[(2*i+1)*AD +: AD]};
      end
      always @(posedge clk) begin
        valid_q <= valid_i;
        if (valid_i) begin
          digits_q <= digits_i;
          pairs_q <= pairs;
        end
      end
      assign valid_o = valid_q;
      assign digits_o = digits_q;
      assign pairs_o = pairs_q;

      if (WD == 1) begin : g_sum
        // A register at each cut of three additions, the last of them where the sum is due.
        localparam TREE = SUM_BITS - AD;
        reg [MODE_AT:0] valid_later_q;
        wire [MODE_AT+1:0] valid = {valid_later_q, valid_i};
        always @(posedge clk) valid_later_q <= valid[MODE_AT:0];
        for (v = 1; v <= TREE; v = v + 1) begin : g_level
          localparam NUMBERS = LANES >> v;
          localparam WIDTH = AD + v;
          wire [NUMBERS*WIDTH-1:0] now, sum;
          if (v == 1) begin : g_pairs
            assign now = pairs;
          end else begin : g_add
            for (i = 0; i < NUMBERS; i = i + 1) begin : g_number
              assign now[i*WIDTH +: WIDTH] = {1'b0, g_level[v-1].sum[2*i*(WIDTH-1) +: WIDTH-1]}
                                           + {1'b0, g_level[v-1].sum[(2*i+1)*(WIDTH-1) +: WIDTH-1]};
            end
          end
          if (v % 3 == 0 && v < TREE) begin : g_cut
            reg [NUMBERS*WIDTH-1:0] now_q;
            always @(posedge clk) if (valid[v/3-1]) now_q <= now;
            assign sum = now_q;
          end else begin : g_through
            assign sum = now;
          end
        end
        // The last additions end in the last register, whatever cuts are left.
        localparam CUTS = (TREE - 1) / 3;
        reg [(MODE_AT-CUTS+1)*SUM_BITS-1:0] sum_q;
        always @(posedge clk) if (valid[CUTS]) sum_q[SUM_BITS-1:0] <= g_level[TREE].sum;
        for (v = 1; v <= MODE_AT - CUTS; v = v + 1) begin : g_wait
          always @(posedge clk)
            if (valid[CUTS+v]) sum_q[v*SUM_BITS +: SUM_BITS] <= sum_q[(v-1)*SUM_BITS +: SUM_BITS];
        end
        assign sum_o = sum_q[(MODE_AT-CUTS)*SUM_BITS +: SUM_BITS];
        wire unused = &{1'b0, valid};
      end else begin : g_no_sum
        assign sum_o = {SUM_BITS{1'b0}};
      end
    end
  endgenerate
endmodule
`default_nettype wire
