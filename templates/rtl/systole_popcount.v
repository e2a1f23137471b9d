// Number of ones, with adders of single bits: three bits to two, six of one weight to three, then a tree of short numbers.
// Written in logic, so that a synthesizer fills its LUTs of six inputs. Combinational.
`default_nettype none
module systole_popcount #(
    parameter BITS = 32,        // 2..128
    parameter COUNT_BITS = 6    // $clog2(BITS) + 1
) (
    input  wire [BITS-1:0]       bits_i,
    output wire [COUNT_BITS-1:0] count_o
);
  // Threes of bits: ones and twos.
  localparam THREES = (BITS + 2) / 3;
  localparam SIXES = (THREES + 5) / 6;
  localparam NUMBERS = SIXES > 4 ? 8 : SIXES > 2 ? 4 : SIXES > 1 ? 2 : 1;
  wire [3*THREES-1:0] bits = {{(3*THREES-BITS){1'b0}}, bits_i};
  wire [6*NUMBERS-1:0] ones, twos;
  wire [3*NUMBERS-1:0] ones_count, twos_count;
  genvar i;
  generate
    for (i = 0; i < 6 * NUMBERS; i = i + 1) begin : g_three
      if (i < THREES) begin : g_bits
        wire a = bits[3*i], b = bits[3*i+1], c = bits[3*i+2];
        assign ones[i] = a ^ b ^ c;
        assign twos[i] = (a & b) | (c & (a ^ b));
      end else begin : g_none
        assign ones[i] = 1'b0;
        assign twos[i] = 1'b0;
      end
    end
    for (i = 0; i < NUMBERS; i = i + 1) begin : g_six
      systole_six ones_six (.bits_i(ones[6*i +: 6]), .count_o(ones_count[3*i +: 3]));
      systole_six twos_six (.bits_i(twos[6*i +: 6]), .count_o(twos_count[3*i +: 3]));
    end
  endgenerate
  wire [COUNT_BITS+3:0] ones_sum, twos_sum;
  generate
    if (NUMBERS == 1) begin : g_sum1
      assign ones_sum = {{(COUNT_BITS+1){1'b0}}, ones_count};
      assign twos_sum = {{(COUNT_BITS+1){1'b0}}, twos_count};
    end else begin : g_sum
      localparam PAIRS = NUMBERS / 2;
      wire [4*PAIRS-1:0] ones_pair, twos_pair;
      for (i = 0; i < PAIRS; i = i + 1) begin : g_pair
        assign ones_pair[4*i +: 4] = add3(ones_count[6*i +: 3], ones_count[6*i+3 +: 3]);
        assign twos_pair[4*i +: 4] = add3(twos_count[6*i +: 3], twos_count[6*i+3 +: 3]);
      end
      if (PAIRS == 1) begin : g_one
        assign ones_sum = {{COUNT_BITS{1'b0}}, ones_pair};
        assign twos_sum = {{COUNT_BITS{1'b0}}, twos_pair};
      end else if (PAIRS == 2) begin : g_two
        assign ones_sum = {{COUNT_BITS{1'b0}}, ones_pair[3:0]} + {{COUNT_BITS{1'b0}}, ones_pair[7:4]};
        assign twos_sum = {{COUNT_BITS{1'b0}}, twos_pair[3:0]} + {{COUNT_BITS{1'b0}}, twos_pair[7:4]};
      end else begin : g_four
        wire [4:0] ones_low = {1'b0, ones_pair[3:0]} + {1'b0, ones_pair[7:4]};
        wire [4:0] ones_high = {1'b0, ones_pair[11:8]} + {1'b0, ones_pair[15:12]};
        wire [4:0] twos_low = {1'b0, twos_pair[3:0]} + {1'b0, twos_pair[7:4]};
        wire [4:0] twos_high = {1'b0, twos_pair[11:8]} + {1'b0, twos_pair[15:12]};
        assign ones_sum = {{(COUNT_BITS-1){1'b0}}, ones_low} + {{(COUNT_BITS-1){1'b0}}, ones_high};
        assign twos_sum = {{(COUNT_BITS-1){1'b0}}, twos_low} + {{(COUNT_BITS-1){1'b0}}, twos_high};
      end
    end
  endgenerate
  wire [COUNT_BITS+3:0] total = ones_sum + {twos_sum[COUNT_BITS+2:0], 1'b0};
  assign count_o = total[COUNT_BITS-1:0];
  wire unused = &{1'b0, total, twos_sum};

  // Three bits and three bits, without a carry chain.
  function [3:0] add3(input [2:0] a, input [2:0] b);
    reg c1, c2;
    begin
      c1 = a[0] & b[0];
      c2 = (a[1] & b[1]) | (c1 & (a[1] ^ b[1]));
      add3 = {(a[2] & b[2]) | (c2 & (a[2] ^ b[2])), a[2] ^ b[2] ^ c2, a[1] ^ b[1] ^ c1, a[0] ^ b[0]};
    end
  endfunction
endmodule
`default_nettype wire
