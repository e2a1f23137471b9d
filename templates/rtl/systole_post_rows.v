// The rows of POST's slots: row pointers of the destination and of the residual, the row's number, and its place in the map
// before the pool; systole_post_walk says what a step ends. With CONTEXTS, row pointers run through circular buffers, and
// the state behind a record's last row is kept for the record that resumes its context: also one that follows without a bubble.
`default_nettype none
`include "systole_records.vh"
module systole_post_rows #(
    parameter AW = 12,          // bits of an activation code index
    parameter CONTEXTS = 0,     // 0: no contexts and no circular buffers
    parameter CONTEXT_BITS = 1  // $clog2(CONTEXTS), at least 1
) (
    input  wire          clk,
    input  wire          load_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] fields_i,
    input  wire          step_i,
    input  wire [7:0]    ends_i,      // of systole_post_walk
    input  wire          line_end_i,
    output wire [AW-1:0] d_row_o,
    output wire [AW-1:0] r_row_o,
    output wire          inside_o,    // a row of the output
    output wire          valid_o      // a row of the map before the pool
);
  localparam CO = 0, OY = 1, OX = 2, WY = 4, WX = 5, PR = 6;
  localparam CW = 18;  // bits of the signed coordinates of the map before pooling

  // What a step at a line's end does: the next line, the tile again (next in x, or of the window), a window row on, the
  // next row of tiles, all rows again.
  wire to_line = !ends_i[PR];
  wire to_wx = !ends_i[WX];
  wire to_wy = !ends_i[WY];
  wire to_tile = !ends_i[OX];
  wire to_co = ends_i[OY] && !ends_i[CO];

  reg [AW-1:0] d_oy, d_ln, r_oy, r_wy, r_ln;
  reg [CW-1:0] cy_oy, cy_wy, cy_ln;
  reg [15:0]   row_oy, row_ln;

  // The destination does not move within the window.
  wire          d_stays = !to_line && (to_tile || to_co);
  wire [AW-1:0] d_from = to_line ? d_ln : to_co ? fields_i[`SYSTOLE_POST_D_BASE*32 +: AW] : d_oy;
  wire [AW-1:0] d_line = fields_i[`SYSTOLE_POST_D_LINE*32 +: AW];
  wire [AW-1:0] d_step = fields_i[`SYSTOLE_POST_D_OY*32 +: AW];
  wire [AW-1:0] d_sum = d_from + (d_stays ? {AW{1'b0}} : to_line ? d_line : d_step);
  wire [AW-1:0] d_new, d_start;

  wire          r_stays = to_line ? 1'b0 : to_wx ? 1'b1 : to_wy ? 1'b0 : to_tile || to_co;
  wire [AW-1:0] r_from = to_line ? r_ln : to_wy ? r_wy : to_co ? fields_i[`SYSTOLE_POST_R_BASE*32 +: AW] : r_oy;
  wire [AW-1:0] r_line = fields_i[`SYSTOLE_POST_R_LINE*32 +: AW];
  wire [AW-1:0] r_window = fields_i[`SYSTOLE_POST_R_WY*32 +: AW];
  wire [AW-1:0] r_step = fields_i[`SYSTOLE_POST_R_OY*32 +: AW];
  wire [AW-1:0] r_sum = r_from + (r_stays ? {AW{1'b0}} : to_line ? r_line : to_wy ? r_window : r_step);
  wire [AW-1:0] r_new, r_start;

  wire [CW-1:0] cy_from = to_line ? cy_ln : to_wy ? cy_wy : to_co ? fields_i[`SYSTOLE_POST_CY_BASE*32 +: CW] : cy_oy;
  wire [CW-1:0] cy_add = r_stays ? {CW{1'b0}} : to_line ? fields_i[`SYSTOLE_POST_CY_LINE*32 +: CW]
      : to_wy ? {{(CW-1){1'b0}}, 1'b1} : fields_i[`SYSTOLE_POST_CY_OY*32 +: CW];
  wire [CW-1:0] cy_new = cy_from + cy_add;
  wire [CW-1:0] cy_start;

  // Lines follow each other from tile to tile.
  wire [15:0] row_next = row_ln + 16'd1;
  wire [15:0] row_new = to_line ? row_next : to_tile ? row_oy : to_co ? 16'd0 : row_next;
  wire [15:0] row_start;

  always @(posedge clk) begin
    if (load_i) begin
      d_oy <= d_start;
      d_ln <= d_start;
      r_oy <= r_start;
      r_wy <= r_start;
      r_ln <= r_start;
      cy_oy <= cy_start;
      cy_wy <= cy_start;
      cy_ln <= cy_start;
      row_oy <= row_start;
      row_ln <= row_start;
    end else if (step_i) begin
      if (line_end_i) begin
        d_ln <= d_new;
        r_ln <= r_new;
        cy_ln <= cy_new;
        row_ln <= row_new;
      end
      if (ends_i[WX]) begin
        r_wy <= r_new;
        cy_wy <= cy_new;
      end
      if (ends_i[OX]) begin
        d_oy <= d_new;
        r_oy <= r_new;
        cy_oy <= cy_new;
        row_oy <= row_new;
      end
    end
  end

  wire [AW-1:0] d_base = shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
  wire [AW-1:0] r_base = shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
  wire [CW-1:0] cy_base = shadow_i[`SYSTOLE_POST_CY_BASE*32 +: CW];
  generate
    if (CONTEXTS > 0) begin : g_contexts
      systole_wrap #(.AW(AW)) d_wrap (
          .clk(clk), .load_i(load_i), .size_i(shadow_i[`SYSTOLE_POST_D_BUFFER_SIZE*32 +: AW+1]),
          .end_i(shadow_i[`SYSTOLE_POST_D_BUFFER_END*32 +: AW+1]),
          .steps_i({{AW{1'b0}}, shadow_i[`SYSTOLE_POST_D_LINE*32 +: AW], shadow_i[`SYSTOLE_POST_D_OY*32 +: AW]}),
          .from_i(d_from), .sum_i(d_sum), .stays_i(d_stays), .step_i({1'b0, to_line}), .row_o(d_new)
      );
      systole_wrap #(.AW(AW)) r_wrap (
          .clk(clk), .load_i(load_i), .size_i(shadow_i[`SYSTOLE_POST_R_BUFFER_SIZE*32 +: AW+1]),
          .end_i(shadow_i[`SYSTOLE_POST_R_BUFFER_END*32 +: AW+1]),
          .steps_i({shadow_i[`SYSTOLE_POST_R_WY*32 +: AW], shadow_i[`SYSTOLE_POST_R_LINE*32 +: AW], shadow_i[`SYSTOLE_POST_R_OY*32 +: AW]}),
          .from_i(r_from), .sum_i(r_sum), .stays_i(r_stays), .step_i({!to_line && to_wy, to_line}), .row_o(r_new)
      );
      localparam WIDTH = 2*AW + CW + 16;
      reg  [WIDTH-1:0] kept [0:CONTEXTS-1];
      wire [CONTEXT_BITS-1:0] save = fields_i[`SYSTOLE_POST_CONTEXT*32 +: CONTEXT_BITS];
      wire [CONTEXT_BITS-1:0] find = shadow_i[`SYSTOLE_POST_CONTEXT*32 +: CONTEXT_BITS];
      wire             saves = step_i && ends_i[CO];
      wire [WIDTH-1:0] now = {d_new, r_new, cy_new, row_next};
      always @(posedge clk) if (saves) kept[save] <= now;
      wire [WIDTH-1:0] found = saves && save == find ? now : kept[find];
      assign {d_start, r_start, cy_start, row_start} = shadow_i[`SYSTOLE_POST_RESUME*32] ? found
          : {d_base, r_base, cy_base, 16'd0};
    end else begin : g_no_contexts
      assign d_new = d_sum;
      assign r_new = r_sum;
      assign d_start = d_base;
      assign r_start = r_base;
      assign cy_start = cy_base;
      assign row_start = 16'd0;
    end
  endgenerate

  assign d_row_o = d_ln;
  assign r_row_o = r_ln;
  assign inside_o = row_ln < fields_i[`SYSTOLE_POST_OUT_ROWS*32 +: 16];
  assign valid_o = !cy_ln[CW-1] && cy_ln < fields_i[`SYSTOLE_POST_CONV_ROWS*32 +: CW];
  wire unused = &{1'b0, shadow_i, fields_i, ends_i};
endmodule
`default_nettype wire
