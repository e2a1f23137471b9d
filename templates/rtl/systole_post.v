// POST: what happens to a slot between the array's bottom right corner and the output FIFO. Never stalls.
// A slot that arrives in cycle t with P residual planes (1 without a residual) has its operands ready in cycle
// t + 2 + P (a product of two maps too), its requantized values, looked up or not, 4 cycles later, is pooled in one, and
// stands at entry_* in cycle t + P + 7.
`default_nettype none
`include "systole_records.vh"
module systole_post #(
    parameter ROWS = 1,
    parameter COLS = 16,
    parameter LANES = 16,
    parameter AD = 8,
    parameter AW = 12,          // bits of an activation code index
    parameter LANE_BITS = 4,
    parameter GROUP_BITS = 2,
    parameter PW = 4,
    parameter ACC_BITS = 24,
    parameter M_BITS = 24,
    parameter B_BITS = 40,
    parameter N_BITS = 6,
    parameter PARAM_WORDS = 64,
    parameter PAR_BITS = 6,
    parameter TABLE_ENTRIES = 0, // of 16 bits, a power of two; 0: no tables
    parameter INDEX_BITS = 4,   // of a row counter's index
    parameter CONTEXTS = 0,     // 0: no contexts and no circular buffers
    parameter CONTEXT_BITS = 1, // $clog2(CONTEXTS), at least 1
    parameter CHUNK_BYTES = 4,  // of the stream that the writer hands on in a cycle, a power of two
    parameter STEP_BITS = 5,    // of the cycles that an entry takes in the writer
    parameter META_BITS = 64    // 29 + STEP_BITS + GROUP_BITS + INDEX_BITS + 2 * AW
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   move_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] shadow_i,
    input  wire [`SYSTOLE_POST_FIELDS*32-1:0] fields_i,
    output wire                   done_o,
    input  wire                   param_we_i,
    input  wire [PAR_BITS-1:0]    param_waddr_i,
    input  wire [PW*(2*M_BITS+B_BITS+N_BITS)-1:0] param_wdata_i,
    input  wire                   table_we_i,
    input  wire [15:0]            table_waddr_i,
    input  wire [15:0]            table_wdata_i,
    input  wire                   slot_valid_i,
    input  wire [PW*ACC_BITS-1:0] slot_data_i,
    output wire                   res_valid_o,
    output wire [GROUP_BITS-1:0]  res_group_o,
    output wire [AW-1:0]          res_addr_o,
    input  wire [LANES*AD-1:0]    res_data_i,
    output wire                   absorb_o,
    output wire                   entry_valid_o,
    output wire [META_BITS-1:0]   entry_meta_o,
    output wire [PW*ACC_BITS-1:0] entry_data_o
);
  localparam CH_BITS = 2*M_BITS + B_BITS + N_BITS;
  localparam POOL_BITS = COLS > PW ? $clog2(COLS / PW) : 1;
  localparam FACTOR_BITS = 17;  // of the operands of a product, signed

  wire [PAR_BITS-1:0]  param;
  wire [AW-1:0]        res_addr, dest_addr;
  wire [7:0]           count;
  wire [4:0]           row;
  wire [POOL_BITS-1:0] slot;
  wire window_first, window_last, window_valid, map_last, row_end, record_end;
  systole_post_walk #(
      .COLS(COLS), .PW(PW), .AW(AW), .PAR_BITS(PAR_BITS), .POOL_BITS(POOL_BITS), .CONTEXTS(CONTEXTS), .CONTEXT_BITS(CONTEXT_BITS)
  ) walk (
      .clk(clk), .load_i(move_i), .shadow_i(shadow_i), .fields_i(fields_i), .step_i(slot_valid_i),
      .param_o(param), .res_addr_o(res_addr), .dest_addr_o(dest_addr), .count_o(count), .row_o(row), .slot_o(slot),
      .window_first_o(window_first), .window_last_o(window_last), .window_valid_o(window_valid),
      .map_last_o(map_last), .row_end_o(row_end), .record_end_o(record_end)
  );
  assign done_o = slot_valid_i && record_end;

  // What travels with the slot: to the writer, to the pool, to the requantizers.
  localparam META1_BITS = META_BITS - STEP_BITS - 2;  // with planes
  wire [META1_BITS-1:0] meta = {
      fields_i[`SYSTOLE_POST_PLANES*32 +: 5],
      row_end && fields_i[`SYSTOLE_POST_COUNT*32], fields_i[`SYSTOLE_POST_COUNT_STEP*32 +: 5], record_end, map_last, fields_i[`SYSTOLE_POST_LAST*32],
      fields_i[`SYSTOLE_POST_TO_STREAM*32], fields_i[`SYSTOLE_POST_ELEMENT_BYTES*32 +: 3],
      fields_i[`SYSTOLE_POST_RAW*32], fields_i[`SYSTOLE_POST_GROUP*32 +: GROUP_BITS],
      fields_i[`SYSTOLE_POST_OUT_COUNTER*32 +: INDEX_BITS],
      count, fields_i[`SYSTOLE_POST_D_PLANE*32 +: AW], dest_addr};
  localparam ENTRY_BITS = TABLE_ENTRIES > 0 ? $clog2(TABLE_ENTRIES) : 1;
  localparam WINDOW_BITS = 4 + 5 + POOL_BITS;
  localparam KEEP_BITS = WINDOW_BITS + (TABLE_ENTRIES > 0 ? 1 + ENTRY_BITS : 0);
  wire [KEEP_BITS-1:0] pool_meta;
  assign pool_meta[WINDOW_BITS-1:0] = {fields_i[`SYSTOLE_POST_POOL_ENABLE*32], window_first, window_last, window_valid, row, slot};
  generate
    if (TABLE_ENTRIES > 0) begin : g_table_meta
      assign pool_meta[KEEP_BITS-1:WINDOW_BITS] = {fields_i[`SYSTOLE_POST_TABLE_ENABLE*32],
                                                   fields_i[`SYSTOLE_POST_TABLE_BASE*32 +: ENTRY_BITS]};
    end
  endgenerate
  wire [33:0] quant_meta = {fields_i[`SYSTOLE_POST_RAW*32], fields_i[`SYSTOLE_POST_NEAREST_EVEN*32],
                            fields_i[`SYSTOLE_POST_LO*32 +: 16], fields_i[`SYSTOLE_POST_HI*32 +: 16]};
  wire [2*FACTOR_BITS:0] mul_meta = {fields_i[`SYSTOLE_POST_MUL_ENABLE*32],
                                     fields_i[`SYSTOLE_POST_A_OFFSET*32 +: FACTOR_BITS],
                                     fields_i[`SYSTOLE_POST_R_OFFSET*32 +: FACTOR_BITS]};
  wire res_enable = fields_i[`SYSTOLE_POST_RES_ENABLE*32];

  // Three holding steps: 1 reads the parameters and the residual's planes, 2 meets the first plane, 3 waits for the last.
  reg [PW*ACC_BITS-1:0] data1, data2, data3;
  reg [META1_BITS-1:0]  meta1;
  reg [META_BITS-1:0]   meta2, meta3;

  // Cycles that the entry takes in the writer: digit planes, or chunks of the stream, of which the last has last_bytes.
  localparam CHUNK_BITS = $clog2(CHUNK_BYTES);
  localparam SIZE_AT = 2*AW + 8 + INDEX_BITS + GROUP_BITS + 1;
  wire [7:0] count1 = meta1[2*AW +: 8];
  wire [2:0] size1 = meta1[SIZE_AT +: 3];
  wire       stream1 = meta1[SIZE_AT + 3];
  wire [4:0] planes1 = meta1[META1_BITS-1 -: 5];
  wire [9:0] rest1 = (size1[2] ? {count1, 2'b00} : size1[1] ? {1'b0, count1, 1'b0} : {2'b00, count1}) - 10'd1;
  wire [9:0] chunks1 = (rest1 >> CHUNK_BITS) + 10'd1;
  wire [9:0] steps1 = count1 == 8'd0 ? 10'd1 : stream1 ? chunks1 : planes1 == 5'd0 ? 10'd1 : {5'd0, planes1};
  wire [9:0] last_bytes1 = (rest1 & (CHUNK_BYTES[9:0] - 10'd1)) + 10'd1;
  reg [KEEP_BITS-1:0]   pool1, pool2, pool3;
  reg [33:0]            quant1, quant2, quant3;
  reg [2*FACTOR_BITS:0] mul1, mul2;
  reg [PAR_BITS-1:0]    param1;
  reg [PW*CH_BITS-1:0]  param3;
  wire [PW*CH_BITS-1:0] param2;
  reg                   beat1, first1, res1;
  reg [4:0]             left1;
  reg [AW-1:0]          addr1, stride1;
  reg [GROUP_BITS-1:0]  group1;
  reg                   beat2, first2, last2, res2;
  reg [LANE_BITS-1:0]   offset2;
  reg [4:0]             bit2;      // AD * plane
  reg                   fire3;
  reg [PW*16-1:0]       res3;

  wire                    multiply = beat2 && last2 && mul2[2*FACTOR_BITS];
  wire [PW*ACC_BITS-1:0]  product2;
  wire more1 = beat1 && left1 != 5'd1;
  always @(posedge clk) begin
    beat1 <= (slot_valid_i || more1) && !rst;
    first1 <= slot_valid_i;
    if (slot_valid_i) begin
      data1 <= slot_data_i;
      meta1 <= meta;
      pool1 <= pool_meta;
      quant1 <= quant_meta;
      mul1 <= mul_meta;
      param1 <= param;
      res1 <= res_enable;
      left1 <= res_enable ? fields_i[`SYSTOLE_POST_RES_PLANES*32 +: 5] : 5'd1;
      addr1 <= res_addr;
      stride1 <= fields_i[`SYSTOLE_POST_R_PLANE*32 +: AW];
      group1 <= fields_i[`SYSTOLE_POST_RES_GROUP*32 +: GROUP_BITS];
    end else if (beat1) begin
      left1 <= left1 - 5'd1;
      addr1 <= addr1 + stride1;
    end

    beat2 <= beat1 && !rst;
    if (beat1) begin
      first2 <= first1;
      last2 <= left1 == 5'd1;
      offset2 <= addr1[LANE_BITS-1:0];
      bit2 <= first1 ? 5'd0 : bit2 + AD[4:0];
      res2 <= res1;
    end
    if (first1) begin
      data2 <= data1;
      meta2 <= {last_bytes1[6:0], steps1[STEP_BITS-1:0], meta1[META1_BITS-6:0]};
      pool2 <= pool1;
      quant2 <= quant1;
      mul2 <= mul1;
    end

    fire3 <= beat2 && last2 && !rst;
    if (beat2 && first2) begin
      data3 <= data2;
      meta3 <= meta2;
      pool3 <= pool2;
      quant3 <= quant2;
      param3 <= param2;
    end
    if (multiply) data3 <= product2;
  end
  assign res_valid_o = beat1 && res1;
  assign res_group_o = group1;
  assign res_addr_o = addr1;

  systole_ram #(
      .WIDTH(PW*CH_BITS), .WORDS(PARAM_WORDS), .ADDR_BITS(PAR_BITS)
  ) parameter_memory (
      .clk(clk), .we_i(param_we_i), .waddr_i(param_waddr_i), .wdata_i(param_wdata_i),
      .re_i(beat1 && first1), .raddr_i(param1), .rdata_o(param2)
  );

  // Residual codes are put together from their digit planes, least significant first. A product takes the whole code
  // with its last plane, and leaves nothing to be added.
  wire [2*LANES*AD-1:0] res_rotated = {res_data_i, res_data_i} >> (offset2 * AD);
  reg [PW*16-1:0] res2_now;
  integer i;
  always @* begin
    for (i = 0; i < PW; i = i + 1)
      res2_now[i*16 +: 16] = (first2 ? 16'd0 : res3[i*16 +: 16]) | ({{(16-AD){1'b0}}, res_rotated[i*AD +: AD]} << bit2);
  end
  always @(posedge clk) begin
    if (beat2) res3 <= !res2 || multiply ? {PW*16{1'b0}} : res2_now;
  end

  wire [PW*ACC_BITS-1:0] quantized;
  wire [PW*16-1:0]       codes;
  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      systole_product #(
          .ACC_BITS(ACC_BITS), .RES_BITS(16), .FACTOR_BITS(FACTOR_BITS)
      ) product (
          .acc_i(data2[c*ACC_BITS +: ACC_BITS]), .res_i(res2_now[c*16 +: 16]),
          .a_offset_i(mul2[FACTOR_BITS +: FACTOR_BITS]), .r_offset_i(mul2[FACTOR_BITS-1:0]),
          .y_o(product2[c*ACC_BITS +: ACC_BITS])
      );
      systole_requantize #(
          .ACC_BITS(ACC_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .N_BITS(N_BITS), .RES_BITS(16)
      ) requantize (
          .clk(clk), .valid_i(fire3), .acc_i(data3[c*ACC_BITS +: ACC_BITS]), .res_i(res3[c*16 +: 16]),
          .m_i(param3[c*CH_BITS +: M_BITS]), .b_i(param3[c*CH_BITS+M_BITS +: B_BITS]),
          .n_i(param3[c*CH_BITS+M_BITS+B_BITS +: N_BITS]), .r_i(param3[c*CH_BITS+M_BITS+B_BITS+N_BITS +: M_BITS]),
          .raw_i(quant3[33]), .nearest_i(quant3[32]), .lo_i(quant3[31:16]), .hi_i(quant3[15:0]),
          .code_o(codes[c*16 +: 16]), .y_o(quantized[c*ACC_BITS +: ACC_BITS])
      );
    end
  endgenerate

  // Beside the four requantizer stages, then beside the pool.
  reg [3:0]           v4;
  reg [META_BITS-1:0] meta4, meta5, meta6, meta7, meta8;
  reg [KEEP_BITS-1:0] pool4, pool5, pool6, pool7;
  wire [WINDOW_BITS-1:0] window = pool7[WINDOW_BITS-1:0];
  wire [PW*ACC_BITS-1:0] pool_value;
  always @(posedge clk) begin
    v4 <= rst ? 4'd0 : {v4[2:0], fire3};
    if (fire3) begin
      meta4 <= meta3;
      pool4 <= pool3;
    end
    if (v4[0]) begin
      meta5 <= meta4;
      pool5 <= pool4;
    end
    if (v4[1]) begin
      meta6 <= meta5;
      pool6 <= pool5;
    end
    if (v4[2]) begin
      meta7 <= meta6;
      pool7 <= pool6;
    end
    if (v4[3]) meta8 <= meta7;
  end

  // A table is read beside the requantizer's last stage.
  generate
    if (TABLE_ENTRIES > 0) begin : g_table
      wire [PW*16-1:0] entry;
      systole_table #(
          .PW(PW), .ENTRIES(TABLE_ENTRIES), .ENTRY_BITS(ENTRY_BITS)
      ) tables (
          .clk(clk), .we_i(table_we_i), .waddr_i(table_waddr_i[ENTRY_BITS-1:0]), .wdata_i(table_wdata_i),
          .read_i(v4[2] && pool6[KEEP_BITS-1]), .base_i(pool6[WINDOW_BITS +: ENTRY_BITS]), .code_i(codes), .entry_o(entry)
      );
      for (c = 0; c < PW; c = c + 1) begin : g_channel
        wire [ACC_BITS+15:0] looked = {{ACC_BITS{1'b0}}, entry[c*16 +: 16]};
        assign pool_value[c*ACC_BITS +: ACC_BITS] = pool7[KEEP_BITS-1] ? looked[ACC_BITS-1:0] : quantized[c*ACC_BITS +: ACC_BITS];
        wire unused = &{1'b0, looked};
      end
      wire unused = &{1'b0, pool7};
    end else begin : g_no_table
      assign pool_value = quantized;
      wire unused = &{1'b0, codes};
    end
  endgenerate
  systole_pool #(
      .ROWS(ROWS), .PW(PW), .VALUE_BITS(ACC_BITS), .POOL_BITS(POOL_BITS)
  ) pool (
      .clk(clk), .rst(rst), .valid_i(v4[3]), .enable_i(window[WINDOW_BITS-1]), .row_i(window[POOL_BITS +: 5]),
      .slot_i(window[POOL_BITS-1:0]), .first_i(window[WINDOW_BITS-2]), .last_i(window[WINDOW_BITS-3]),
      .inside_i(window[WINDOW_BITS-4]), .value_i(pool_value),
      .absorb_o(absorb_o), .valid_o(entry_valid_o), .value_o(entry_data_o)
  );
  assign entry_meta_o = meta8;
  wire unused = &{1'b0, size1, steps1, last_bytes1, fields_i, res_rotated, table_we_i, table_waddr_i, table_wdata_i};

`ifdef SYSTOLE_ASSERT
  // The compiler has proven that accumulators stay in accMin..accMax.
  wire signed [31:0] acc_min = fields_i[`SYSTOLE_POST_ACC_MIN*32 +: 32];
  wire signed [31:0] acc_max = fields_i[`SYSTOLE_POST_ACC_MAX*32 +: 32];
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_bound
      wire signed [31:0] acc = {{(33-ACC_BITS){slot_data_i[(c+1)*ACC_BITS-1]}}, slot_data_i[c*ACC_BITS +: ACC_BITS-1]};
      always @(posedge clk) begin
        if (!rst && slot_valid_i && count > c && (acc < acc_min || acc > acc_max)) begin
          $fdisplay(32'h8000_0002, "systole assertion: accumulator %0d is not in %0d..%0d", acc, acc_min, acc_max);
          $stop;
        end
      end
    end
  endgenerate
  // So do the operands of a product, and the product fits an accumulator.
  wire               inside2 = !pool2[WINDOW_BITS-1] || pool2[WINDOW_BITS-4];
  wire [7:0]         count2 = meta2[2*AW +: 8];
  wire signed [17:0] a_offset2 = {mul2[2*FACTOR_BITS-1], mul2[FACTOR_BITS +: FACTOR_BITS]};
  wire signed [17:0] r_offset2 = {mul2[FACTOR_BITS-1], mul2[FACTOR_BITS-1:0]};
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_product_bound
      wire signed [39:0] acc = {{(40-ACC_BITS){data2[(c+1)*ACC_BITS-1]}}, data2[c*ACC_BITS +: ACC_BITS]};
      wire signed [39:0] a = acc + {{22{a_offset2[17]}}, a_offset2};
      wire signed [39:0] r = {24'd0, res2_now[c*16 +: 16]} + {{22{r_offset2[17]}}, r_offset2};
      wire signed [39:0] exact = a * r;
      wire signed [39:0] kept = {{(40-ACC_BITS){product2[(c+1)*ACC_BITS-1]}}, product2[c*ACC_BITS +: ACC_BITS]};
      always @(posedge clk) begin
        if (!rst && multiply && inside2 && count2 > c
            && (a < -40'sd65536 || a > 40'sd65535 || r < -40'sd65536 || r > 40'sd65535 || exact != kept)) begin
          $fdisplay(32'h8000_0002, "systole assertion: the product of %0d and %0d is out of range", a, r);
          $stop;
        end
      end
    end
  endgenerate
  // A slot finds the one before gone: FEED's pace counts the cycles of the residual's reads.
  always @(posedge clk) begin
    if (!rst && slot_valid_i && more1) begin
      $fdisplay(32'h8000_0002, "systole assertion: a slot arrives while the residual of the one before is read");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
