// systole_table.v from its definition, with one memory for all channels.
// WRONG makes it wrong on purpose: 1 the base is forgotten, 2 all channels have the first one's code, 3 a read is not
// asked for.
`default_nettype none
module table_reference #(
    parameter PW = 2,
    parameter ENTRIES = 4,
    parameter ENTRY_BITS = 2,
    parameter WRONG = 0
) (
    input  wire                  clk,
    input  wire                  we_i,
    input  wire [ENTRY_BITS-1:0] waddr_i,
    input  wire [15:0]           wdata_i,
    input  wire                  read_i,
    input  wire [ENTRY_BITS-1:0] base_i,
    input  wire [PW*16-1:0]      code_i,
    output reg  [PW*16-1:0]      entry_o
);
  reg [16*ENTRIES-1:0] entries;
  reg [ENTRY_BITS-1:0] at;
  integer c;
  always @(posedge clk) begin
    if (read_i || WRONG == 3) begin
      for (c = 0; c < PW; c = c + 1) begin
        at = (WRONG == 1 ? {ENTRY_BITS{1'b0}} : base_i) + code_i[(WRONG == 2 ? 0 : c)*16 +: ENTRY_BITS];
        entry_o[c*16 +: 16] <= entries[16*at +: 16];
      end
    end
    if (we_i) entries[16*waddr_i +: 16] <= wdata_i;
  end
endmodule
`default_nettype wire
