// The definition of systole_turn. WRONG makes it wrong on purpose: 1 towards lower places, 2 one place further.
`default_nettype none
module turn_reference #(
    parameter ITEMS = 4,
    parameter BITS = 3,
    parameter BY_BITS = 2,
    parameter WRONG = 0
) (
    input  wire [ITEMS*BITS-1:0] items_i,
    input  wire [BY_BITS-1:0]    by_i,
    output reg  [ITEMS*BITS-1:0] items_o
);
  integer i, from;
  always @* begin
    for (i = 0; i < ITEMS; i = i + 1) begin
      from = WRONG == 1 ? i + by_i : i + ITEMS - by_i + (WRONG == 2);
      items_o[i*BITS +: BITS] = items_i[(from % ITEMS)*BITS +: BITS];
    end
  end
endmodule
`default_nettype wire
