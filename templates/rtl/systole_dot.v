// Dot product of LANES unsigned digits with LANES weight digits, in planes: the sum of the digits that weight bit j picks,
// for each j, then the planes added at their weights. What a pair of lanes adds to a plane is 0, one digit, the other, or
// their sum, which the array's edge has made once for all columns. One bit by one bit is counted instead.
// mode_i = 1: the top weight bit counts negative (two's complement); 2, with WD = 1 only: a bit says +1 or -1, so the sum
// is twice the plane less the digits' sum. The sum is exact modulo 2^DW; the compiler proves that every accumulator fits.
// At most three additions follow each other between two registers, so dot_o comes CUTS cycles after the operands, mode_i
// and sum_i in the cycle between that wants them (systole_core.v has the figures).
`default_nettype none
module systole_dot #(
    parameter LANES = 16,
    parameter AD = 8,      // bits per activation digit
    parameter WD = 3,      // bits per weight digit
    parameter DW = 16,     // bits of the signed sum, more than AD and WD
    parameter CUTS = 2,    // registers from operands to dot_o, 1..3
    parameter PAIR_BITS = 72,  // AD > 1: LANES/2*(AD+1)
    parameter SUM_BITS = 12    // WD = 1: AD + $clog2(LANES)
) (
    input  wire                             clk,
    input  wire [CUTS-1:0]                  valid_i,   // operands of the cycle k before are valid
    input  wire [LANES*AD-1:0]              digits_i,
    input  wire [PAIR_BITS-1:0]             pairs_i,   // sums of neighbouring digits
    input  wire [LANES*WD-1:0]              weights_i,
    input  wire [1:0]                       mode_i,
    input  wire [SUM_BITS-1:0]              sum_i,     // of all digits
    output wire [DW-1:0]                    dot_o
);
  localparam PLANE_BITS = AD + $clog2(LANES);
  // Additions on the way: TREE within a plane (counting takes the time of three), then those of planes.
  localparam TREE = AD == 1 ? 3 : $clog2(LANES) - 1;
  localparam JOIN = WD < 3 ? 1 : WD < 5 ? 2 : 3;
  localparam PARTS = WD < 3 ? 1 : WD < 5 ? 2 : 4;  // numbers after the first addition of planes

  wire [WD*PLANE_BITS-1:0] planes;
  genvar j, v, i;
  generate
    for (j = 0; j < WD; j = j + 1) begin : g_plane
      if (AD == 1) begin : g_count
        wire [LANES-1:0] bits;
        if (WD == 1) begin : g_word
          assign bits = digits_i & weights_i;
        end else begin : g_lanes
          for (i = 0; i < LANES; i = i + 1) begin : g_lane
            assign bits[i] = digits_i[i] & weights_i[i*WD+j];
          end
        end
        wire [PLANE_BITS-1:0] count;
        systole_popcount #(.BITS(LANES), .COUNT_BITS(PLANE_BITS)) popcount (.bits_i(bits), .count_o(count));
        reg [PLANE_BITS-1:0] count_q;
        always @(posedge clk) if (valid_i[0]) count_q <= count;
        assign planes[j*PLANE_BITS +: PLANE_BITS] = count_q;
      end else begin : g_sum
        for (v = 0; v <= TREE; v = v + 1) begin : g_level
          localparam NUMBERS = (LANES / 2) >> v;
          localparam WIDTH = AD + 1 + v;
          wire [NUMBERS*WIDTH-1:0] sum;
          if (v == 0) begin : g_select
            for (i = 0; i < NUMBERS; i = i + 1) begin : g_pair
              wire even = weights_i[2*i*WD+j];
              wire odd = weights_i[(2*i+1)*WD+j];
              assign sum[i*WIDTH +: WIDTH] =
                  even ? (odd ? pairs_i[i*WIDTH +: WIDTH] : {1'b0, digits_i[2*i*AD +: AD]})
                       : (odd ? {1'b0, digits_i[(2*i+1)*AD +: AD]} : {WIDTH{1'b0}});
            end
          end else begin : g_add
            wire [NUMBERS*WIDTH-1:0] now;
            for (i = 0; i < NUMBERS; i = i + 1) begin : g_number
              assign now[i*WIDTH +: WIDTH] = {1'b0, g_level[v-1].sum[2*i*(WIDTH-1) +: WIDTH-1]}
                                           + {1'b0, g_level[v-1].sum[(2*i+1)*(WIDTH-1) +: WIDTH-1]};
            end
            if (v % 3 == 0) begin : g_cut
              reg [NUMBERS*WIDTH-1:0] now_q;
              always @(posedge clk) if (valid_i[v/3-1]) now_q <= now;
              assign sum = now_q;
            end else begin : g_through
              assign sum = now;
            end
          end
        end
        assign planes[j*PLANE_BITS +: PLANE_BITS] = g_level[TREE].sum;
      end
    end
  endgenerate

  // The first addition of planes knows the mode. An odd plane 0 waits for the second one.
  wire negative = mode_i == 2'd1;
  wire [PARTS*DW-1:0] first;
  generate
    if (WD == 1) begin : g_one
      wire bipolar = mode_i[1];
      wire [DW-1:0] plane = {{(DW-PLANE_BITS){1'b0}}, planes};
      wire [DW-1:0] digits = {{(DW-SUM_BITS){1'b0}}, sum_i};
      wire [DW:0]   both = {bipolar ? {plane[DW-2:0], 1'b0} : negative ? ~plane : plane, 1'b1}
                         + {bipolar ? ~digits : {DW{1'b0}}, bipolar | negative};
      assign first = both[DW:1];
      wire unused = &{1'b0, both, pairs_i};
    end else begin : g_many
      localparam ODD = WD % 2;
      if (ODD == 1) begin : g_alone
        assign first[DW-1:0] = {{(DW-PLANE_BITS){1'b0}}, planes[PLANE_BITS-1:0]};
      end
      for (i = ODD; i < PARTS; i = i + 1) begin : g_two
        localparam LOW = ODD == 1 ? 1 : 2 * i;
        localparam TOP = LOW + 1;
        wire [DW-1:0] low = {{(DW-PLANE_BITS){1'b0}}, planes[LOW*PLANE_BITS +: PLANE_BITS]} << LOW;
        wire [DW-1:0] top = {{(DW-PLANE_BITS){1'b0}}, planes[TOP*PLANE_BITS +: PLANE_BITS]} << TOP;
        wire          minus = TOP == WD - 1 && negative;
        wire [DW:0]   both = {low, 1'b1} + {top ^ {DW{minus}}, minus};
        assign first[i*DW +: DW] = both[DW:1];
        wire unused = &{1'b0, both};
      end
      wire unused = &{1'b0, mode_i, sum_i, pairs_i};
    end
  endgenerate

  wire [DW-1:0] result;
  generate
    for (v = 1; v <= JOIN; v = v + 1) begin : g_join
      localparam NUMBERS = PARTS >> (v - 1);
      wire [NUMBERS*DW-1:0] now, sum;
      if (v == 1) begin : g_first
        assign now = first;
      end else begin : g_next
        for (i = 0; i < NUMBERS; i = i + 1) begin : g_number
          assign now[i*DW +: DW] = g_join[v-1].sum[2*i*DW +: DW] + g_join[v-1].sum[(2*i+1)*DW +: DW];
        end
      end
      if ((TREE + v) % 3 == 0 || (v == JOIN && TREE + v < 3)) begin : g_cut
        localparam CUT = TREE + v < 3 ? 1 : (TREE + v) / 3;
        reg [NUMBERS*DW-1:0] now_q;
        always @(posedge clk) if (valid_i[CUT-1]) now_q <= now;
        assign sum = now_q;
      end else begin : g_through
        assign sum = now;
      end
    end
  endgenerate
  assign result = g_join[JOIN].sum;
  assign dot_o = result;
endmodule
`default_nettype wire
