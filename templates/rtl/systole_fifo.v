// First-word-fall-through FIFO with a registered head. The user's credits keep it from overflowing: at most ENTRIES
// pushed and not popped. An empty FIFO passes a push to its head in one cycle, a filled one holds the head until pop_i.
`default_nettype none
module systole_fifo #(
    parameter WIDTH = 32,
    parameter ENTRIES = 16,   // a power of two
    parameter ADDR_BITS = 4   // $clog2(ENTRIES)
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             push_i,
    input  wire [WIDTH-1:0] data_i,
    output wire             valid_o,
    output wire [WIDTH-1:0] data_o,
    input  wire             pop_i
);
  reg [ADDR_BITS:0]   count_q;  // entries in mem, the head not included
  reg [ADDR_BITS-1:0] write_q, read_q;
  reg                 valid_q;
  reg                 passed_valid_q;  // the head has not been in mem
  reg [WIDTH-1:0]     passed_q;
  wire [WIDTH-1:0]    stored;
  wire refill = !valid_q || pop_i;
  wire from_mem = refill && count_q != {(ADDR_BITS+1){1'b0}};
  wire straight = push_i && refill && !from_mem;
  wire store = push_i && !straight;

  systole_ram #(
      .WIDTH(WIDTH), .WORDS(ENTRIES), .ADDR_BITS(ADDR_BITS)
  ) entries (
      .clk(clk), .we_i(store), .waddr_i(write_q), .wdata_i(data_i), .re_i(from_mem), .raddr_i(read_q), .rdata_o(stored)
  );
  always @(posedge clk) begin
    if (refill) passed_valid_q <= straight;
    if (straight) passed_q <= data_i;
    if (rst) begin
      count_q <= {(ADDR_BITS+1){1'b0}};
      write_q <= {ADDR_BITS{1'b0}};
      read_q <= {ADDR_BITS{1'b0}};
      valid_q <= 1'b0;
    end else begin
      write_q <= write_q + {{(ADDR_BITS-1){1'b0}}, store};
      read_q <= read_q + {{(ADDR_BITS-1){1'b0}}, from_mem};
      count_q <= count_q + {{ADDR_BITS{1'b0}}, store} - {{ADDR_BITS{1'b0}}, from_mem};
      if (refill) valid_q <= from_mem || straight;
    end
  end
  assign valid_o = valid_q;
  assign data_o = passed_valid_q ? passed_q : stored;

`ifdef SYSTOLE_ASSERT
  always @(posedge clk) begin
    if (!rst && store && !from_mem && count_q == ENTRIES[ADDR_BITS:0]) begin
      $fdisplay(32'h8000_0002, "systole assertion: the output FIFO overflows");
      $stop;
    end
    if (!rst && pop_i && !valid_q) begin
      $fdisplay(32'h8000_0002, "systole assertion: an empty output FIFO is read");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
