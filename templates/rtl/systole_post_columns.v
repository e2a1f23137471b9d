// The positions of POST's slots in their rows: of the destination and of the residual, in codes from the row pointer on;
// the column's number, and its place in the map before the pool. systole_post_walk says what a step ends. On a step exactly
// one level advances and all inner ones restart from its new value, so one adder per position suffices.
`default_nettype none
`include "systole_records.vh"
module systole_post_columns #(
    parameter COLS = 16,
    parameter PW = 4,
    parameter AW = 12  // bits of an activation code index
) (
    input  wire          clk,
    input  wire          load_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] fields_i,
    input  wire          step_i,
    input  wire [7:0]    ends_i,       // of systole_post_walk
    input  wire          line_end_i,
    output wire [AW-1:0] d_x_o,
    output wire [AW-1:0] r_x_o,
    output wire          inside_o,     // a column of the output
    output wire          last_o,       // and its last
    output wire          valid_o       // a column of the map before the pool
);
  localparam OY = 1, OX = 2, CT = 3, WY = 4, WX = 5, PR = 6, SJ = 7;
  localparam CW = 18;  // bits of the signed coordinates of the map before pooling
  localparam [AW-1:0] TILE = COLS[AW-1:0];
  localparam [AW-1:0] SLOT = PW[AW-1:0];

  reg [AW-1:0] c_co;  // channels before this co, the position of a row's first pixel
  reg [AW-1:0] d_ox, d_ct, d_px, d_j;
  reg [AW-1:0] r_ox, r_ct, r_wx, r_px, r_j;
  reg [15:0]   col_ox, col_px;
  reg [CW-1:0] cx_ox, cx_wx, cx_px;

  reg [AW-1:0] d_from, d_add, r_from, r_add;
  always @* begin
    d_add = {AW{1'b0}};
    r_add = {AW{1'b0}};
    if (!ends_i[SJ]) begin
      d_from = d_j; d_add = SLOT;
      r_from = r_j; r_add = SLOT;
    end else if (!line_end_i) begin
      d_from = d_px; d_add = fields_i[`SYSTOLE_POST_D_ROW*32 +: AW];
      r_from = r_px; r_add = fields_i[`SYSTOLE_POST_R_ROW*32 +: AW];
    end else if (!ends_i[WX]) begin
      d_from = d_ct;
      r_from = r_wx; if (ends_i[PR]) r_add = fields_i[`SYSTOLE_POST_R_WX*32 +: AW];
    end else if (!ends_i[CT]) begin
      d_from = d_ct; if (ends_i[WY]) d_add = TILE;
      r_from = r_ct; if (ends_i[WY]) r_add = TILE;
    end else if (!ends_i[OX]) begin
      d_from = d_ox; d_add = fields_i[`SYSTOLE_POST_D_OX*32 +: AW];
      r_from = r_ox; r_add = fields_i[`SYSTOLE_POST_R_OX*32 +: AW];
    end else begin
      d_from = c_co; if (ends_i[OY]) d_add = TILE;
      r_from = c_co; if (ends_i[OY]) r_add = TILE;
    end
  end
  wire [AW-1:0] d_new = d_from + d_add;
  wire [AW-1:0] r_new = r_from + r_add;

  wire [15:0] col_add = !line_end_i ? 16'd1 : ends_i[CT] ? fields_i[`SYSTOLE_POST_TILE_COLS*32 +: 16] : 16'd0;
  wire [15:0] col_sum = (!line_end_i ? col_px : col_ox) + col_add;
  wire [15:0] col_new = ends_i[OX] ? 16'd0 : col_sum;

  wire [CW-1:0] cx_from = !line_end_i ? cx_px : !ends_i[WX] ? cx_wx : ends_i[OX] ? fields_i[`SYSTOLE_POST_CX_BASE*32 +: CW] : cx_ox;
  reg  [CW-1:0] cx_add;
  always @* begin
    cx_add = {CW{1'b0}};
    if (!line_end_i) cx_add = fields_i[`SYSTOLE_POST_CX_ROW*32 +: CW];
    else if (!ends_i[WX]) cx_add = {{(CW-1){1'b0}}, ends_i[PR]};
    else if (ends_i[CT] && !ends_i[OX]) cx_add = fields_i[`SYSTOLE_POST_CX_OX*32 +: CW];
  end
  wire [CW-1:0] cx_new = cx_from + cx_add;

  always @(posedge clk) begin
    if (load_i) begin
      c_co <= {AW{1'b0}};
      d_ox <= {AW{1'b0}};
      d_ct <= {AW{1'b0}};
      d_px <= {AW{1'b0}};
      d_j <= {AW{1'b0}};
      r_ox <= {AW{1'b0}};
      r_ct <= {AW{1'b0}};
      r_wx <= {AW{1'b0}};
      r_px <= {AW{1'b0}};
      r_j <= {AW{1'b0}};
      col_ox <= 16'd0;
      col_px <= 16'd0;
      cx_ox <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
      cx_wx <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
      cx_px <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
    end else if (step_i) begin
      d_j <= d_new;
      r_j <= r_new;
      if (ends_i[SJ]) begin
        d_px <= d_new;
        r_px <= r_new;
        col_px <= col_new;
        cx_px <= cx_new;
      end
      if (ends_i[PR]) begin
        r_wx <= r_new;
        cx_wx <= cx_new;
      end
      if (ends_i[WY]) begin
        d_ct <= d_new;
        r_ct <= r_new;
      end
      if (ends_i[CT]) begin
        d_ox <= d_new;
        r_ox <= r_new;
        col_ox <= col_new;
        cx_ox <= cx_new;
      end
      if (ends_i[OY]) c_co <= d_new;
    end
  end

  wire [15:0] out_cols = fields_i[`SYSTOLE_POST_OUT_COLS*32 +: 16];
  assign d_x_o = d_j;
  assign r_x_o = r_j;
  assign inside_o = col_px < out_cols;
  assign last_o = col_px == out_cols - 16'd1;
  assign valid_o = !cx_px[CW-1] && cx_px < fields_i[`SYSTOLE_POST_CONV_COLS*32 +: CW];
  wire unused = &{1'b0, shadow_i, fields_i, ends_i};
endmodule
`default_nettype wire
