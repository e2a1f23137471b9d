// The depthwise unit's loops as counters and per-level base registers: additions only. The outputs describe the current
// step, one read; step_i moves to the next one. load_i takes a record from shadow_i (active as fields_i in the next cycle).
// Levels, outer to inner: oy g c ky kx. An address is a row pointer (oy, ky) plus a position in the row (g, c, kx).
`default_nettype none
`include "systole_records.vh"
module systole_depthwise_walk #(
    parameter LANES = 16,
    parameter AW = 12,          // bits of an activation code index
    parameter WEIGHT_BITS = 6,  // of a weight word address
    parameter PARAM_BITS = 6    // of a parameter word address
) (
    input  wire                   clk,
    input  wire                   load_i,
    input  wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] fields_i,
    input  wire                   step_i,
    output wire [AW-1:0]          a_o,
    output wire                   inside_o,   // the pixel lies in the map
    output wire                   next_inside_o,  // so does what the upper lanes read: of a pair the next pixel, else the same
    output wire [WEIGHT_BITS-1:0] w_o,
    output wire                   clear_o,    // the accumulators begin with nothing
    output wire                   shift_o,    // or they move on by one tap
    output wire                   out_o,      // the step completes an output: LANES channels of a pixel
    output wire [AW-1:0]          dest_o,
    output wire [PARAM_BITS-1:0]  param_o,
    output wire                   group_last_o,
    output wire                   row_last_o,
    output wire                   record_last_o,
    output wire [15:0]            need_o      // rows of the input that this output row waits for
);
  localparam CB = 18;  // bits of a coordinate, in pixels, signed
  localparam [AW-1:0] GROUP_CODES = LANES[AW-1:0];
  localparam [2:0] OY = 3'd0, G = 3'd1, C = 3'd2, KY = 3'd3, KX = 3'd4;

  reg [15:0] n_oy, n_g, n_c, n_ky, n_kx;  // steps left on each level, this one included
  reg [15:0] out_q;                       // columns before the next output
  reg        fresh_q;                     // the first column of a row, or every one
  reg [AW-1:0] row_oy, row_ky, pos_g, pos_c, pos_kx, d_oy, d_g, d_c;
  reg [CB-1:0] y_oy, y_ky, x_c, x_kx;
  reg [WEIGHT_BITS-1:0] w_g, w_k;
  reg [PARAM_BITS-1:0] p_g;
  reg [15:0] need_q;

  wire e_oy = n_oy == 16'd1;
  wire e_g = n_g == 16'd1;
  wire e_c = n_c == 16'd1;
  wire e_ky = n_ky == 16'd1;
  wire e_kx = n_kx == 16'd1;
  wire column_last = e_kx && e_ky;
  wire out = column_last && out_q == 16'd0;
  wire first = n_kx == fields_i[`SYSTOLE_DEPTHWISE_N_KX*32 +: 16] && n_ky == fields_i[`SYSTOLE_DEPTHWISE_N_KY*32 +: 16];

  // The level that advances.
  wire [2:0] level = !e_kx ? KX : !e_ky ? KY : !e_c ? C : !e_g ? G : OY;
  wire at_oy = level == OY;
  wire at_g = level == G;
  wire at_c = level == C;
  wire at_ky = level == KY;
  wire at_kx = level == KX;

  wire chain = fields_i[`SYSTOLE_DEPTHWISE_CHAIN*32];
  wire [AW-1:0] row_oy_next = row_oy + fields_i[`SYSTOLE_DEPTHWISE_A_OY*32 +: AW];
  wire [CB-1:0] y_oy_next = y_oy + fields_i[`SYSTOLE_DEPTHWISE_Y_OY*32 +: CB];
  wire [AW-1:0] pos_g_next = pos_g + GROUP_CODES;
  wire [AW-1:0] pos_c_next = pos_c + fields_i[`SYSTOLE_DEPTHWISE_A_C*32 +: AW];
  wire [CB-1:0] x_c_next = x_c + fields_i[`SYSTOLE_DEPTHWISE_X_C*32 +: CB];
  wire [AW-1:0] d_oy_next = d_oy + fields_i[`SYSTOLE_DEPTHWISE_D_OY*32 +: AW];
  wire [AW-1:0] d_g_next = d_g + GROUP_CODES;
  wire [WEIGHT_BITS-1:0] w_g_next = w_g + fields_i[`SYSTOLE_DEPTHWISE_W_GROUP*32 +: WEIGHT_BITS];
  wire [15:0] rows = fields_i[`SYSTOLE_DEPTHWISE_IN_ROWS*32 +: 16];
  wire [16:0] need_next = {1'b0, need_q} + {1'b0, fields_i[`SYSTOLE_DEPTHWISE_IN_NEED_STEP*32 +: 16]};

  always @(posedge clk) begin
    if (load_i) begin
      n_oy <= shadow_i[`SYSTOLE_DEPTHWISE_N_OY*32 +: 16];
      n_g <= shadow_i[`SYSTOLE_DEPTHWISE_N_G*32 +: 16];
      n_c <= shadow_i[`SYSTOLE_DEPTHWISE_N_C*32 +: 16];
      n_ky <= shadow_i[`SYSTOLE_DEPTHWISE_N_KY*32 +: 16];
      n_kx <= shadow_i[`SYSTOLE_DEPTHWISE_N_KX*32 +: 16];
      out_q <= shadow_i[`SYSTOLE_DEPTHWISE_OUT_FIRST*32 +: 16];
      fresh_q <= 1'b1;
      row_oy <= shadow_i[`SYSTOLE_DEPTHWISE_A_BASE*32 +: AW];
      row_ky <= shadow_i[`SYSTOLE_DEPTHWISE_A_BASE*32 +: AW];
      pos_g <= {AW{1'b0}};
      pos_c <= {AW{1'b0}};
      pos_kx <= {AW{1'b0}};
      y_oy <= shadow_i[`SYSTOLE_DEPTHWISE_Y_BASE*32 +: CB];
      y_ky <= shadow_i[`SYSTOLE_DEPTHWISE_Y_BASE*32 +: CB];
      x_c <= shadow_i[`SYSTOLE_DEPTHWISE_X_BASE*32 +: CB];
      x_kx <= shadow_i[`SYSTOLE_DEPTHWISE_X_BASE*32 +: CB];
      d_oy <= shadow_i[`SYSTOLE_DEPTHWISE_D_BASE*32 +: AW];
      d_g <= shadow_i[`SYSTOLE_DEPTHWISE_D_BASE*32 +: AW];
      d_c <= shadow_i[`SYSTOLE_DEPTHWISE_D_BASE*32 +: AW];
      w_g <= shadow_i[`SYSTOLE_DEPTHWISE_W_BASE*32 +: WEIGHT_BITS];
      w_k <= shadow_i[`SYSTOLE_DEPTHWISE_W_BASE*32 +: WEIGHT_BITS];
      p_g <= shadow_i[`SYSTOLE_DEPTHWISE_P_BASE*32 +: PARAM_BITS];
      need_q <= shadow_i[`SYSTOLE_DEPTHWISE_IN_NEED0*32 +: 16];
    end else if (step_i) begin
      n_kx <= at_kx ? n_kx - 16'd1 : fields_i[`SYSTOLE_DEPTHWISE_N_KX*32 +: 16];
      if (!at_kx) n_ky <= at_ky ? n_ky - 16'd1 : fields_i[`SYSTOLE_DEPTHWISE_N_KY*32 +: 16];
      if (column_last) begin
        n_c <= at_c ? n_c - 16'd1 : fields_i[`SYSTOLE_DEPTHWISE_N_C*32 +: 16];
        fresh_q <= !at_c || !chain;
        out_q <= !at_c ? fields_i[`SYSTOLE_DEPTHWISE_OUT_FIRST*32 +: 16]
               : out ? fields_i[`SYSTOLE_DEPTHWISE_OUT_STEP*32 +: 16] - 16'd1 : out_q - 16'd1;
      end
      if (at_g || at_oy) n_g <= at_g ? n_g - 16'd1 : fields_i[`SYSTOLE_DEPTHWISE_N_G*32 +: 16];
      if (at_oy) begin
        n_oy <= n_oy - 16'd1;
        row_oy <= row_oy_next;
        y_oy <= y_oy_next;
        d_oy <= d_oy_next;
        need_q <= need_next >= {1'b0, rows} ? rows : need_next[15:0];
      end

      row_ky <= at_oy ? row_oy_next : at_c || at_g ? row_oy
              : at_ky ? row_ky + fields_i[`SYSTOLE_DEPTHWISE_A_KY*32 +: AW] : row_ky;
      y_ky <= at_oy ? y_oy_next : at_c || at_g ? y_oy
            : at_ky ? y_ky + fields_i[`SYSTOLE_DEPTHWISE_Y_KY*32 +: CB] : y_ky;

      pos_kx <= at_oy ? {AW{1'b0}} : at_g ? pos_g_next : at_c ? pos_c_next
              : at_ky ? pos_c : pos_kx + fields_i[`SYSTOLE_DEPTHWISE_A_KX*32 +: AW];
      if (at_oy || at_g || at_c) pos_c <= at_oy ? {AW{1'b0}} : at_g ? pos_g_next : pos_c_next;
      if (at_oy || at_g) pos_g <= at_oy ? {AW{1'b0}} : pos_g_next;
      x_kx <= at_oy || at_g ? fields_i[`SYSTOLE_DEPTHWISE_X_BASE*32 +: CB] : at_c ? x_c_next
            : at_ky ? x_c : x_kx + fields_i[`SYSTOLE_DEPTHWISE_X_KX*32 +: CB];
      if (at_oy || at_g || at_c) x_c <= at_c ? x_c_next : fields_i[`SYSTOLE_DEPTHWISE_X_BASE*32 +: CB];

      w_k <= at_oy ? fields_i[`SYSTOLE_DEPTHWISE_W_BASE*32 +: WEIGHT_BITS] : at_g ? w_g_next : at_c ? w_g
           : w_k + {{(WEIGHT_BITS-1){1'b0}}, fields_i[`SYSTOLE_DEPTHWISE_W_STEP*32]};
      if (at_oy || at_g) w_g <= at_g ? w_g_next : fields_i[`SYSTOLE_DEPTHWISE_W_BASE*32 +: WEIGHT_BITS];

      d_c <= at_oy ? d_oy_next : at_g ? d_g_next : out ? d_c + fields_i[`SYSTOLE_DEPTHWISE_D_OX*32 +: AW] : d_c;
      if (at_oy || at_g) begin
        d_g <= at_g ? d_g_next : d_oy_next;
        p_g <= at_g ? p_g + fields_i[`SYSTOLE_DEPTHWISE_SLOTS_FULL*32 +: PARAM_BITS]
                    : fields_i[`SYSTOLE_DEPTHWISE_P_BASE*32 +: PARAM_BITS];
      end
    end
  end

  assign a_o = row_ky + pos_kx;
  wire [CB-1:0] x_next = x_kx + {{(CB-1){1'b0}}, fields_i[`SYSTOLE_DEPTHWISE_PAIR*32]};
  wire          y_inside = !y_ky[CB-1] && y_ky < fields_i[`SYSTOLE_DEPTHWISE_Y_MAX*32 +: CB];
  assign inside_o = y_inside && !x_kx[CB-1] && x_kx < fields_i[`SYSTOLE_DEPTHWISE_X_MAX*32 +: CB];
  assign next_inside_o = y_inside && !x_next[CB-1] && x_next < fields_i[`SYSTOLE_DEPTHWISE_X_MAX*32 +: CB];
  assign w_o = w_k;
  assign clear_o = first && fresh_q;
  assign shift_o = first;
  assign out_o = out;
  assign dest_o = d_c;
  assign param_o = p_g;
  assign group_last_o = e_g;
  assign row_last_o = column_last && e_c && e_g;
  assign record_last_o = column_last && e_c && e_g && e_oy;
  assign need_o = need_q;
  wire unused = &{1'b0, shadow_i, fields_i};
endmodule
`default_nettype wire
