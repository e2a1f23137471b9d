// systole_load_cells.v from its definition, under any stalls of its two sides: cells_gate is the gearbox with inputs that keep
// its rules (a beat only where it is ready, a run no longer than what is held), cells_reference a flat memory of all that
// came in. Beats are of any value; both are cleared in the first cycle.
// WRONG makes the reference wrong on purpose: 1 cells of a beat come highest first, 2 the run's last cell is the next one,
// 3 a beat of more cells than lanes loses the rest.
`default_nettype none
module cells_gate #(
    parameter LANES = 4,
    parameter LANE_BITS = 2,
    parameter IN_BYTES = 1
) (
    input  wire                  clk,
    input  wire [2:0]            width_i,  // of the cells: 2^width_i bits
    input  wire                  valid_i,
    input  wire [8*IN_BYTES-1:0] data_i,
    input  wire                  pop_i,
    input  wire [LANE_BITS-1:0]  cells_i,  // less 1
    output wire                  take_o,
    output wire                  popped_o,
    output wire [LANE_BITS+2:0]  level_o,
    output wire [8*LANES-1:0]    cells_o   // of the run that is taken out, the first one lowest; 0 where none is
);
  reg        begun_q = 1'b0;
  reg  [2:0] width_q;
  wire [4:0] code_bits = 5'd1 << (width_q > 3'd3 ? 3'd3 : width_q);
  wire       ready;
  wire [LANE_BITS+2:0] level;
  wire [LANE_BITS-1:0] first;
  wire [8*LANES-1:0]   held;
  wire [LANE_BITS:0]   cells = {1'b0, cells_i} + 1;
  always @(posedge clk) begin
    begun_q <= 1'b1;
    if (!begun_q) width_q <= width_i;
  end
  assign take_o = begun_q && ready && valid_i;
  assign popped_o = begun_q && pop_i && level >= cells;
  assign level_o = begun_q ? level : 0;
  systole_load_cells #(.LANES(LANES), .LANE_BITS(LANE_BITS), .IN_BYTES(IN_BYTES)) gearbox (
      .clk(clk), .clear_i(!begun_q), .code_bits_i(code_bits), .beat_i(take_o), .data_i(data_i), .ready_o(ready),
      .pop_i(popped_o), .pop_cells_i(cells), .level_o(level), .first_o(first), .cells_o(held)
  );
  wire [16*LANES-1:0] turned = {held, held} >> (8 * first);
  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_cell
      assign cells_o[8*i +: 8] = popped_o && i < cells ? turned[8*i +: 8] : 8'd0;
    end
  endgenerate
endmodule

module cells_reference #(
    parameter LANES = 4,
    parameter LANE_BITS = 2,
    parameter IN_BYTES = 1,
    parameter WRONG = 0
) (
    input  wire                  clk,
    input  wire [2:0]            width_i,
    input  wire                  valid_i,
    input  wire [8*IN_BYTES-1:0] data_i,
    input  wire                  pop_i,
    input  wire [LANE_BITS-1:0]  cells_i,
    output wire                  take_o,
    output wire                  popped_o,
    output reg  [LANE_BITS+2:0]  level_o,
    output reg  [8*LANES-1:0]    cells_o
);
  localparam BITS = 8 * IN_BYTES;
  localparam STORE = 32 * LANES + BITS;  // bits that can be held, a beat's rest with them
  reg              begun_q = 1'b0;
  reg  [2:0]       width_q;
  reg  [STORE-1:0] store_q;    // what is held and the rest of the beat, the oldest cell lowest
  reg  [15:0]      level_q, rest_q;
  wire [1:0]       w = width_q > 3'd3 ? 2'd3 : width_q[1:0];
  wire [3:0]       bits = 4'd1 << w;
  wire [15:0]      beat_cells = BITS >> w;
  wire [15:0]      most = beat_cells < LANES ? beat_cells : LANES;
  wire             room = level_q <= 3 * LANES;
  wire [15:0]      cells = cells_i + 1;
  assign take_o = begun_q && rest_q == 0 && room && valid_i;
  assign popped_o = begun_q && pop_i && level_q >= cells;
  wire [15:0]      in_cells = take_o || (begun_q && rest_q != 0 && room) ? most : 16'd0;
  wire [15:0]      out_cells = popped_o ? cells : 16'd0;
  reg  [BITS-1:0]  beat;
  integer i, b;
  always @* begin
    beat = data_i;
    if (WRONG == 1) for (i = 0; i < BITS; i = i + 1) beat[i] = data_i[BITS-1-i];
    level_o = begun_q ? level_q : 0;
    cells_o = 0;
    for (i = 0; i < LANES; i = i + 1)
      for (b = 0; b < 8; b = b + 1)
        if (popped_o && i < cells && b < bits) cells_o[8*i + b] = store_q >> (((WRONG == 2 && i == cells - 1 ? i + 1 : i) << w) + b);
  end
  wire [STORE-1:0] added = take_o ? {{(STORE-BITS){1'b0}}, beat} << (level_q << w) : {STORE{1'b0}};
  always @(posedge clk) begin
    begun_q <= 1'b1;
    if (!begun_q) width_q <= width_i;
    if (!begun_q) begin
      store_q <= 0;
      level_q <= 0;
      rest_q <= 0;
    end else begin
      store_q <= (store_q | added) >> (out_cells << w);
      level_q <= level_q + in_cells - out_cells;
      rest_q <= (take_o ? (WRONG == 3 ? most : beat_cells) : rest_q) - in_cells;
    end
  end
endmodule
`default_nettype wire
