// A request on its way from one array row to the next: one pixel on, or to the start of the tile's next line (docs/machine.md,
// FEED, tileCols). Latency 1.
`default_nettype none
module systole_row_hop #(
    parameter NEXT = 1,   // the row it goes to
    parameter AW = 12,
    parameter XW = 14,
    parameter LANES = 16,
    parameter LANE_BITS = 4,  // $clog2(LANES)
    parameter FOLD = 0        // 1: with segments of the channel folder, in bank order
) (
    input  wire                 clk,
    input  wire                 valid_i,
    input  wire [AW-1:0]        a_i,
    input  wire [XW-1:0]        x_i,
    input  wire [XW-1:0]        y_i,
    input  wire [XW-1:0]        y_max_i,
    input  wire                 y_ok_i,
    input  wire [2*AW+2*XW+4:0] hop_i,  // yLine, xWrap, aWrap, aRow, tileCols
    input  wire [3*LANES-1:0]   segments_i,
    output wire                 valid_o,
    output wire [AW-1:0]        a_o,
    output wire [XW-1:0]        x_o,
    output wire [XW-1:0]        y_o,
    output wire [XW-1:0]        y_max_o,
    output wire                 y_ok_o,
    output wire [2*AW+2*XW+4:0] hop_o,
    output wire [3*LANES-1:0]   segments_o
);
  wire [4:0]    cols = hop_i[4:0];
  wire [AW-1:0] a_row = hop_i[5 +: AW];
  wire [AW-1:0] a_wrap = hop_i[5+AW +: AW];
  wire [XW-1:0] x_wrap = hop_i[5+2*AW +: XW];
  wire [XW-1:0] y_line = hop_i[5+2*AW+XW +: XW];
  // Lines have 1, 2, 4 or 8 pixels; where all rows are one line, none of them begins another.
  wire          wraps = cols == 5'd1 || (NEXT % 2 == 0 && cols == 5'd2) || (NEXT % 4 == 0 && cols == 5'd4)
                     || (NEXT % 8 == 0 && cols == 5'd8);
  wire [XW-1:0] y_next = y_i + y_line;
  wire [AW-1:0] move = wraps ? a_wrap : a_row;

  reg                 valid_q, y_ok_q;
  reg [AW-1:0]        a_q;
  reg [XW-1:0]        x_q, y_q, y_max_q;
  reg [2*AW+2*XW+4:0] hop_q;
  always @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      a_q <= a_i + move;
      x_q <= x_i + (wraps ? x_wrap : {{(XW-AW){a_row[AW-1]}}, a_row});
      y_q <= wraps ? y_next : y_i;
      y_ok_q <= wraps ? !y_next[XW-1] && y_next < y_max_i : y_ok_i;
      y_max_q <= y_max_i;
      hop_q <= hop_i;
    end
  end
  generate
    if (FOLD != 0) begin : g_fold
      wire [3*LANES-1:0] turned;
      reg  [3*LANES-1:0] segments_q;
      systole_turn #(
          .ITEMS(LANES), .BITS(3), .BY_BITS(LANE_BITS)
      ) turn (
          .items_i(segments_i), .by_i(move[LANE_BITS-1:0]), .items_o(turned)
      );
      always @(posedge clk) if (valid_i) segments_q <= turned;
      assign segments_o = segments_q;
    end else begin : g_no_fold
      assign segments_o = {(3*LANES){1'b0}};
      wire unused = &{1'b0, segments_i};
    end
  endgenerate
  assign valid_o = valid_q;
  assign a_o = a_q;
  assign x_o = x_q;
  assign y_o = y_q;
  assign y_max_o = y_max_q;
  assign y_ok_o = y_ok_q;
  assign hop_o = hop_q;
endmodule
`default_nettype wire
