// The rows of FEED's loop nest: row pointer, y, and how many rows are waited for; systole_feed_walk says what a step ends.
// With CONTEXTS, row pointers run through circular buffers, and the state behind a record's last row is kept for the record
// that resumes its context: also one that follows it without a bubble.
// All three sums of a wrap stand side by side: pointer + step, the same less the buffer, and which of them is inside.
`default_nettype none
`include "systole_records.vh"
module systole_feed_rows #(
    parameter AW = 12,          // bits of an activation code index
    parameter XW = 14,          // bits of the signed coordinate y
    parameter CONTEXTS = 0,     // 0: no contexts and no circular buffers
    parameter CONTEXT_BITS = 1  // $clog2(CONTEXTS), at least 1
) (
    input  wire                              clk,
    input  wire                              load_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_FEED_FIELDS*32-1:0] fields_i,
    input  wire                              step_i,     // with load_i to the record in shadow_i
    input  wire                              active_i,   // the step is one of a record
    input  wire [9:0]                        ends_i,     // of systole_feed_walk
    output wire [AW-1:0]                     row_o,
    output wire [XW-1:0]                     y_o,
    output wire [15:0]                       in_need_o,  // rows of the input this output row needs
    output wire [15:0]                       res_need_o
);
  // A step's level: ky advances, a window or pass begins anew, wy advances, a tile begins anew, oy advances, or co.
  localparam CO = 0, OY = 1, OX = 2, WY = 4, WX = 5, KY = 7, KX = 8;
  wire to_ky = !ends_i[KY];
  wire to_wx = !ends_i[WX];
  wire to_wy = !ends_i[WY];
  wire to_ox = !ends_i[OX];
  wire to_co = ends_i[OY] && !ends_i[CO];

  reg [AW-1:0] row_oy, row_wy, row_ky;
  reg [XW-1:0] y_oy, y_wy, y_ky;
  reg [15:0]   in_q, res_q;

  // Row pointer.
  wire [AW-1:0] row_from = to_wy ? (to_ky ? row_ky : row_wy) : to_co ? fields_i[`SYSTOLE_FEED_A_BASE*32 +: AW] : row_oy;
  wire [AW-1:0] a_ky = fields_i[`SYSTOLE_FEED_A_KY*32 +: AW];
  wire [AW-1:0] a_wy = fields_i[`SYSTOLE_FEED_A_WY*32 +: AW];
  wire [AW-1:0] a_oy = fields_i[`SYSTOLE_FEED_A_OY*32 +: AW];
  wire          stays = to_ky ? 1'b0 : to_wx ? 1'b1 : to_wy ? 1'b0 : to_ox || to_co;
  wire [AW-1:0] row_add = stays ? {AW{1'b0}} : to_ky ? a_ky : to_wy ? a_wy : a_oy;
  wire [AW-1:0] row_sum = row_from + row_add;
  wire [AW-1:0] row_new, row_start;

  // y, in the same order.
  wire [XW-1:0] y_from = to_wy ? (to_ky ? y_ky : y_wy) : to_co ? fields_i[`SYSTOLE_FEED_Y_BASE*32 +: XW] : y_oy;
  wire [XW-1:0] y_add = stays ? {XW{1'b0}} : to_ky ? fields_i[`SYSTOLE_FEED_Y_KY*32 +: XW]
      : to_wy ? fields_i[`SYSTOLE_FEED_Y_WY*32 +: XW] : fields_i[`SYSTOLE_FEED_Y_OY*32 +: XW];
  wire [XW-1:0] y_new = y_from + y_add;
  wire [XW-1:0] y_start;

  // Needs never leave 16 bits: limited to the rows there are, each sum is limited again.
  wire [15:0] in_sum, res_sum, in_first, res_first, in_begin, res_begin, in_start, res_start;
  systole_feed_need in_need (
      .from_i(in_q), .step_i(fields_i[`SYSTOLE_FEED_IN_NEED_STEP*32 +: 32]), .rows_i(fields_i[`SYSTOLE_FEED_IN_ROWS*32 +: 16]),
      .first_i(fields_i[`SYSTOLE_FEED_IN_NEED0*32 +: 32]), .load_first_i(shadow_i[`SYSTOLE_FEED_IN_NEED0*32 +: 32]),
      .load_rows_i(shadow_i[`SYSTOLE_FEED_IN_ROWS*32 +: 16]), .sum_o(in_sum), .first_o(in_first), .load_o(in_begin)
  );
  systole_feed_need res_need (
      .from_i(res_q), .step_i(fields_i[`SYSTOLE_FEED_RES_NEED_STEP*32 +: 32]), .rows_i(fields_i[`SYSTOLE_FEED_RES_ROWS*32 +: 16]),
      .first_i(fields_i[`SYSTOLE_FEED_RES_NEED0*32 +: 32]), .load_first_i(shadow_i[`SYSTOLE_FEED_RES_NEED0*32 +: 32]),
      .load_rows_i(shadow_i[`SYSTOLE_FEED_RES_ROWS*32 +: 16]), .sum_o(res_sum), .first_o(res_first), .load_o(res_begin)
  );

  always @(posedge clk) begin
    if (step_i) begin
      if (load_i) begin
        row_oy <= row_start;
        row_wy <= row_start;
        row_ky <= row_start;
        y_oy <= y_start;
        y_wy <= y_start;
        y_ky <= y_start;
        in_q <= in_start;
        res_q <= res_start;
      end else begin
        if (ends_i[KX]) row_ky <= row_new;
        if (ends_i[KX]) y_ky <= y_new;
        if (ends_i[WX]) row_wy <= row_new;
        if (ends_i[WX]) y_wy <= y_new;
        if (ends_i[OX]) begin
          row_oy <= row_new;
          y_oy <= y_new;
          in_q <= to_co ? in_first : in_sum;
          res_q <= to_co ? res_first : res_sum;
        end
      end
    end
  end

  wire [AW-1:0] load_row = shadow_i[`SYSTOLE_FEED_A_BASE*32 +: AW];
  wire [XW-1:0] load_y = shadow_i[`SYSTOLE_FEED_Y_BASE*32 +: XW];
  generate
    if (CONTEXTS > 0) begin : g_contexts
      reg  [AW:0]   less_ky, less_wy, less_oy;  // step - bufferSize
      reg  [AW+1:0] over_ky, over_wy, over_oy;  // step - bufferEnd
      reg           wraps_q;
      wire [AW:0]   size = shadow_i[`SYSTOLE_FEED_BUFFER_SIZE*32 +: AW+1];
      wire [AW+1:0] end_ = {1'b0, shadow_i[`SYSTOLE_FEED_BUFFER_END*32 +: AW+1]};
      always @(posedge clk) begin
        if (step_i && load_i) begin
          wraps_q <= size != {(AW+1){1'b0}};
          less_ky <= {1'b0, shadow_i[`SYSTOLE_FEED_A_KY*32 +: AW]} - size;
          less_wy <= {1'b0, shadow_i[`SYSTOLE_FEED_A_WY*32 +: AW]} - size;
          less_oy <= {1'b0, shadow_i[`SYSTOLE_FEED_A_OY*32 +: AW]} - size;
          over_ky <= {2'b00, shadow_i[`SYSTOLE_FEED_A_KY*32 +: AW]} - end_;
          over_wy <= {2'b00, shadow_i[`SYSTOLE_FEED_A_WY*32 +: AW]} - end_;
          over_oy <= {2'b00, shadow_i[`SYSTOLE_FEED_A_OY*32 +: AW]} - end_;
        end
      end
      wire [AW:0]   less = to_ky ? less_ky : to_wy ? less_wy : less_oy;
      wire [AW+1:0] over = to_ky ? over_ky : to_wy ? over_wy : over_oy;
      wire [AW:0]   row_less = {1'b0, row_from} + less;
      wire [AW+1:0] row_over = {2'b00, row_from} + over;
      // Not a choice: synthesis would make one adder behind it.
      wire          wrap = wraps_q && !stays && !row_over[AW+1];
      assign row_new = (row_less[AW-1:0] & {AW{wrap}}) | (row_sum & {AW{!wrap}});

      localparam WIDTH = AW + XW + 32;
      reg  [WIDTH-1:0] kept [0:CONTEXTS-1];
      wire [CONTEXT_BITS-1:0] save = fields_i[`SYSTOLE_FEED_CONTEXT*32 +: CONTEXT_BITS];
      wire [CONTEXT_BITS-1:0] find = shadow_i[`SYSTOLE_FEED_CONTEXT*32 +: CONTEXT_BITS];
      wire             saves = step_i && active_i && ends_i[CO];
      wire [WIDTH-1:0] now = {row_new, y_new, in_sum, res_sum};
      always @(posedge clk) if (saves) kept[save] <= now;
      wire [WIDTH-1:0] found = saves && save == find ? now : kept[find];
      assign {row_start, y_start, in_start, res_start} = shadow_i[`SYSTOLE_FEED_RESUME*32] ? found
          : {load_row, load_y, in_begin, res_begin};
      wire unused = &{1'b0, row_less, row_over};
    end else begin : g_no_contexts
      assign row_new = row_sum;
      assign row_start = load_row;
      assign y_start = load_y;
      assign in_start = in_begin;
      assign res_start = res_begin;
      wire unused = &{1'b0, active_i};
    end
  endgenerate

  assign row_o = row_ky;
  assign y_o = y_ky;
  assign in_need_o = in_q;
  assign res_need_o = res_q;
  wire unused = &{1'b0, shadow_i, fields_i, ends_i};
endmodule
`default_nettype wire
