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
  reg [WIDTH-1:0] turned;
  integer k;
  always @* begin
    turned = items_i;
    for (k = 0; k < BY_BITS; k = k + 1)
      if (by_i[k]) turned = (turned << (BITS << k)) | (turned >> (WIDTH - (BITS << k)));
  end
  assign items_o = turned;
endmodule
`default_nettype wire
