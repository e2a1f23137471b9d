// Turns items towards higher places: item i comes to place (i + by) % ITEMS. Combinational: one choice of two for each
// bit of by.
`default_nettype none
module systole_turn #(
    parameter ITEMS = 16,     // a power of two
    parameter BITS = 3,       // of an item
    parameter BY_BITS = 4     // $clog2(ITEMS)
) (
    input  wire [ITEMS*BITS-1:0] items_i,
    input  wire [BY_BITS-1:0]    by_i,
    output wire [ITEMS*BITS-1:0] items_o
);
  localparam WIDTH = ITEMS * BITS;
  wire [(BY_BITS+1)*WIDTH-1:0] turned;  // by the bits of by below
  assign turned[WIDTH-1:0] = items_i;
  genvar k;
  generate
    for (k = 0; k < BY_BITS; k = k + 1) begin : g_bit
      localparam BY = (1 << k) * BITS;
      wire [WIDTH-1:0] from = turned[k*WIDTH +: WIDTH];
      assign turned[(k+1)*WIDTH +: WIDTH] = by_i[k] ? {from[WIDTH-BY-1:0], from[WIDTH-1:WIDTH-BY]} : from;
    end
  endgenerate
  assign items_o = turned[BY_BITS*WIDTH +: WIDTH];
endmodule
`default_nettype wire
