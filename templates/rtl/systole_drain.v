// Turns a finished tile into slot tokens for the array: pixels r, then slots of the pixel, one every `cadence` cycles,
// the first one cycle after the tile's token. Its figures come from POST's record one step ahead of POST itself:
// position 0 means the record in POST's active copy, 1 the one in its shadow, 2 the one after (not yet fetched).
`default_nettype none
`include "systole_records.vh"
module systole_drain #(
    parameter STAGE = 1,
    parameter PW = 4,
    parameter UNIT_BITS = 5,
    parameter SUB_BITS = 4
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 tile_i,
    input  wire                 tile_ct_last_i,
    input  wire                 tile_record_last_i,
    input  wire                 post_done_i,  // POST finishes its active record in this cycle
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] active_i,
    input  wire                 active_valid_i,
    output wire                 valid_o,
    output wire [4:0]           row_o,
    output wire [UNIT_BITS-1:0] unit_o,
    output wire [SUB_BITS-1:0]  sub_o
);
  localparam SLOTS_PER_STAGE = STAGE >= PW ? STAGE / PW : 1;
  localparam [SUB_BITS-1:0] SUB_LAST = SLOTS_PER_STAGE[SUB_BITS-1:0] - {{(SUB_BITS-1){1'b0}}, 1'b1};

  reg [1:0] position_q;
  wire in_shadow = position_q != 2'd0 || !active_valid_i;
  wire [4:0]  pixels     = in_shadow ? shadow_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 5] : active_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 5];
  wire [15:0] slots_full = in_shadow ? shadow_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16] : active_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16];
  wire [15:0] slots_last = in_shadow ? shadow_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16] : active_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16];
  wire        residual   = in_shadow ? shadow_i[`SYSTOLE_POST_RES_ENABLE*32] : active_i[`SYSTOLE_POST_RES_ENABLE*32];
  wire [4:0]  res_planes = in_shadow ? shadow_i[`SYSTOLE_POST_RES_PLANES*32 +: 5] : active_i[`SYSTOLE_POST_RES_PLANES*32 +: 5];
  wire [4:0]  cadence = residual ? res_planes : 5'd1;
  wire [15:0] slots = tile_ct_last_i ? slots_last : slots_full;

  reg         busy_q, valid_q;
  reg [4:0]   row_q, rows_left_q, gap_q, cadence_q;
  reg [15:0]  left_q, slots_q;
  reg [UNIT_BITS-1:0] unit_q;
  reg [SUB_BITS-1:0]  sub_q;
  wire row_end = left_q == 16'd1;
  wire sub_end = sub_q == SUB_LAST;

  always @(posedge clk) begin
    valid_q <= 1'b0;
    if (tile_i) begin
      valid_q <= 1'b1;
      row_q <= 5'd0;
      rows_left_q <= pixels;
      unit_q <= {UNIT_BITS{1'b0}};
      sub_q <= {SUB_BITS{1'b0}};
      left_q <= slots;
      slots_q <= slots;
      gap_q <= cadence;
      cadence_q <= cadence;
    end else if (busy_q && gap_q != 5'd1) gap_q <= gap_q - 5'd1;
    else if (busy_q && !(row_end && rows_left_q == 5'd1)) begin
      valid_q <= 1'b1;
      gap_q <= cadence_q;
      if (row_end) begin
        row_q <= row_q + 5'd1;
        rows_left_q <= rows_left_q - 5'd1;
        unit_q <= {UNIT_BITS{1'b0}};
        sub_q <= {SUB_BITS{1'b0}};
        left_q <= slots_q;
      end else begin
        left_q <= left_q - 16'd1;
        sub_q <= sub_end ? {SUB_BITS{1'b0}} : sub_q + {{(SUB_BITS-1){1'b0}}, 1'b1};
        if (sub_end) unit_q <= unit_q + {{(UNIT_BITS-1){1'b0}}, 1'b1};
      end
    end
    if (rst) begin
      valid_q <= 1'b0;
      busy_q <= 1'b0;
      position_q <= 2'd0;
    end else begin
      if (tile_i) busy_q <= 1'b1;
      else if (busy_q && gap_q == 5'd1 && row_end && rows_left_q == 5'd1) busy_q <= 1'b0;
      position_q <= position_q + {1'b0, tile_i && tile_record_last_i} - {1'b0, post_done_i};
    end
  end

  assign valid_o = valid_q;
  assign row_o = row_q;
  assign unit_o = unit_q;
  assign sub_o = sub_q;
  wire unused = &{1'b0, shadow_i, active_i};

`ifdef SYSTOLE_ASSERT
  // The tile before has handed out its last slot: FEED's pace keeps tiles that far apart.
  always @(posedge clk) begin
    if (!rst && tile_i && busy_q && !(gap_q == 5'd1 && row_end && rows_left_q == 5'd1)) begin
      $fdisplay(32'h8000_0002, "systole assertion: a tile ends while the one before still drains");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
