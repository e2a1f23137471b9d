// Number of ones, with adders of single bits: three bits to two, six of one weight to three, then a tree of short numbers.
// Written in logic, so that a synthesizer fills its LUTs of six inputs, and on words whose bits are as many adders side
// by side, which a simulator computes at once. Combinational.
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
  wire [THREES-1:0] a = bits[0 +: THREES], b = bits[THREES +: THREES], c = bits[2*THREES +: THREES];
  wire [6*NUMBERS-1:0] ones = {{(6*NUMBERS-THREES){1'b0}}, a ^ b ^ c};
  wire [6*NUMBERS-1:0] twos = {{(6*NUMBERS-THREES){1'b0}}, (a & b) | (c & (a ^ b))};
  // Bit i of each of the three words is of number i.
  wire [3*NUMBERS-1:0] ones_count, twos_count;
  systole_six #(.BITS(NUMBERS)) ones_six (.words_i(ones), .count_o(ones_count));
  systole_six #(.BITS(NUMBERS)) twos_six (.words_i(twos), .count_o(twos_count));

  wire [COUNT_BITS+3:0] ones_sum, twos_sum;
  generate
    if (NUMBERS == 1) begin : g_sum1
      assign ones_sum = {{(COUNT_BITS+1){1'b0}}, ones_count};
      assign twos_sum = {{(COUNT_BITS+1){1'b0}}, twos_count};
    end else begin : g_sum
      localparam PAIRS = NUMBERS / 2;
      wire [4*PAIRS-1:0] ones_pair = pairs(ones_count), twos_pair = pairs(twos_count);
      if (PAIRS == 1) begin : g_one
        assign ones_sum = {{COUNT_BITS{1'b0}}, ones_pair};
        assign twos_sum = {{COUNT_BITS{1'b0}}, twos_pair};
      end else if (PAIRS == 2) begin : g_two
        assign ones_sum = {{COUNT_BITS{1'b0}}, number(ones_pair, 0)} + {{COUNT_BITS{1'b0}}, number(ones_pair, 1)};
        assign twos_sum = {{COUNT_BITS{1'b0}}, number(twos_pair, 0)} + {{COUNT_BITS{1'b0}}, number(twos_pair, 1)};
      end else begin : g_four
        wire [4:0] ones_low = {1'b0, number(ones_pair, 0)} + {1'b0, number(ones_pair, 1)};
        wire [4:0] ones_high = {1'b0, number(ones_pair, 2)} + {1'b0, number(ones_pair, 3)};
        wire [4:0] twos_low = {1'b0, number(twos_pair, 0)} + {1'b0, number(twos_pair, 1)};
        wire [4:0] twos_high = {1'b0, number(twos_pair, 2)} + {1'b0, number(twos_pair, 3)};
        assign ones_sum = {{(COUNT_BITS-1){1'b0}}, ones_low} + {{(COUNT_BITS-1){1'b0}}, ones_high};
        assign twos_sum = {{(COUNT_BITS-1){1'b0}}, twos_low} + {{(COUNT_BITS-1){1'b0}}, twos_high};
      end

      // Number i and number PAIRS + i, without a carry chain.
      function [4*PAIRS-1:0] pairs(input [3*NUMBERS-1:0] count);
        reg [PAIRS-1:0] p0, p1, p2, q0, q1, q2, c1, c2;
        begin
          {q0, p0} = count[0 +: NUMBERS];
          {q1, p1} = count[NUMBERS +: NUMBERS];
          {q2, p2} = count[2*NUMBERS +: NUMBERS];
          c1 = p0 & q0;
          c2 = (p1 & q1) | (c1 & (p1 ^ q1));
          pairs = {(p2 & q2) | (c2 & (p2 ^ q2)), p2 ^ q2 ^ c2, p1 ^ q1 ^ c1, p0 ^ q0};
        end
      endfunction
      function [3:0] number(input [4*PAIRS-1:0] planes, input integer i);
        number = {planes[3*PAIRS+i], planes[2*PAIRS+i], planes[PAIRS+i], planes[i]};
      endfunction
    end
  endgenerate
  wire [COUNT_BITS+3:0] total = ones_sum + {twos_sum[COUNT_BITS+2:0], 1'b0};
  assign count_o = total[COUNT_BITS-1:0];
  wire unused = &{1'b0, total, twos_sum};
endmodule
`default_nettype wire
