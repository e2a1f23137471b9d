// The slot order of POST as counters and per-level base registers: additions only. The outputs describe the slot that
// arrives next; step_i (a slot arrives) moves on. load_i takes a record from shadow_i (active in the next cycle).
// Levels, outer to inner: oy ox ct wy wx r j.
`default_nettype none
`include "systole_records.vh"
module systole_post_walk #(
    parameter COLS = 16,
    parameter PW = 4,
    parameter AW = 12,        // bits of an activation code index
    parameter PAR_BITS = 6,   // bits of a parameter word address
    parameter POOL_BITS = 4   // bits of a slot number within a pixel
) (
    input  wire                 clk,
    input  wire                 load_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] fields_i,
    input  wire                 step_i,
    output wire [PAR_BITS-1:0]  param_o,
    output wire [AW-1:0]        res_addr_o,
    output wire [AW-1:0]        dest_addr_o,
    output wire [7:0]           count_o,
    output wire [4:0]           row_o,         // pixel r of the tile
    output wire [POOL_BITS-1:0] slot_o,        // slot j of the pixel
    output wire                 window_first_o,
    output wire                 window_last_o,
    output wire                 window_valid_o,
    output wire                 map_last_o,    // last codes of the map
    output wire                 row_end_o,     // last slot of the output row
    output wire                 record_end_o
);
  localparam [2:0] OY = 3'd0, OX = 3'd1, CT = 3'd2, WY = 3'd3, WX = 3'd4, PR = 3'd5, SJ = 3'd6;
  localparam CW = 18;  // bits of the signed coordinates of the map before pooling

  reg [15:0] n_oy, n_ox, n_ct, n_wy, n_wx, n_r, n_j;  // left on each level, this one included
  reg [AW-1:0] r_oy, r_ox, r_ct, r_wy, r_wx, r_r, r_j;
  reg [AW-1:0] d_oy, d_ox, d_ct, d_r, d_j;
  reg [PAR_BITS-1:0] p_ct, p_j;
  reg [15:0] pix_ox, pix_r;
  reg [CW-1:0] cy_oy, cy_wy, cx_ox, cx_wx, cx_r;
  reg [4:0] row_q;
  reg [POOL_BITS-1:0] slot_q;
  reg wy_first_q, wx_first_q;

  wire e_oy = n_oy == 16'd1;
  wire e_ox = n_ox == 16'd1;
  wire e_ct = n_ct == 16'd1;
  wire e_wy = n_wy == 16'd1;
  wire e_wx = n_wx == 16'd1;
  wire e_r = n_r == 16'd1;
  wire e_j = n_j == 16'd1;
  wire [2:0] level = !e_j ? SJ : !e_r ? PR : !e_wx ? WX : !e_wy ? WY : !e_ct ? CT : !e_ox ? OX : OY;

  wire [15:0] n_ct_next = level == CT ? n_ct - 16'd1 : level < CT ? fields_i[`SYSTOLE_POST_N_CT*32 +: 16] : n_ct;
  wire [15:0] n_j_next = n_ct_next == 16'd1 ? fields_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16]
                                            : fields_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16];

  reg [AW-1:0] r_from, r_add, d_from, d_add;
  always @* begin
    d_from = d_ct;
    d_add = {AW{1'b0}};
    case (level)
      OY: begin
        r_from = r_oy; r_add = fields_i[`SYSTOLE_POST_R_OY*32 +: AW];
        d_from = d_oy; d_add = fields_i[`SYSTOLE_POST_D_OY*32 +: AW];
      end
      OX: begin
        r_from = r_ox; r_add = fields_i[`SYSTOLE_POST_R_OX*32 +: AW];
        d_from = d_ox; d_add = fields_i[`SYSTOLE_POST_D_OX*32 +: AW];
      end
      CT: begin
        r_from = r_ct; r_add = COLS[AW-1:0];
        d_add = COLS[AW-1:0];
      end
      WY: begin
        r_from = r_wy; r_add = fields_i[`SYSTOLE_POST_R_WY*32 +: AW];
      end
      WX: begin
        r_from = r_wx; r_add = fields_i[`SYSTOLE_POST_R_WX*32 +: AW];
      end
      PR: begin
        r_from = r_r; r_add = fields_i[`SYSTOLE_POST_R_ROW*32 +: AW];
        d_from = d_r; d_add = fields_i[`SYSTOLE_POST_D_ROW*32 +: AW];
      end
      default: begin
        r_from = r_j; r_add = PW[AW-1:0];
        d_from = d_j; d_add = PW[AW-1:0];
      end
    endcase
  end
  wire [AW-1:0] r_new = r_from + r_add;
  wire [AW-1:0] d_new = d_from + d_add;
  wire [PAR_BITS-1:0] p_base = fields_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS];
  wire [PAR_BITS-1:0] p_new = level < CT ? p_base
      : level == CT ? p_ct + fields_i[`SYSTOLE_POST_SLOTS_FULL*32 +: PAR_BITS] : p_ct;
  wire [15:0] pix_new = level == OY ? 16'd0 : level == OX ? pix_ox + fields_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 16] : pix_ox;
  wire [CW-1:0] cy_oy_new = cy_oy + fields_i[`SYSTOLE_POST_CY_OY*32 +: CW];
  wire [CW-1:0] cx_ox_new = level == OY ? fields_i[`SYSTOLE_POST_CX_BASE*32 +: CW]
      : level == OX ? cx_ox + fields_i[`SYSTOLE_POST_CX_OX*32 +: CW] : cx_ox;
  wire [CW-1:0] cx_wx_new = level == WX ? cx_wx + {{(CW-1){1'b0}}, 1'b1} : cx_ox_new;

  always @(posedge clk) begin
    if (load_i) begin
      n_oy <= shadow_i[`SYSTOLE_POST_N_OY*32 +: 16];
      n_ox <= shadow_i[`SYSTOLE_POST_N_OX*32 +: 16];
      n_ct <= shadow_i[`SYSTOLE_POST_N_CT*32 +: 16];
      n_wy <= shadow_i[`SYSTOLE_POST_N_WY*32 +: 16];
      n_wx <= shadow_i[`SYSTOLE_POST_N_WX*32 +: 16];
      n_r <= shadow_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 16];
      n_j <= shadow_i[`SYSTOLE_POST_N_CT*32 +: 16] == 16'd1 ? shadow_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16]
                                                            : shadow_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16];
      r_oy <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_ox <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_ct <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_wy <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_wx <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_r <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      r_j <= shadow_i[`SYSTOLE_POST_R_BASE*32 +: AW];
      d_oy <= shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
      d_ox <= shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
      d_ct <= shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
      d_r <= shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
      d_j <= shadow_i[`SYSTOLE_POST_D_BASE*32 +: AW];
      p_ct <= shadow_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS];
      p_j <= shadow_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS];
      pix_ox <= 16'd0;
      pix_r <= 16'd0;
      cy_oy <= shadow_i[`SYSTOLE_POST_CY_BASE*32 +: CW];
      cy_wy <= shadow_i[`SYSTOLE_POST_CY_BASE*32 +: CW];
      cx_ox <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
      cx_wx <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
      cx_r <= shadow_i[`SYSTOLE_POST_CX_BASE*32 +: CW];
      row_q <= 5'd0;
      slot_q <= {POOL_BITS{1'b0}};
      wy_first_q <= 1'b1;
      wx_first_q <= 1'b1;
    end else if (step_i) begin
      n_j <= e_j ? n_j_next : n_j - 16'd1;
      if (level <= PR) n_r <= e_r ? fields_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 16] : n_r - 16'd1;
      if (level <= WX) n_wx <= e_wx ? fields_i[`SYSTOLE_POST_N_WX*32 +: 16] : n_wx - 16'd1;
      if (level <= WY) n_wy <= e_wy ? fields_i[`SYSTOLE_POST_N_WY*32 +: 16] : n_wy - 16'd1;
      n_ct <= n_ct_next;
      if (level <= OX) n_ox <= e_ox ? fields_i[`SYSTOLE_POST_N_OX*32 +: 16] : n_ox - 16'd1;
      if (level == OY) n_oy <= n_oy - 16'd1;

      r_j <= r_new;
      d_j <= d_new;
      if (level <= PR) begin r_r <= r_new; d_r <= d_new; end
      if (level <= WX) r_wx <= r_new;
      if (level <= WY) r_wy <= r_new;
      if (level <= CT) begin r_ct <= r_new; d_ct <= d_new; p_ct <= p_new; end
      if (level <= OX) begin r_ox <= r_new; d_ox <= d_new; end
      if (level == OY) begin r_oy <= r_new; d_oy <= d_new; end
      p_j <= level == SJ ? p_j + {{(PAR_BITS-1){1'b0}}, 1'b1} : p_new;
      slot_q <= level == SJ ? slot_q + {{(POOL_BITS-1){1'b0}}, 1'b1} : {POOL_BITS{1'b0}};
      if (level == PR) row_q <= row_q + 5'd1;
      else if (level < PR) row_q <= 5'd0;
      if (level == PR) pix_r <= pix_r + 16'd1;
      else if (level < PR) pix_r <= pix_new;
      if (level <= OX) pix_ox <= pix_new;

      if (level == OY) begin cy_oy <= cy_oy_new; cy_wy <= cy_oy_new; end
      else if (level == WY) cy_wy <= cy_wy + {{(CW-1){1'b0}}, 1'b1};
      else if (level < WY) cy_wy <= cy_oy;
      cx_ox <= cx_ox_new;
      if (level <= WX) begin cx_wx <= cx_wx_new; cx_r <= cx_wx_new; end
      else if (level == PR) cx_r <= cx_r + fields_i[`SYSTOLE_POST_CX_ROW*32 +: CW];
      if (level <= WX) wx_first_q <= level != WX;
      if (level <= WY) wy_first_q <= level != WY;
    end
  end

  wire [15:0] out_cols = fields_i[`SYSTOLE_POST_OUT_COLS*32 +: 16];
  wire        beyond = pix_r >= out_cols;
  wire        map_col_last = pix_r == out_cols - 16'd1;
  wire        window_last = e_wy && e_wx;
  assign param_o = p_j;
  assign res_addr_o = r_j;
  assign dest_addr_o = d_j;
  assign count_o = beyond ? 8'd0 : (e_ct && e_j) ? fields_i[`SYSTOLE_POST_TAIL_COUNT*32 +: 8] : PW[7:0];
  assign row_o = row_q;
  assign slot_o = slot_q;
  assign window_first_o = wy_first_q && wx_first_q;
  assign window_last_o = window_last;
  assign window_valid_o = !cy_wy[CW-1] && cy_wy < fields_i[`SYSTOLE_POST_CONV_ROWS*32 +: CW]
                       && !cx_r[CW-1] && cx_r < fields_i[`SYSTOLE_POST_CONV_COLS*32 +: CW];
  assign map_last_o = e_oy && map_col_last && e_ct && e_j && window_last;
  assign row_end_o = e_ox && e_ct && window_last && e_r && e_j;
  assign record_end_o = row_end_o && e_oy;
  wire unused = &{1'b0, shadow_i, fields_i};
endmodule
`default_nettype wire
