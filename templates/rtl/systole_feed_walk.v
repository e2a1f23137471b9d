// The loop nest of FEED as counters and per-level base registers: additions only. The outputs describe the current
// step; step_i moves to the next one. load_i takes a record from shadow_i (it becomes the active fields_i in the next cycle).
// Levels, outer to inner: oy ox ct wy wx pass ky kx st. On a step exactly one level advances and all inner ones restart
// from its new value, so one adder per address suffices.
`default_nettype none
`include "systole_records.vh"
module systole_feed_walk #(
    parameter LANES = 16,
    parameter AW = 12,   // bits of an activation code index
    parameter XW = 14,   // bits of the signed coordinates x and y
    parameter WAW = 8,   // bits of a weight word address
    parameter PAW = 4    // bits of a pass entry address
) (
    input  wire                              clk,
    input  wire                              load_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] fields_i,
    input  wire                              step_i,
    output wire [AW-1:0]                     a_o,
    output wire [XW-1:0]                     x_o,
    output wire [XW-1:0]                     y_o,
    output wire [WAW-1:0]                    w_o,
    output wire [PAW-1:0]                    pass_o,
    output wire [31:0]                       run_o,         // codes left in this kernel run
    output wire [31:0]                       need_in_o,     // rows of the input this output row needs, not yet limited
    output wire [31:0]                       need_res_o,
    output wire                              tile_first_o,
    output wire                              pass_first_o,
    output wire                              tile_last_o,
    output wire                              ct_last_o,
    output wire                              record_last_o
);
  localparam [3:0] OY = 4'd0, OX = 4'd1, CT = 4'd2, WY = 4'd3, WX = 4'd4, PS = 4'd5, KY = 4'd6, KX = 4'd7, ST = 4'd8;

  reg [15:0] n_oy, n_ox, n_ct, n_wy, n_wx, n_ps, n_ky, n_kx, n_st;  // steps left on each level, this one included
  reg [AW-1:0] a_oy, a_ox, a_ct, a_wy, a_wx, a_ky, a_kx, a_st;
  reg [XW-1:0] x_ox, x_ct, x_wx, x_kx, x_st;
  reg [XW-1:0] y_oy, y_wy, y_ky;
  reg [WAW-1:0] w_ct, w_k;
  reg [PAW-1:0] pass_q;
  reg [31:0] run_q, need_in_q, need_res_q;
  reg tile_first_q, pass_first_q;

  wire e_oy = n_oy == 16'd1;
  wire e_ox = n_ox == 16'd1;
  wire e_ct = n_ct == 16'd1;
  wire e_wy = n_wy == 16'd1;
  wire e_wx = n_wx == 16'd1;
  wire e_ps = n_ps == 16'd1;
  wire e_ky = n_ky == 16'd1;
  wire e_kx = n_kx == 16'd1;
  wire e_st = n_st == 16'd1;
  wire tile_last = e_st && e_kx && e_ky && e_ps;

  // The level that advances.
  wire [3:0] level = !e_st ? ST : !e_kx ? KX : !e_ky ? KY : !e_ps ? PS : !e_wx ? WX : !e_wy ? WY : !e_ct ? CT : !e_ox ? OX : OY;

  reg [AW-1:0] a_from, a_add;
  reg [XW-1:0] x_from, x_add, y_from, y_add;
  always @* begin
    x_from = x_wx;
    x_add = {XW{1'b0}};
    y_from = y_wy;
    y_add = {XW{1'b0}};
    case (level)
      OY: begin
        a_from = a_oy; a_add = fields_i[`SYSTOLE_FEED_A_OY*32 +: AW];
        x_from = fields_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        y_from = y_oy; y_add = fields_i[`SYSTOLE_FEED_Y_OY*32 +: XW];
      end
      OX: begin
        a_from = a_ox; a_add = fields_i[`SYSTOLE_FEED_A_OX*32 +: AW];
        x_from = x_ox; x_add = fields_i[`SYSTOLE_FEED_A_OX*32 +: XW];
        y_from = y_oy;
      end
      CT: begin
        a_from = a_ct; a_add = fields_i[`SYSTOLE_FEED_A_CT*32 +: AW];
        x_from = x_ct; x_add = fields_i[`SYSTOLE_FEED_A_CT*32 +: XW];
        y_from = y_oy;
      end
      WY: begin
        a_from = a_wy; a_add = fields_i[`SYSTOLE_FEED_A_WY*32 +: AW];
        x_from = x_ct;
        y_from = y_wy; y_add = fields_i[`SYSTOLE_FEED_Y_WY*32 +: XW];
      end
      WX: begin
        a_from = a_wx; a_add = fields_i[`SYSTOLE_FEED_A_WX*32 +: AW];
        x_from = x_wx; x_add = fields_i[`SYSTOLE_FEED_A_WX*32 +: XW];
      end
      PS: begin
        a_from = a_wx; a_add = {AW{1'b0}};
      end
      KY: begin
        a_from = a_ky; a_add = fields_i[`SYSTOLE_FEED_A_KY*32 +: AW];
        y_from = y_ky; y_add = fields_i[`SYSTOLE_FEED_Y_KY*32 +: XW];
      end
      KX: begin
        a_from = a_kx; a_add = fields_i[`SYSTOLE_FEED_A_KX*32 +: AW];
        x_from = x_kx; x_add = fields_i[`SYSTOLE_FEED_A_KX*32 +: XW];
        y_from = y_ky;
      end
      default: begin
        a_from = a_st; a_add = LANES[AW-1:0];
        x_from = x_st; x_add = LANES[XW-1:0];
        y_from = y_ky;
      end
    endcase
  end
  wire [AW-1:0] a_new = a_from + a_add;
  wire [XW-1:0] x_new = x_from + x_add;
  wire [XW-1:0] y_new = y_from + y_add;
  wire [WAW-1:0] w_base = fields_i[`SYSTOLE_FEED_W_BASE*32 +: WAW];
  wire [WAW-1:0] w_new = level < CT ? w_base : level == CT ? w_ct + fields_i[`SYSTOLE_FEED_W_CT*32 +: WAW] : w_ct;

  always @(posedge clk) begin
    if (load_i) begin
      n_oy <= shadow_i[`SYSTOLE_FEED_N_OY*32 +: 16];
      n_ox <= shadow_i[`SYSTOLE_FEED_N_OX*32 +: 16];
      n_ct <= shadow_i[`SYSTOLE_FEED_N_CT*32 +: 16];
      n_wy <= shadow_i[`SYSTOLE_FEED_N_WY*32 +: 16];
      n_wx <= shadow_i[`SYSTOLE_FEED_N_WX*32 +: 16];
      n_ps <= shadow_i[`SYSTOLE_FEED_N_PASS*32 +: 16];
      n_ky <= shadow_i[`SYSTOLE_FEED_N_KY*32 +: 16];
      n_kx <= shadow_i[`SYSTOLE_FEED_N_KX*32 +: 16];
      n_st <= shadow_i[`SYSTOLE_FEED_N_STEP*32 +: 16];
      a_oy <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_ox <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_ct <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_wy <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_wx <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_ky <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_kx <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      a_st <= shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
      x_ox <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
      x_ct <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
      x_wx <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
      x_kx <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
      x_st <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
      y_oy <= shadow_i[`SYSTOLE_FEED_Y_BASE*32 +: XW];
      y_wy <= shadow_i[`SYSTOLE_FEED_Y_BASE*32 +: XW];
      y_ky <= shadow_i[`SYSTOLE_FEED_Y_BASE*32 +: XW];
      w_ct <= shadow_i[`SYSTOLE_FEED_W_BASE*32 +: WAW];
      w_k <= shadow_i[`SYSTOLE_FEED_W_BASE*32 +: WAW];
      pass_q <= shadow_i[`SYSTOLE_FEED_PASS_BASE*32 +: PAW];
      run_q <= shadow_i[`SYSTOLE_FEED_RUN_LEN*32 +: 32];
      need_in_q <= shadow_i[`SYSTOLE_FEED_IN_NEED0*32 +: 32];
      need_res_q <= shadow_i[`SYSTOLE_FEED_RES_NEED0*32 +: 32];
      tile_first_q <= 1'b1;
      pass_first_q <= 1'b1;
    end else if (step_i) begin
      n_st <= e_st ? fields_i[`SYSTOLE_FEED_N_STEP*32 +: 16] : n_st - 16'd1;
      if (level <= KX) n_kx <= e_kx ? fields_i[`SYSTOLE_FEED_N_KX*32 +: 16] : n_kx - 16'd1;
      if (level <= KY) n_ky <= e_ky ? fields_i[`SYSTOLE_FEED_N_KY*32 +: 16] : n_ky - 16'd1;
      if (level <= PS) n_ps <= e_ps ? fields_i[`SYSTOLE_FEED_N_PASS*32 +: 16] : n_ps - 16'd1;
      if (level <= WX) n_wx <= e_wx ? fields_i[`SYSTOLE_FEED_N_WX*32 +: 16] : n_wx - 16'd1;
      if (level <= WY) n_wy <= e_wy ? fields_i[`SYSTOLE_FEED_N_WY*32 +: 16] : n_wy - 16'd1;
      if (level <= CT) n_ct <= e_ct ? fields_i[`SYSTOLE_FEED_N_CT*32 +: 16] : n_ct - 16'd1;
      if (level <= OX) n_ox <= e_ox ? fields_i[`SYSTOLE_FEED_N_OX*32 +: 16] : n_ox - 16'd1;
      if (level == OY) n_oy <= n_oy - 16'd1;

      a_st <= a_new;
      x_st <= x_new;
      if (level <= KX) begin a_kx <= a_new; x_kx <= x_new; end
      if (level <= KY) begin a_ky <= a_new; y_ky <= y_new; end
      if (level <= WX) begin a_wx <= a_new; x_wx <= x_new; end
      if (level <= WY) begin a_wy <= a_new; y_wy <= y_new; end
      if (level <= CT) begin a_ct <= a_new; x_ct <= x_new; w_ct <= w_new; end
      if (level <= OX) begin a_ox <= a_new; x_ox <= x_new; end
      if (level == OY) begin
        a_oy <= a_new;
        y_oy <= y_new;
        need_in_q <= need_in_q + fields_i[`SYSTOLE_FEED_IN_NEED_STEP*32 +: 32];
        need_res_q <= need_res_q + fields_i[`SYSTOLE_FEED_RES_NEED_STEP*32 +: 32];
      end
      w_k <= level > PS ? w_k + {{(WAW-1){1'b0}}, 1'b1} : w_new;
      if (level == PS) pass_q <= pass_q + {{(PAW-1){1'b0}}, 1'b1};
      else if (level < PS) pass_q <= fields_i[`SYSTOLE_FEED_PASS_BASE*32 +: PAW];
      run_q <= level == ST ? run_q - LANES : fields_i[`SYSTOLE_FEED_RUN_LEN*32 +: 32];
      tile_first_q <= level <= WX;
      pass_first_q <= level <= PS;
    end
  end

  assign a_o = a_st;
  assign x_o = x_st;
  assign y_o = y_ky;
  assign w_o = w_k;
  assign pass_o = pass_q;
  assign run_o = run_q;
  assign need_in_o = need_in_q;
  assign need_res_o = need_res_q;
  assign tile_first_o = tile_first_q;
  assign pass_first_o = pass_first_q;
  assign tile_last_o = tile_last;
  assign ct_last_o = e_ct;
  assign record_last_o = tile_last && e_wx && e_wy && e_ct && e_ox && e_oy;
  wire unused = &{1'b0, shadow_i, fields_i};
endmodule
`default_nettype wire
