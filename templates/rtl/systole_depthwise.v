// The depthwise unit: convolutions of one channel each, LANES channels at a time, TAPS kernel columns at once; average and max
// pools, for which it has no multipliers: TAPS = 0 leaves these alone. Reads a pixel's channels a cycle from copy 0 of the activation memory, requantizes PW channels a cycle, writes them.
// A read that is granted in cycle u: bank data u+1, code and weights u+2, product u+3, sum u+4; the output it completes is
// held from u+5, its slot j is at the requantizers in u+6+j and enters the FIFO in u+10+j (docs/timing.md, Depthwise).
`default_nettype none
`include "systole_records.vh"
module systole_depthwise #(
    parameter LANES = 16,
    parameter TAPS = 3,          // kernel columns at once; 0: no multipliers, no weights
    parameter PW = 4,            // channels requantized per cycle, a power of two, at most LANES
    parameter AW = 12,           // bits of an activation code index
    parameter LANE_BITS = 4,     // $clog2(LANES)
    parameter GROUP_BITS = 2,
    parameter INDEX_BITS = 4,    // of a row counter's index
    parameter ACC_BITS = 24,
    parameter M_BITS = 24,
    parameter B_BITS = 40,
    parameter N_BITS = 6,
    parameter WEIGHT_WORDS = 64, // of LANES * TAPS weights of 8 bits
    parameter WEIGHT_BITS = 6,   // $clog2(WEIGHT_WORDS)
    parameter PARAM_WORDS = 64,  // of PW channels' m, b, n
    parameter PARAM_BITS = 6     // $clog2(PARAM_WORDS)
) (
    input  wire                   clk,
    input  wire                   rst,
    // record; complete_i: its last word enters the shadow
    input  wire                   complete_i,
    input  wire                   move_i,
    input  wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] shadow_i,
    input  wire                   active_i,
    input  wire [`SYSTOLE_DEPTHWISE_FIELDS*32-1:0] fields_i,
    output wire                   done_o,
    input  wire                   post_full_i,
    input  wire                   post_move_i,
    input  wire                   weight_we_i,
    input  wire [WEIGHT_BITS-1:0] weight_waddr_i,
    input  wire [(TAPS > 0 ? LANES*TAPS*8 : 1)-1:0] weight_wdata_i,
    input  wire                   param_we_i,
    input  wire [PARAM_BITS-1:0]  param_waddr_i,
    input  wire [PW*(M_BITS+B_BITS+N_BITS)-1:0] param_wdata_i,
    output wire [INDEX_BITS-1:0]  in_index_o,
    input  wire [15:0]            in_count_i,
    // reads: data in bank order in the cycle after valid and ready
    output wire                   read_valid_o,
    input  wire                   read_ready_i,
    output wire [GROUP_BITS-1:0]  read_group_o,
    output wire [AW-1:0]          read_addr_o,
    input  wire [LANES*8-1:0]     read_data_i,
    output wire                   w_valid_o,
    input  wire                   w_ready_i,
    output wire [GROUP_BITS-1:0]  w_group_o,
    output wire [AW-1:0]          w_addr_o,
    output wire [7:0]             w_count_o,
    output wire [LANES*8-1:0]     w_data_o,
    output wire                   row_done_o,
    output wire [INDEX_BITS-1:0]  row_counter_o,
    output wire                   step_o,   // a read is granted
    output wire                   empty_o   // nothing is on its way
);
  localparam SLOTS = LANES / PW;
  // Room for what is on its way from a read to its write at full rate.
  localparam ENTRY_BITS = $clog2(2*SLOTS + 16);
  localparam ENTRIES = 1 << ENTRY_BITS;
  localparam CREDIT_BITS = ENTRY_BITS + 1;
  localparam [CREDIT_BITS-1:0] ALL_CREDITS = ENTRIES[CREDIT_BITS-1:0];
  localparam [7:0] SLOT_COUNT = PW[7:0];

  wire                   in_map, next_in_map, clear, shift, out, group_last, row_last, record_last;
  wire [AW-1:0]          a, dest;
  wire [WEIGHT_BITS-1:0] w;
  wire [PARAM_BITS-1:0]  param;
  wire [15:0]            need;
  wire                   issue;
  systole_depthwise_walk #(
      .LANES(LANES), .AW(AW), .WEIGHT_BITS(WEIGHT_BITS), .PARAM_BITS(PARAM_BITS)
  ) walk (
      .clk(clk), .load_i(move_i), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(issue),
      .a_o(a), .inside_o(in_map), .next_inside_o(next_in_map), .w_o(w), .clear_o(clear), .shift_o(shift), .out_o(out), .dest_o(dest), .param_o(param),
      .group_last_o(group_last), .row_last_o(row_last), .record_last_o(record_last), .need_o(need)
  );

  // A record waits until the POST records before it are active: until then counters are those of layers before. The count
  // is read a cycle late; it never goes down in that time.
  reg        behind_shadow_q, behind_q, settled_q;
  reg [15:0] count_q;
  always @(posedge clk) begin
    count_q <= in_count_i;
    if (rst) begin
      behind_shadow_q <= 1'b0;
      behind_q <= 1'b0;
      settled_q <= 1'b0;
    end else begin
      if (complete_i) behind_shadow_q <= post_full_i && !post_move_i;
      else if (post_move_i) behind_shadow_q <= 1'b0;
      if (move_i) behind_q <= behind_shadow_q && !post_move_i;
      else if (post_move_i) behind_q <= 1'b0;
      settled_q <= active_i && !done_o && !behind_q;
    end
  end
  assign in_index_o = fields_i[`SYSTOLE_DEPTHWISE_IN_COUNTER*32 +: INDEX_BITS];

  // What an output takes along: to the parameters, the requantizers and the memory.
  localparam QUANT_BITS = 17;
  localparam TOKEN_BITS = QUANT_BITS + 17 + INDEX_BITS + GROUP_BITS + PARAM_BITS + AW;
  wire [7:0] slots = group_last ? fields_i[`SYSTOLE_DEPTHWISE_SLOTS_LAST*32 +: 8] : fields_i[`SYSTOLE_DEPTHWISE_SLOTS_FULL*32 +: 8];
  wire [7:0] tail = group_last ? fields_i[`SYSTOLE_DEPTHWISE_TAIL_COUNT*32 +: 8] : SLOT_COUNT;
  wire [QUANT_BITS-1:0] quant = {fields_i[`SYSTOLE_DEPTHWISE_NEAREST_EVEN*32], fields_i[`SYSTOLE_DEPTHWISE_LO*32 +: 8],
                                 fields_i[`SYSTOLE_DEPTHWISE_HI*32 +: 8]};
  wire [TOKEN_BITS-1:0] token = {quant, row_last, slots, tail, fields_i[`SYSTOLE_DEPTHWISE_OUT_COUNTER*32 +: INDEX_BITS],
                                 fields_i[`SYSTOLE_DEPTHWISE_D_GROUP*32 +: GROUP_BITS], param, dest};

  // The request. One that completes an output waits until the output before has left the accumulators, and for its
  // slots' places in the FIFO; nothing behind it stalls. A pixel outside the map needs no memory.
  reg                   r_valid, r_inside, r_next_inside, r_pair, r_clear, r_shift, r_out;
  reg [1:0]             r_op, r_columns;
  reg [AW-1:0]          r_a;
  reg [GROUP_BITS-1:0]  r_group;
  reg [WEIGHT_BITS-1:0] r_w;
  reg [7:0]             r_pad;
  reg [TOKEN_BITS-1:0]  r_token;
  reg [7:0]             gap_q;  // cycles until the accumulators are free
  reg [CREDIT_BITS-1:0] credits_q;
  wire                  pop;
  wire [7:0]            r_slots = r_token[8 + INDEX_BITS + GROUP_BITS + PARAM_BITS + AW +: 8];
  wire [CREDIT_BITS-1:0] r_take = r_slots[CREDIT_BITS-1:0];
  wire                  room = gap_q == 8'd0 && credits_q >= r_take;
  wire                  ready = r_valid && (!r_out || room);
  wire                  r_reads = r_inside || r_next_inside;
  wire                  grant = ready && (!r_reads || read_ready_i);
  assign issue = settled_q && count_q >= need && (!r_valid || grant);
  always @(posedge clk) begin
    if (issue) begin
      r_inside <= in_map;
      r_next_inside <= next_in_map;
      r_pair <= fields_i[`SYSTOLE_DEPTHWISE_PAIR*32];
      r_clear <= clear;
      r_shift <= shift;
      r_out <= out;
      r_op <= fields_i[`SYSTOLE_DEPTHWISE_OP*32 +: 2];
      r_columns <= fields_i[`SYSTOLE_DEPTHWISE_CHAIN*32] ? fields_i[`SYSTOLE_DEPTHWISE_OUT_FIRST*32 +: 2] : 2'd0;
      r_a <= a;
      r_group <= fields_i[`SYSTOLE_DEPTHWISE_GROUP*32 +: GROUP_BITS];
      r_w <= w;
      r_pad <= fields_i[`SYSTOLE_DEPTHWISE_PAD_CODE*32 +: 8];
      r_token <= token;
    end
    if (rst) begin
      r_valid <= 1'b0;
      gap_q <= 8'd0;
      credits_q <= ALL_CREDITS;
    end else begin
      r_valid <= issue || (r_valid && !grant);
      gap_q <= grant && r_out ? r_slots - 8'd1 : gap_q == 8'd0 ? 8'd0 : gap_q - 8'd1;
      credits_q <= credits_q - (grant && r_out ? r_take : {CREDIT_BITS{1'b0}}) + {{(CREDIT_BITS-1){1'b0}}, pop};
    end
  end
  assign done_o = issue && record_last;
  assign read_valid_o = ready && r_reads;
  assign read_group_o = r_group;
  assign read_addr_o = r_a;
  assign step_o = grant;

  // Bank data, code, product, sum.
  reg                    v1, v2, inside1, next_inside1, pair1, pair2, clear1, clear2, shift1, shift2;
  reg [1:0]              op1, columns1, columns2;
  reg                    max2;
  reg [3:0]              out_q;  // of the steps 1 to 4
  reg [LANE_BITS-1:0]    offset1;
  reg [7:0]              pad1;
  reg [TOKEN_BITS-1:0]   token1, token2, token3, token4;
  reg                    plain2, plain3, plain4;  // of an output: no products
  reg [LANES*8-1:0]      codes2;
  wire [2*LANES*8-1:0]   rotated = {read_data_i, read_data_i} >> (offset1 * 8);
  always @(posedge clk) begin
    v1 <= grant && !rst;
    v2 <= v1 && !rst;
    out_q <= rst ? 4'd0 : {out_q[2:0], grant && r_out};
    if (grant) begin
      inside1 <= r_inside;
      next_inside1 <= r_next_inside;
      pair1 <= r_pair;
      clear1 <= r_clear;
      shift1 <= r_shift;
      op1 <= r_op;
      columns1 <= r_columns;
      offset1 <= r_a[LANE_BITS-1:0];
      pad1 <= r_pad;
      token1 <= r_token;
    end
    if (v1) begin
      clear2 <= clear1;
      shift2 <= shift1;
      codes2[LANES*4-1:0] <= inside1 ? rotated[LANES*4-1:0] : {LANES/2{pad1}};
      codes2[LANES*8-1:LANES*4] <= next_inside1 ? rotated[LANES*8-1:LANES*4] : {LANES/2{pad1}};
      pair2 <= pair1;
      max2 <= op1[1];
      columns2 <= columns1;
    end
    if (out_q[0]) {plain2, token2} <= {op1 != 2'd0, token1};
    if (out_q[1]) {plain3, token3} <= {plain2, token2};
    if (out_q[2]) {plain4, token4} <= {plain3, token3};
  end
  wire [LANES*ACC_BITS-1:0] sums4, acc4;
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_sum
      systole_depthwise_sum #(.ACC_BITS(ACC_BITS)) sum (
          .clk(clk), .valid_i(v2), .code_i(codes2[l*8 +: 8]), .shift_i(shift2), .clear_i(clear2), .max_i(max2),
          .columns_i(columns2), .acc_o(sums4[l*ACC_BITS +: ACC_BITS])
      );
    end
    if (TAPS > 0) begin : g_products
      wire [LANES*TAPS*8-1:0]   weights1;
      reg [LANES*TAPS*8-1:0]    weights2;
      wire [LANES*17-1:0]       products3;
      wire [LANES*ACC_BITS-1:0] products4;  // summed up
      systole_ram #(
          .WIDTH(LANES*TAPS*8), .WORDS(WEIGHT_WORDS), .ADDR_BITS(WEIGHT_BITS)
      ) weight_memory (
          .clk(clk), .we_i(weight_we_i), .waddr_i(weight_waddr_i), .wdata_i(weight_wdata_i),
          .re_i(grant), .raddr_i(r_w), .rdata_o(weights1)
      );
      always @(posedge clk) if (v1) weights2 <= weights1;
      for (l = 0; l < LANES; l = l + 1) begin : g_lane
        systole_depthwise_mac #(
            .TAPS(TAPS), .ACC_BITS(ACC_BITS), .UPPER(l >= LANES / 2 ? 1 : 0)
        ) mac (
            .clk(clk), .valid_i(v2), .code_i(codes2[l*8 +: 8]), .weights_i(weights2[l*TAPS*8 +: TAPS*8]),
            .shift_i(shift2), .clear_i(clear2), .pair_i(pair2), .product_o(products3[l*17 +: 17]),
            .product_i(products3[((l + LANES/2) % LANES)*17 +: 17]), .acc_o(products4[l*ACC_BITS +: ACC_BITS])
        );
      end
      assign acc4 = plain4 ? sums4 : products4;
    end else begin : g_no_products
      assign acc4 = sums4;
      wire unused_products = &{1'b0, plain4, pair2, r_w, weight_we_i, weight_waddr_i, weight_wdata_i};
    end
  endgenerate

  // The output leaves slot by slot.
  systole_depthwise_out #(
      .LANES(LANES), .PW(PW), .AW(AW), .GROUP_BITS(GROUP_BITS), .INDEX_BITS(INDEX_BITS), .ACC_BITS(ACC_BITS), .M_BITS(M_BITS),
      .B_BITS(B_BITS), .N_BITS(N_BITS), .PARAM_WORDS(PARAM_WORDS), .PARAM_BITS(PARAM_BITS), .ENTRIES(ENTRIES),
      .ENTRY_BITS(ENTRY_BITS)
  ) leave (
      .clk(clk), .rst(rst), .valid_i(out_q[3]), .acc_i(acc4), .token_i(token4),
      .param_we_i(param_we_i), .param_waddr_i(param_waddr_i), .param_wdata_i(param_wdata_i),
      .w_valid_o(w_valid_o), .w_ready_i(w_ready_i), .w_group_o(w_group_o), .w_addr_o(w_addr_o), .w_count_o(w_count_o),
      .w_data_o(w_data_o), .row_done_o(row_done_o), .row_counter_o(row_counter_o), .pop_o(pop)
  );
  assign empty_o = !r_valid && credits_q == ALL_CREDITS;
  wire unused = &{1'b0, rotated, fields_i, r_slots};

`ifdef SYSTOLE_ASSERT
  // The compiler has proven that accumulators stay in accMin..accMax.
  reg [63:0] r_bounds, bounds1, bounds2, bounds3, bounds4;
  wire signed [31:0] acc_min = bounds4[31:0];
  wire signed [31:0] acc_max = bounds4[63:32];
  wire [7:0] slots4 = token4[8 + INDEX_BITS + GROUP_BITS + PARAM_BITS + AW +: 8];
  wire [7:0] tail4 = token4[INDEX_BITS + GROUP_BITS + PARAM_BITS + AW +: 8];
  wire [15:0] live4 = ({8'd0, slots4} - 16'd1) * PW[15:0] + {8'd0, tail4};
  always @(posedge clk) begin
    if (issue) r_bounds <= fields_i[`SYSTOLE_DEPTHWISE_ACC_MIN*32 +: 64];
    if (grant) bounds1 <= r_bounds;
    if (out_q[0]) bounds2 <= bounds1;
    if (out_q[1]) bounds3 <= bounds2;
    if (out_q[2]) bounds4 <= bounds3;
  end
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_bound
      wire signed [31:0] acc = {{(33-ACC_BITS){acc4[(l+1)*ACC_BITS-1]}}, acc4[l*ACC_BITS +: ACC_BITS-1]};
      always @(posedge clk) begin
        if (!rst && out_q[3] && live4 > l && (acc < acc_min || acc > acc_max)) begin
          $fdisplay(32'h8000_0002, "systole assertion: accumulator %0d of the depthwise unit is not in %0d..%0d", acc, acc_min, acc_max);
          $stop;
        end
      end
    end
  endgenerate
`endif
endmodule
`default_nettype wire
