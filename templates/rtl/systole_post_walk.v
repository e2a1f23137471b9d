// The slot order of POST: loop counters, parameter words, codes of a slot, and what ends with it. The outputs describe the
// slot that arrives next; step_i (a slot arrives) moves on. load_i takes a record from shadow_i (active in the next cycle).
// ends[L]: level L and all inside it end with this slot; registers, so that a step's level is known at its start. Level L
// advances where ends[L+1] holds and ends[L] does not. Pixels of a tile are one level; line_end says that their line ends.
// Rows are in systole_post_rows, positions in a row in systole_post_columns: an address is the sum of both.
`default_nettype none
`include "systole_records.vh"
module systole_post_walk #(
    parameter COLS = 16,
    parameter PW = 4,
    parameter AW = 12,          // bits of an activation code index
    parameter PAR_BITS = 6,     // bits of a parameter word address
    parameter POOL_BITS = 4,    // bits of a slot number within a pixel
    parameter CONTEXTS = 0,     // 0: no contexts and no circular buffers
    parameter CONTEXT_BITS = 1  // $clog2(CONTEXTS), at least 1
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
    output wire                 row_end_o,     // last slot of a tile's rows, all column tiles written
    output wire                 record_end_o
);
  // Levels, outer to inner; slots j of a pixel, the innermost, have a length of their own in the last column tile.
  localparam CO = 0, OY = 1, OX = 2, CT = 3, WY = 4, WX = 5, PR = 6, LOOPS = 7, SJ = 7;

  wire [16*LOOPS-1:0] count = {
      fields_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 16], fields_i[`SYSTOLE_POST_N_WX*32 +: 16],
      fields_i[`SYSTOLE_POST_N_WY*32 +: 16], fields_i[`SYSTOLE_POST_N_CT*32 +: 16],
      fields_i[`SYSTOLE_POST_N_OX*32 +: 16], fields_i[`SYSTOLE_POST_N_OY*32 +: 16], fields_i[`SYSTOLE_POST_N_CO*32 +: 16]};
  wire [16*LOOPS-1:0] load_count = {
      shadow_i[`SYSTOLE_POST_PIXELS_PER_TILE*32 +: 16], shadow_i[`SYSTOLE_POST_N_WX*32 +: 16],
      shadow_i[`SYSTOLE_POST_N_WY*32 +: 16], shadow_i[`SYSTOLE_POST_N_CT*32 +: 16],
      shadow_i[`SYSTOLE_POST_N_OX*32 +: 16], shadow_i[`SYSTOLE_POST_N_OY*32 +: 16], shadow_i[`SYSTOLE_POST_N_CO*32 +: 16]};

  reg  [LOOPS:0]   ends_q;
  reg              line_end_q;
  wire [LOOPS-1:0] last, last_next, last_load;
  wire [LOOPS-1:0] ends_next, ends_load;
  wire             pixel_end_next, pixel_end_load;
  genvar l;
  generate
    for (l = 0; l < LOOPS; l = l + 1) begin : g_level
      systole_loop level (
          .clk(clk), .load_i(load_i), .load_count_i(load_count[16*l +: 16]),
          .step_i(step_i || load_i), .inner_i(ends_q[l+1]), .count_i(count[16*l +: 16]),
          .last_o(last[l]), .last_next_o(last_next[l]), .last_load_o(last_load[l])
      );
      assign ends_next[l] = &last_next[LOOPS-1:l] && pixel_end_next;
      assign ends_load[l] = &last_load[LOOPS-1:l] && pixel_end_load;
    end
  endgenerate
  wire line_last, line_last_next, line_last_load;
  systole_loop line (
      .clk(clk), .load_i(load_i), .load_count_i(shadow_i[`SYSTOLE_POST_TILE_COLS*32 +: 16]),
      .step_i(step_i || load_i), .inner_i(ends_q[SJ]), .count_i(fields_i[`SYSTOLE_POST_TILE_COLS*32 +: 16]),
      .last_o(line_last), .last_next_o(line_last_next), .last_load_o(line_last_load)
  );

  // Slots of a pixel.
  wire        c_last = last[CO] && last[CT];
  wire        c_last_next = last_next[CO] && last_next[CT];
  wire        c_last_load = last_load[CO] && last_load[CT];
  reg  [15:0] slots_q;             // left, this one included
  reg         one_full_q, one_last_q;
  wire [15:0] slots_again = c_last_next ? fields_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16] : fields_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16];
  wire [15:0] slots_load = c_last_load ? shadow_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16] : shadow_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16];
  wire        one_full_load = shadow_i[`SYSTOLE_POST_SLOTS_FULL*32 +: 16] == 16'd1;
  wire        one_last_load = shadow_i[`SYSTOLE_POST_SLOTS_LAST*32 +: 16] == 16'd1;
  assign pixel_end_next = !ends_q[SJ] ? slots_q == 16'd2 : c_last_next ? one_last_q : one_full_q;
  assign pixel_end_load = c_last_load ? one_last_load : one_full_load;

  // Parameters of a column tile: the next ones where c moves on, back at the first where ct restarts.
  reg  [PAR_BITS-1:0] p_c, p_j;
  reg                 one_ct_q;
  wire                c_steps = ends_q[OY] || (ends_q[WY] && !ends_q[CT]);
  wire [PAR_BITS-1:0] p_next_c = p_c + fields_i[`SYSTOLE_POST_SLOTS_FULL*32 +: PAR_BITS];
  wire [PAR_BITS-1:0] p_new = c_steps ? p_next_c : ends_q[CT] && !one_ct_q ? fields_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS] : p_c;
  reg [4:0]           row_q;
  reg [POOL_BITS-1:0] slot_q;
  reg                 window_first_q;

  always @(posedge clk) begin
    if (load_i) begin
      ends_q <= {pixel_end_load, ends_load};
      line_end_q <= line_last_load && pixel_end_load;
      slots_q <= slots_load;
      one_full_q <= one_full_load;
      one_last_q <= one_last_load;
      one_ct_q <= last_load[CT];
      p_c <= shadow_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS];
      p_j <= shadow_i[`SYSTOLE_POST_P_BASE*32 +: PAR_BITS];
      row_q <= 5'd0;
      slot_q <= {POOL_BITS{1'b0}};
      window_first_q <= 1'b1;
    end else if (step_i) begin
      ends_q <= {pixel_end_next, ends_next};
      line_end_q <= line_last_next && pixel_end_next;
      slots_q <= ends_q[SJ] ? slots_again : slots_q - 16'd1;
      if (ends_q[WY]) p_c <= p_new;
      p_j <= !ends_q[SJ] ? p_j + {{(PAR_BITS-1){1'b0}}, 1'b1} : ends_q[WY] ? p_new : p_c;
      slot_q <= ends_q[SJ] ? {POOL_BITS{1'b0}} : slot_q + {{(POOL_BITS-1){1'b0}}, 1'b1};
      if (ends_q[SJ]) row_q <= ends_q[PR] ? 5'd0 : row_q + 5'd1;
      if (ends_q[PR]) window_first_q <= ends_q[WY];
    end
  end

  wire [AW-1:0] d_row, r_row, d_x, r_x;
  wire          row_inside, row_valid, column_inside, column_valid, column_last;
  systole_post_rows #(
      .AW(AW), .CONTEXTS(CONTEXTS), .CONTEXT_BITS(CONTEXT_BITS)
  ) rows (
      .clk(clk), .load_i(load_i), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(step_i), .ends_i(ends_q),
      .line_end_i(line_end_q), .d_row_o(d_row), .r_row_o(r_row), .inside_o(row_inside), .valid_o(row_valid)
  );
  systole_post_columns #(
      .COLS(COLS), .PW(PW), .AW(AW)
  ) columns (
      .clk(clk), .load_i(load_i), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(step_i), .ends_i(ends_q),
      .line_end_i(line_end_q), .d_x_o(d_x), .r_x_o(r_x), .inside_o(column_inside), .last_o(column_last), .valid_o(column_valid)
  );

  wire tail = c_last && ends_q[SJ];
  wire window_last = last[WY] && last[WX];
  assign param_o = p_j;
  assign res_addr_o = r_row + r_x;
  assign dest_addr_o = d_row + d_x;
  assign count_o = !row_inside || !column_inside ? 8'd0 : tail ? fields_i[`SYSTOLE_POST_TAIL_COUNT*32 +: 8] : PW[7:0];
  assign row_o = row_q;
  assign slot_o = slot_q;
  assign window_first_o = window_first_q;
  assign window_last_o = window_last;
  assign window_valid_o = row_valid && column_valid;
  assign map_last_o = last[OY] && column_last && tail && window_last;
  assign row_end_o = ends_q[OX] && last[CO];
  assign record_end_o = ends_q[CO];
  wire unused = &{1'b0, shadow_i, fields_i, last, line_last};
endmodule
`default_nettype wire
