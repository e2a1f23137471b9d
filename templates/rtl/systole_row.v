// The feed side of one array row: its copy of the activation memory, rotation and lane masks.
// Request and writes hop to the next row one cycle later, the request to the tile's next pixel (systole_row_hop).
// Latency: request in cycle t, bank data t+1, digits for the array t+2 (valid_o).
`default_nettype none
module systole_row #(
    parameter ROW = 0,          // its number
    parameter LANES = 16,
    parameter AD = 8,
    parameter ACT_WORDS = 256,
    parameter AW = 12,          // bits of a code index
    parameter XW = 14,          // bits of the signed x coordinate, at least AW + 1
    parameter LANE_BITS = 4,    // $clog2(LANES)
    parameter GROUPS = 3,
    parameter GROUP_BITS = 2,
    parameter FOLD = 0,         // 1: with the channel folder
    parameter CTRL_BITS = 8     // control that travels beside the digits
) (
    input  wire                  clk,
    // request
    input  wire                  valid_i,
    input  wire [AW-1:0]         a_i,
    input  wire [XW-1:0]         x_i,
    input  wire [XW-1:0]         x_max_i,
    input  wire [XW-1:0]         y_i,
    input  wire [XW-1:0]         y_max_i,
    input  wire                  y_ok_i,   // 0 <= y < y_max
    input  wire [2*AW+2*XW+4:0]  hop_i,
    input  wire [3*LANES-1:0]    segments_i,     // of every bank, and the words from one to the next
    input  wire [AW-LANE_BITS-1:0] fold_stride_i,
    input  wire [GROUP_BITS-1:0] group_i,
    input  wire [LANE_BITS:0]    run_i,
    input  wire [AD-1:0]         pad_i,
    input  wire [CTRL_BITS-1:0]  ctrl_i,
    output wire                  valid_next_o,
    output wire [AW-1:0]         a_next_o,
    output wire [XW-1:0]         x_next_o,
    output wire [XW-1:0]         x_max_next_o,
    output wire [XW-1:0]         y_next_o,
    output wire [XW-1:0]         y_max_next_o,
    output wire                  y_ok_next_o,
    output wire [2*AW+2*XW+4:0]  hop_next_o,
    output wire [3*LANES-1:0]    segments_next_o,
    output wire [AW-LANE_BITS-1:0] fold_stride_next_o,
    output wire [GROUP_BITS-1:0] group_next_o,
    output wire [LANE_BITS:0]    run_next_o,
    output wire [AD-1:0]         pad_next_o,
    output wire [CTRL_BITS-1:0]  ctrl_next_o,
    // aligned writes: p from the writer, l from the loader; never both to one group
    input  wire                  p_valid_i,
    input  wire [GROUP_BITS-1:0] p_group_i,
    input  wire [AW-1:0]         p_addr_i,
    input  wire [LANES-1:0]      p_mask_i,
    input  wire [LANES*AD-1:0]   p_data_i,
    output wire                  p_valid_next_o,
    output wire [GROUP_BITS-1:0] p_group_next_o,
    output wire [AW-1:0]         p_addr_next_o,
    output wire [LANES-1:0]      p_mask_next_o,
    output wire [LANES*AD-1:0]   p_data_next_o,
    input  wire                  l_valid_i,
    input  wire [GROUP_BITS-1:0] l_group_i,
    input  wire [AW-1:0]         l_addr_i,
    input  wire [LANES-1:0]      l_mask_i,
    input  wire [LANES*AD-1:0]   l_data_i,
    output wire                  l_valid_next_o,
    output wire [GROUP_BITS-1:0] l_group_next_o,
    output wire [AW-1:0]         l_addr_next_o,
    output wire [LANES-1:0]      l_mask_next_o,
    output wire [LANES*AD-1:0]   l_data_next_o,
    // and u from the depthwise unit, to a group that neither of them writes to
    input  wire                  u_valid_i,
    input  wire [GROUP_BITS-1:0] u_group_i,
    input  wire [AW-1:0]         u_addr_i,
    input  wire [LANES-1:0]      u_mask_i,
    input  wire [LANES*AD-1:0]   u_data_i,
    output wire                  u_valid_next_o,
    output wire [GROUP_BITS-1:0] u_group_next_o,
    output wire [AW-1:0]         u_addr_next_o,
    output wire [LANES-1:0]      u_mask_next_o,
    output wire [LANES*AD-1:0]   u_data_next_o,
    // depthwise read, from a group that neither the request nor the residual uses; bank order, one cycle later
    input  wire                  unit_valid_i,
    input  wire [GROUP_BITS-1:0] unit_group_i,
    input  wire [AW-1:0]         unit_addr_i,
    output wire [LANES*AD-1:0]   unit_data_o,
    // residual read, from a group that the request does not use; bank order, one cycle later
    input  wire                  res_valid_i,
    input  wire [GROUP_BITS-1:0] res_group_i,
    input  wire [AW-1:0]         res_addr_i,
    output wire [LANES*AD-1:0]   res_data_o,
    // digits for the array
    output wire                  valid_o,
    output wire [LANES*AD-1:0]   digits_o,
    output wire [CTRL_BITS-1:0]  ctrl_o
);
  localparam WORD_BITS = AW - LANE_BITS;
  localparam WIDTH = LANES * AD;
  localparam [LANE_BITS:0] FULL = LANES[LANE_BITS:0];
  localparam [XW-1:0] LANES_X = LANES[XW-1:0];

  // Hop to the next row.
  systole_row_hop #(
      .NEXT(ROW + 1), .AW(AW), .XW(XW), .LANES(LANES), .LANE_BITS(LANE_BITS), .FOLD(FOLD)
  ) hop (
      .clk(clk), .valid_i(valid_i), .a_i(a_i), .x_i(x_i), .y_i(y_i), .y_max_i(y_max_i), .y_ok_i(y_ok_i), .hop_i(hop_i),
      .valid_o(valid_next_o), .a_o(a_next_o), .x_o(x_next_o), .y_o(y_next_o), .y_max_o(y_max_next_o), .y_ok_o(y_ok_next_o),
      .hop_o(hop_next_o), .segments_i(segments_i), .segments_o(segments_next_o)
  );
  reg [WORD_BITS-1:0]  n_stride;
  reg [XW-1:0]         n_x_max;
  reg [GROUP_BITS-1:0] n_group;
  reg [LANE_BITS:0]    n_run;
  reg [AD-1:0]         n_pad;
  reg [CTRL_BITS-1:0]  n_ctrl;
  reg                  n_p_valid, n_l_valid;
  reg [GROUP_BITS-1:0] n_p_group, n_l_group;
  reg [AW-1:0]         n_p_addr, n_l_addr;
  reg [LANES-1:0]      n_p_mask, n_l_mask;
  reg [WIDTH-1:0]      n_p_data, n_l_data;
  always @(posedge clk) begin
    n_p_valid <= p_valid_i;
    n_l_valid <= l_valid_i;
    if (valid_i) begin
      n_x_max <= x_max_i;
      n_group <= group_i;
      n_stride <= fold_stride_i;
      n_run <= run_i;
      n_pad <= pad_i;
      n_ctrl <= ctrl_i;
    end
    if (p_valid_i) begin
      n_p_group <= p_group_i;
      n_p_addr <= p_addr_i;
      n_p_mask <= p_mask_i;
      n_p_data <= p_data_i;
    end
    if (l_valid_i) begin
      n_l_group <= l_group_i;
      n_l_addr <= l_addr_i;
      n_l_mask <= l_mask_i;
      n_l_data <= l_data_i;
    end
  end
  assign x_max_next_o = n_x_max;
  assign group_next_o = n_group;
  assign fold_stride_next_o = FOLD != 0 ? n_stride : {WORD_BITS{1'b0}};
  assign run_next_o = n_run;
  assign pad_next_o = n_pad;
  assign ctrl_next_o = n_ctrl;
  assign p_valid_next_o = n_p_valid;
  assign p_group_next_o = n_p_group;
  assign p_addr_next_o = n_p_addr;
  assign p_mask_next_o = n_p_mask;
  assign p_data_next_o = n_p_data;
  assign l_valid_next_o = n_l_valid;
  assign l_group_next_o = n_l_group;
  assign l_addr_next_o = n_l_addr;
  assign l_mask_next_o = n_l_mask;
  assign l_data_next_o = n_l_data;

  reg                  n_u_valid;
  reg [GROUP_BITS-1:0] n_u_group;
  reg [AW-1:0]         n_u_addr;
  reg [LANES-1:0]      n_u_mask;
  reg [WIDTH-1:0]      n_u_data;
  always @(posedge clk) begin
    n_u_valid <= u_valid_i;
    if (u_valid_i) begin
      n_u_group <= u_group_i;
      n_u_addr <= u_addr_i;
      n_u_mask <= u_mask_i;
      n_u_data <= u_data_i;
    end
  end
  assign u_valid_next_o = n_u_valid;
  assign u_group_next_o = n_u_group;
  assign u_addr_next_o = n_u_addr;
  assign u_mask_next_o = n_u_mask;
  assign u_data_next_o = n_u_data;

  // Memory.
  wire [GROUPS*WIDTH-1:0] group_data;
  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      wire p_here = p_valid_i && p_group_i == g[GROUP_BITS-1:0];
      wire l_here = l_valid_i && l_group_i == g[GROUP_BITS-1:0];
      wire feed_here = valid_i && group_i == g[GROUP_BITS-1:0];
      wire res_here = res_valid_i && res_group_i == g[GROUP_BITS-1:0];
      wire u_here = u_valid_i && u_group_i == g[GROUP_BITS-1:0];
      wire unit_here = unit_valid_i && unit_group_i == g[GROUP_BITS-1:0];
      wire [AW-1:0] waddr = p_here ? p_addr_i : u_here ? u_addr_i : l_addr_i;
      wire [AW-1:0] raddr = feed_here ? a_i : unit_here ? unit_addr_i : res_addr_i;
      systole_group #(
          .LANES(LANES), .AD(AD), .ACT_WORDS(ACT_WORDS), .WORD_BITS(WORD_BITS), .LANE_BITS(LANE_BITS), .FOLD(FOLD)
      ) banks (
          .clk(clk),
          .we_i(p_here || l_here || u_here),
          .wword_i(waddr[AW-1:LANE_BITS]), .woffset_i(waddr[LANE_BITS-1:0]),
          .wmask_i(p_here ? p_mask_i : u_here ? u_mask_i : l_mask_i), .wdata_i(p_here ? p_data_i : u_here ? u_data_i : l_data_i),
          .re_i(feed_here || res_here || unit_here),
          .rword_i(raddr[AW-1:LANE_BITS]), .roffset_i(raddr[LANE_BITS-1:0]),
          .rsegments_i(feed_here ? segments_i : {(3*LANES){1'b0}}), .rstride_i(fold_stride_i),
          .rdata_o(group_data[g*WIDTH +: WIDTH])
      );
    end
  endgenerate

  // Lanes lo <= l < hi lie inside the row of the tensor: 0 <= x + l < x_max.
  wire [XW-1:0] x_minus = {XW{1'b0}} - x_i;
  wire [XW-1:0] x_room = x_max_i - x_i;
  wire          left = x_i[XW-1];
  wire [LANE_BITS:0] lo = !left ? {(LANE_BITS+1){1'b0}} : x_minus < LANES_X ? x_minus[LANE_BITS:0] : FULL;
  wire [LANE_BITS:0] hi = (!y_ok_i || x_room[XW-1]) ? {(LANE_BITS+1){1'b0}} : x_room < LANES_X ? x_room[LANE_BITS:0] : FULL;

  // Cycle 1: bank data is out.
  reg                  d_valid;
  reg [LANE_BITS-1:0]  d_offset;
  reg [GROUP_BITS-1:0] d_group, r_group;
  reg [LANE_BITS:0]    d_lo, d_hi, d_run;
  reg [AD-1:0]         d_pad;
  reg [CTRL_BITS-1:0]  d_ctrl;
  always @(posedge clk) begin
    d_valid <= valid_i;
    if (res_valid_i) r_group <= res_group_i;
    if (valid_i) begin
      d_offset <= a_i[LANE_BITS-1:0];
      d_group <= group_i;
      d_lo <= lo;
      d_hi <= hi;
      d_run <= run_i;
      d_pad <= pad_i;
      d_ctrl <= ctrl_i;
    end
  end
  assign res_data_o = group_data[r_group*WIDTH +: WIDTH];
  reg [GROUP_BITS-1:0] unit_group_q;
  always @(posedge clk) if (unit_valid_i) unit_group_q <= unit_group_i;
  assign unit_data_o = group_data[unit_group_q*WIDTH +: WIDTH];

  // Cycle 2: rotated and masked. A lane past the run is 0, a lane outside the map has the pad digit.
  wire [WIDTH-1:0]   stored = group_data[d_group*WIDTH +: WIDTH];
  wire [2*WIDTH-1:0] rotated = {stored, stored} >> (d_offset * AD);
  wire [WIDTH-1:0]   ones = {WIDTH{1'b1}};
  wire [WIDTH-1:0]   in_map = (ones << (d_lo * AD)) & ~(ones << (d_hi * AD));
  wire [WIDTH-1:0]   gate = ~(ones << (d_run * AD));
  reg                o_valid;
  reg [WIDTH-1:0]    o_digits;
  reg [CTRL_BITS-1:0] o_ctrl;
  always @(posedge clk) begin
    o_valid <= d_valid;
    if (d_valid) begin
      o_digits <= ((rotated[WIDTH-1:0] & in_map) | ({LANES{d_pad}} & ~in_map)) & gate;
      o_ctrl <= d_ctrl;
    end
  end
  assign valid_o = o_valid;
  assign digits_o = o_digits;
  assign ctrl_o = o_ctrl;
  wire unused = &{1'b0, rotated, x_minus, x_room};
endmodule
`default_nettype wire
