// The loop nest of FEED as counters and per-level position registers: additions only. The outputs describe the current
// step; step_i moves to the next one, with load_i to the first of the record in shadow_i (active in the next cycle, if one is).
// On a step exactly one level advances and all inner ones restart from its new value, so one adder per position suffices.
// ends_o[L]: level L and all inside it end with this step; registers, so that a step's level is known at its start.
// Level L advances where ends_o[L+1] holds and ends_o[L] does not; the record ends with ends_o[0].
`default_nettype none
`include "systole_records.vh"
module systole_feed_walk #(
    parameter LANES = 16,
    parameter XW = 14,   // bits of the signed coordinate x
    parameter WAW = 8,   // bits of a weight word address
    parameter PAW = 4,   // bits of a pass entry address
    parameter FAW = 1    // bits of a fold entry address
) (
    input  wire                              clk,
    input  wire                              load_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] fields_i,
    input  wire                              step_i,
    output wire [XW-1:0]                     x_o,
    output wire [WAW-1:0]                    w_o,
    output wire [PAW-1:0]                    pass_o,
    output wire [FAW-1:0]                    fold_o,
    output wire [31:0]                       run_o,         // codes left in this kernel run
    output wire                              tile_first_o,
    output wire                              pass_first_o,
    output wire                              c_last_o,      // of the last column tile; after a step; after load_i
    output wire                              c_last_next_o,
    output wire                              c_last_load_o,
    output wire [9:0]                        ends_o
);
  // Levels, outer to inner, as in fields_i's loop counts but for co, which is the outermost.
  localparam CO = 0, OX = 2, CT = 3, WX = 5, PS = 6, KX = 8, ST = 9, LEVELS = 10;

  wire [16*LEVELS-1:0] count = {
      fields_i[`SYSTOLE_FEED_N_STEP*32 +: 16], fields_i[`SYSTOLE_FEED_N_KX*32 +: 16],
      fields_i[`SYSTOLE_FEED_N_KY*32 +: 16], fields_i[`SYSTOLE_FEED_N_PASS*32 +: 16],
      fields_i[`SYSTOLE_FEED_N_WX*32 +: 16], fields_i[`SYSTOLE_FEED_N_WY*32 +: 16],
      fields_i[`SYSTOLE_FEED_N_CT*32 +: 16], fields_i[`SYSTOLE_FEED_N_OX*32 +: 16],
      fields_i[`SYSTOLE_FEED_N_OY*32 +: 16], fields_i[`SYSTOLE_FEED_N_CO*32 +: 16]};
  wire [16*LEVELS-1:0] load_count = {
      shadow_i[`SYSTOLE_FEED_N_STEP*32 +: 16], shadow_i[`SYSTOLE_FEED_N_KX*32 +: 16],
      shadow_i[`SYSTOLE_FEED_N_KY*32 +: 16], shadow_i[`SYSTOLE_FEED_N_PASS*32 +: 16],
      shadow_i[`SYSTOLE_FEED_N_WX*32 +: 16], shadow_i[`SYSTOLE_FEED_N_WY*32 +: 16],
      shadow_i[`SYSTOLE_FEED_N_CT*32 +: 16], shadow_i[`SYSTOLE_FEED_N_OX*32 +: 16],
      shadow_i[`SYSTOLE_FEED_N_OY*32 +: 16], shadow_i[`SYSTOLE_FEED_N_CO*32 +: 16]};

  reg  [LEVELS-1:0] ends_q;
  wire [LEVELS-1:0] last, last_next, last_load, ends_next, ends_load;
  wire [LEVELS:0]   ends = {1'b1, ends_q};  // what is inside ST always ends
  genvar l;
  generate
    for (l = 0; l < LEVELS; l = l + 1) begin : g_level
      systole_loop level (
          .clk(clk), .load_i(load_i), .load_count_i(load_count[16*l +: 16]),
          .step_i(step_i), .inner_i(ends[l+1]), .count_i(count[16*l +: 16]),
          .last_o(last[l]), .last_next_o(last_next[l]), .last_load_o(last_load[l])
      );
      assign ends_next[l] = &last_next[LEVELS-1:l];
      assign ends_load[l] = &last_load[LEVELS-1:l];
    end
  endgenerate

  // Positions. x restarts at a kernel row's and a pass's start from the window's, at a window row's from the tile's.
  reg [XW-1:0]  x_ox, x_ct, x_wx, x_kx, x_st;
  reg [WAW-1:0] w_c, w_k;
  reg [PAW-1:0] pass_q;
  reg [FAW-1:0] fold_q;
  reg [31:0]    run_q;
  reg           tile_first_q, pass_first_q, one_ct_q, c_last_q;
  wire [XW-1:0] x_base = fields_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
  reg  [XW-1:0] x_from, x_add;
  always @* begin
    x_add = {XW{1'b0}};
    if (!ends[ST]) begin
      x_from = x_st; x_add = LANES[XW-1:0];
    end else if (!ends[KX]) begin
      x_from = x_kx; x_add = fields_i[`SYSTOLE_FEED_A_KX*32 +: XW];
    end else if (!ends[WX]) begin
      x_from = x_wx; if (ends[PS]) x_add = fields_i[`SYSTOLE_FEED_A_WX*32 +: XW];
    end else if (!ends[CT]) begin
      x_from = x_ct; if (ends[CT+1]) x_add = fields_i[`SYSTOLE_FEED_A_CT*32 +: XW];
    end else begin
      x_from = ends[OX] ? x_base : x_ox; if (!ends[OX]) x_add = fields_i[`SYSTOLE_FEED_A_OX*32 +: XW];
    end
  end
  wire [XW-1:0] x_new = x_from + x_add;

  // A column tile's weights: the next ones where c moves on, back at the first where ct restarts.
  wire           c_steps = ends[CO+1] || (ends[CT+1] && !ends[CT]);
  wire [WAW-1:0] w_next_c = w_c + fields_i[`SYSTOLE_FEED_W_CT*32 +: WAW];
  wire [WAW-1:0] w_new = c_steps ? w_next_c : ends[CT] && !one_ct_q ? fields_i[`SYSTOLE_FEED_W_BASE*32 +: WAW] : w_c;

  always @(posedge clk) begin
    if (step_i) begin
      if (load_i) begin
        ends_q <= ends_load;
        x_ox <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        x_ct <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        x_wx <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        x_kx <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        x_st <= shadow_i[`SYSTOLE_FEED_X_BASE*32 +: XW];
        w_c <= shadow_i[`SYSTOLE_FEED_W_BASE*32 +: WAW];
        w_k <= shadow_i[`SYSTOLE_FEED_W_BASE*32 +: WAW];
        fold_q <= shadow_i[`SYSTOLE_FEED_FOLD_BASE*32 +: FAW];
        pass_q <= shadow_i[`SYSTOLE_FEED_PASS_BASE*32 +: PAW];
        run_q <= shadow_i[`SYSTOLE_FEED_RUN_LEN*32 +: 32];
        one_ct_q <= last_load[CT];
        c_last_q <= c_last_load_o;
        tile_first_q <= 1'b1;
        pass_first_q <= 1'b1;
      end else begin
        ends_q <= ends_next;
        x_st <= x_new;
        if (ends[ST]) x_kx <= x_new;
        if (ends[PS]) x_wx <= x_new;
        if (ends[CT+1]) x_ct <= x_new;
        if (ends[CT]) x_ox <= x_new;
        if (ends[CT+1]) w_c <= w_new;
        w_k <= ends[PS+1] ? w_new : w_k + {{(WAW-1){1'b0}}, 1'b1};
        if (ends[PS+1]) pass_q <= ends[PS] ? fields_i[`SYSTOLE_FEED_PASS_BASE*32 +: PAW] : pass_q + {{(PAW-1){1'b0}}, 1'b1};
        fold_q <= ends[ST] ? fields_i[`SYSTOLE_FEED_FOLD_BASE*32 +: FAW] : fold_q + {{(FAW-1){1'b0}}, 1'b1};
        run_q <= ends[ST] ? fields_i[`SYSTOLE_FEED_RUN_LEN*32 +: 32] : run_q - LANES;
        c_last_q <= c_last_next_o;
        tile_first_q <= ends[PS];
        pass_first_q <= ends[PS+1];
      end
    end
  end

  assign x_o = x_st;
  assign w_o = w_k;
  assign pass_o = pass_q;
  assign fold_o = fold_q;
  assign run_o = run_q;
  assign tile_first_o = tile_first_q;
  assign pass_first_o = pass_first_q;
  assign c_last_o = c_last_q;
  assign c_last_next_o = last_next[CO] && last_next[CT];
  assign c_last_load_o = last_load[CO] && last_load[CT];
  assign ends_o = ends_q;
  wire unused = &{1'b0, shadow_i, fields_i, last};
endmodule
`default_nettype wire
