// systole_table.v from its definition, with one memory for all channels.
// WRONG makes it wrong on purpose: 1 the base is forgotten, 2 all channels have the first one's value, 3 the table is
// always looked in.
`default_nettype none
module table_reference #(
    parameter PW = 2,
    parameter VALUE_BITS = 16,
    parameter ENTRIES = 4,
    parameter ENTRY_BITS = 2,
    parameter WRONG = 0
) (
    input  wire                     clk,
    input  wire                     we_i,
    input  wire [ENTRY_BITS-1:0]    waddr_i,
    input  wire [15:0]              wdata_i,
    input  wire                     valid_i,
    input  wire                     enable_i,
    input  wire [ENTRY_BITS-1:0]    base_i,
    input  wire [PW*VALUE_BITS-1:0] value_i,
    output reg  [PW*VALUE_BITS-1:0] value_o
);
  reg [16*ENTRIES-1:0] entries;
  reg [VALUE_BITS-1:0] value;
  reg [ENTRY_BITS-1:0] at;
  integer c;
  always @(posedge clk) begin
    if (valid_i) begin
      for (c = 0; c < PW; c = c + 1) begin
        value = value_i[(WRONG == 2 ? 0 : c)*VALUE_BITS +: VALUE_BITS];
        at = (WRONG == 1 ? {ENTRY_BITS{1'b0}} : base_i) + value[ENTRY_BITS-1:0];
        if (enable_i || WRONG == 3) value = entries[16*at +: 16];
        value_o[c*VALUE_BITS +: VALUE_BITS] <= value;
      end
    end
    if (we_i) entries[16*waddr_i +: 16] <= wdata_i;
  end
endmodule
`default_nettype wire
