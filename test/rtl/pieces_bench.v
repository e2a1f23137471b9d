// Sends the pieces of +pieces to systole_pieces, a random pause before each, and prints every word that comes out.
`default_nettype none
module pieces_bench #(
    parameter WIDTH = 32,
    parameter INNER = 1,
    parameter COUNT = 1  // pieces in the file
);
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg start = 1'b0;
  reg valid = 1'b0;
  reg [31:0] piece = 32'd0;
  reg [31:0] pieces [0:COUNT-1];
  reg [8*512-1:0] path;
  wire we;
  wire [31:0] addr;
  wire [15:0] inner;
  wire [WIDTH-1:0] word;
  integer sent = 0;
  integer seed;

  systole_pieces #(
      .WIDTH(WIDTH), .INNER(INNER)
  ) dut (
      .clk(clk), .rst(rst), .start_i(start), .addr_i(32'd5), .piece_valid_i(valid), .piece_i(piece),
      .we_o(we), .addr_o(addr), .inner_o(inner), .word_o(word)
  );
  always #1 clk = ~clk;
  always @(posedge clk) if (!rst && we) $display("%0d %0d %h", addr, inner, word);

  initial begin
    if (!$value$plusargs("pieces=%s", path)) $finish;
    if (!$value$plusargs("seed=%d", seed)) $finish;
    $readmemh(path, pieces);
    repeat (2) @(negedge clk);
    rst = 1'b0;
    // Half a word that the start drops.
    valid = WIDTH > 32;
    piece = 32'hdeadbeef;
    @(negedge clk) valid = 1'b0;
    start = 1'b1;
    @(negedge clk) start = 1'b0;
    while (sent < COUNT) begin
      valid = $random(seed) % 3 != 0;
      piece = pieces[sent];
      if (valid) sent = sent + 1;
      @(negedge clk);
    end
    valid = 1'b0;
    repeat (2) @(negedge clk);
    $finish;
  end
endmodule
`default_nettype wire
