// Packs 32-bit pieces, least significant first, into words of one memory and counts the word address.
// start_i sets the address and drops a half-filled word. we_o pulses one cycle after a word's last piece.
`default_nettype none
module systole_pieces #(
    parameter WIDTH = 32,  // bits per word; ceil(WIDTH/32) pieces make one word
    parameter INNER = 1    // words (one per column) that share an address
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             start_i,
    input  wire [31:0]      addr_i,
    input  wire             piece_valid_i,
    input  wire [31:0]      piece_i,
    output wire             we_o,
    output wire [31:0]      addr_o,
    output wire [15:0]      inner_o,
    output wire [WIDTH-1:0] word_o
);
  localparam PIECES = (WIDTH + 31) / 32;
  localparam PIECE_BITS = PIECES > 1 ? $clog2(PIECES) : 1;
  localparam LAST_PIECE = PIECES - 1;
  localparam [PIECE_BITS-1:0] LAST = LAST_PIECE[PIECE_BITS-1:0];

  reg [PIECES*32-1:0] word_q;
  reg [PIECE_BITS-1:0] piece_q;
  reg [31:0] addr_q;
  reg [15:0] inner_q;
  reg        we_q;
  wire       last = piece_q == LAST;
  wire       inner_last = inner_q == INNER[15:0] - 16'd1;

  integer i;
  always @(posedge clk) begin
    we_q <= 1'b0;
    if (rst || start_i) begin
      piece_q <= {PIECE_BITS{1'b0}};
      addr_q <= addr_i;
      inner_q <= 16'd0;
    end else begin
      if (piece_valid_i) begin
        for (i = 0; i < PIECES; i = i + 1) if (piece_q == i[PIECE_BITS-1:0]) word_q[i*32 +: 32] <= piece_i;
        piece_q <= last ? {PIECE_BITS{1'b0}} : piece_q + {{(PIECE_BITS-1){1'b0}}, 1'b1};
        we_q <= last;
      end
      if (we_q) begin
        inner_q <= inner_last ? 16'd0 : inner_q + 16'd1;
        if (inner_last) addr_q <= addr_q + 32'd1;
      end
    end
  end

  assign we_o = we_q;
  assign addr_o = addr_q;
  assign inner_o = inner_q;
  assign word_o = word_q[WIDTH-1:0];
  wire unused = &{1'b0, word_q};
endmodule
`default_nettype wire
