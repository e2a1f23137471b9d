// Turns items towards higher places: item i comes to place (i + by) % ITEMS. Combinational.
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
  wire [2*ITEMS*BITS-1:0] turned = {items_i, items_i} << (by_i * BITS);
  assign items_o = turned[2*ITEMS*BITS-1:ITEMS*BITS];
  wire unused = &{1'b0, turned};
endmodule
`default_nettype wire
