// ROWS x COLS array in stages of STAGE columns, weight memories above row 0, slot conveyor down the right edge.
// Row r takes digits and control r cycles after row 0. A slot token injected at (row 0, stage 0) in cycle t leaves
// slot_* at the bottom right in cycle t + COLS/STAGE + ROWS. No reset: what is in here has run out ROWS + COLS/STAGE
// cycles and the dot product's after the last input.
`default_nettype none
module systole_array #(
    parameter ROWS = 1,
    parameter COLS = 16,
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter STAGE = 1,
    parameter PW = 4,
    parameter ACC_BITS = 24,
    parameter WEIGHT_WORDS = 256,
    parameter WAW = 8,
    parameter EDGE = 1,     // cycles in which the left edge makes what all columns share
    parameter CUTS = 2,     // registers in a dot product
    parameter MODE_AT = 1,  // its cycle that knows the mode
    parameter UNIT_BITS = 5,
    parameter SUB_BITS = 4
) (
    input  wire                     clk,
    // weight address for stage 0, one cycle before the digits
    input  wire                     w_valid_i,
    input  wire [WAW-1:0]           w_addr_i,
    // row r's digits and control
    input  wire [ROWS-1:0]          valid_i,
    input  wire [ROWS*8-1:0]        ctrl_i,    // {clear, last, shift[3:0], mode[1:0]} per row
    input  wire [ROWS*LANES*AD-1:0] digits_i,
    // slot tokens for row 0; they hop down the left edge
    input  wire                     token_valid_i,
    input  wire [4:0]               token_row_i,
    input  wire [UNIT_BITS-1:0]     token_unit_i,
    input  wire [SUB_BITS-1:0]      token_sub_i,
    output wire                     slot_valid_o,
    output wire [PW*ACC_BITS-1:0]   slot_data_o,
    // weight loading
    input  wire                     cfg_we_i,
    input  wire [15:0]              cfg_column_i,
    input  wire [WAW-1:0]           cfg_addr_i,
    input  wire [LANES*WD-1:0]      cfg_data_i
);
  localparam STAGES = COLS / STAGE;
  localparam DBITS = LANES * AD;
  localparam WBITS = STAGE * LANES * WD;
  localparam SBITS = PW * ACC_BITS;
  localparam PBITS = AD > 1 ? LANES / 2 * (AD + 1) : 1;
  localparam SUM_BITS = WD == 1 ? AD + $clog2(LANES) : 1;

  // Weight memories and their chains.
  wire [STAGES:0]                w_valid, cfg_we;
  wire [(STAGES+1)*WAW-1:0]      w_addr, cfg_addr;
  wire [(STAGES+1)*16-1:0]       cfg_column;
  wire [(STAGES+1)*LANES*WD-1:0] cfg_data;
  wire [STAGES*WBITS-1:0]        weights;
  generate
    if (EDGE == 1) begin : g_edge
      reg           w_valid_q;
      reg [WAW-1:0] w_addr_q;
      always @(posedge clk) begin
        w_valid_q <= w_valid_i;
        if (w_valid_i) w_addr_q <= w_addr_i;
      end
      assign w_valid[0] = w_valid_q;
      assign w_addr[WAW-1:0] = w_addr_q;
    end else begin : g_no_edge
      assign w_valid[0] = w_valid_i;
      assign w_addr[WAW-1:0] = w_addr_i;
    end
  endgenerate
  assign cfg_we[0] = cfg_we_i;
  assign cfg_column[15:0] = cfg_column_i;
  assign cfg_addr[WAW-1:0] = cfg_addr_i;
  assign cfg_data[LANES*WD-1:0] = cfg_data_i;

  // Point s of row r is stage s's input; point STAGES is the right edge.
  wire [ROWS*(STAGES+1)-1:0]           valid, clear, last, slot_valid;
  wire [ROWS*(STAGES+1)*4-1:0]         shift;
  wire [ROWS*(STAGES+1)*2-1:0]         mode;
  wire [ROWS*(STAGES+1)*DBITS-1:0]     digits;
  wire [ROWS*(STAGES+1)*PBITS-1:0]     pairs;
  wire [ROWS*(STAGES+1)*SUM_BITS-1:0]  sum;
  wire [ROWS*(STAGES+1)*UNIT_BITS-1:0] slot_unit;
  wire [ROWS*(STAGES+1)*SUB_BITS-1:0]  slot_sub;
  wire [ROWS*(STAGES+1)*SBITS-1:0]     slot_data;
  wire [(ROWS+1)*STAGES*WBITS-1:0]     row_weights;
  assign row_weights[STAGES*WBITS-1:0] = weights;

  // Tokens down the left edge, slots down the right edge.
  wire [ROWS:0]               token_valid;
  wire [(ROWS+1)*5-1:0]       token_row;
  wire [(ROWS+1)*UNIT_BITS-1:0] token_unit;
  wire [(ROWS+1)*SUB_BITS-1:0]  token_sub;
  wire [ROWS:0]               edge_valid;
  wire [(ROWS+1)*SBITS-1:0]   edge_data;
  assign token_valid[0] = token_valid_i;
  assign token_row[4:0] = token_row_i;
  assign token_unit[UNIT_BITS-1:0] = token_unit_i;
  assign token_sub[SUB_BITS-1:0] = token_sub_i;
  assign edge_valid[0] = 1'b0;
  assign edge_data[SBITS-1:0] = {SBITS{1'b0}};

  genvar r, s;
  generate
    for (s = 0; s < STAGES; s = s + 1) begin : g_weights
      localparam FIRST = s * STAGE;
      systole_column #(
          .LANES(LANES), .WD(WD), .STAGE(STAGE), .WEIGHT_WORDS(WEIGHT_WORDS), .WAW(WAW)
      ) column (
          .clk(clk), .first_i(FIRST[15:0]),
          .valid_i(w_valid[s]), .addr_i(w_addr[s*WAW +: WAW]),
          .valid_o(w_valid[s+1]), .addr_o(w_addr[(s+1)*WAW +: WAW]),
          .weights_o(weights[s*WBITS +: WBITS]),
          .cfg_we_i(cfg_we[s]), .cfg_column_i(cfg_column[s*16 +: 16]),
          .cfg_addr_i(cfg_addr[s*WAW +: WAW]), .cfg_data_i(cfg_data[s*LANES*WD +: LANES*WD]),
          .cfg_we_o(cfg_we[s+1]), .cfg_column_o(cfg_column[(s+1)*16 +: 16]),
          .cfg_addr_o(cfg_addr[(s+1)*WAW +: WAW]), .cfg_data_o(cfg_data[(s+1)*LANES*WD +: LANES*WD])
      );
    end

    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      localparam BASE = r * (STAGES + 1);
      systole_edge #(
          .LANES(LANES), .AD(AD), .WD(WD), .EDGE(EDGE), .MODE_AT(MODE_AT), .PAIR_BITS(PBITS), .SUM_BITS(SUM_BITS)
      ) left (
          .clk(clk), .valid_i(valid_i[r]), .digits_i(digits_i[r*DBITS +: DBITS]),
          .valid_o(valid[BASE]), .digits_o(digits[BASE*DBITS +: DBITS]), .pairs_o(pairs[BASE*PBITS +: PBITS]),
          .sum_o(sum[BASE*SUM_BITS +: SUM_BITS])
      );
      // Control comes with the digits and is wanted later.
      systole_delay #(.WIDTH(2), .CYCLES(EDGE + MODE_AT)) mode_delay (
          .clk(clk), .data_i(ctrl_i[r*8 +: 2]), .data_o(mode[BASE*2 +: 2])
      );
      systole_delay #(.WIDTH(6), .CYCLES(EDGE + CUTS)) control_delay (
          .clk(clk), .data_i(ctrl_i[r*8+2 +: 6]), .data_o({clear[BASE], last[BASE], shift[BASE*4 +: 4]})
      );
      assign slot_valid[BASE] = token_valid[r] && token_row[r*5 +: 5] == r[4:0];
      assign slot_unit[BASE*UNIT_BITS +: UNIT_BITS] = token_unit[r*UNIT_BITS +: UNIT_BITS];
      assign slot_sub[BASE*SUB_BITS +: SUB_BITS] = token_sub[r*SUB_BITS +: SUB_BITS];
      assign slot_data[BASE*SBITS +: SBITS] = {SBITS{1'b0}};

      for (s = 0; s < STAGES; s = s + 1) begin : g_stage
        // Constants, not parameters, where they are all that distinguishes stages: each is synthesized once.
        localparam SHARE = STAGE >= PW ? 1 : PW / STAGE;
        localparam OWNER = s / SHARE;
        systole_stage #(
            .LANES(LANES), .AD(AD), .WD(WD), .STAGE(STAGE), .PW(PW), .ACC_BITS(ACC_BITS),
            .CUTS(CUTS), .MODE_AT(MODE_AT), .PAIR_BITS(PBITS), .SUM_BITS(SUM_BITS), .UNIT_BITS(UNIT_BITS), .SUB_BITS(SUB_BITS), .PART(s % SHARE)
        ) stage (
            .clk(clk), .index_i(OWNER[UNIT_BITS-1:0]),
            .valid_i(valid[BASE+s]), .clear_i(clear[BASE+s]), .last_i(last[BASE+s]),
            .shift_i(shift[(BASE+s)*4 +: 4]), .mode_i(mode[(BASE+s)*2 +: 2]), .digits_i(digits[(BASE+s)*DBITS +: DBITS]),
            .pairs_i(pairs[(BASE+s)*PBITS +: PBITS]), .sum_i(sum[(BASE+s)*SUM_BITS +: SUM_BITS]),
            .valid_o(valid[BASE+s+1]), .clear_o(clear[BASE+s+1]), .last_o(last[BASE+s+1]),
            .shift_o(shift[(BASE+s+1)*4 +: 4]), .mode_o(mode[(BASE+s+1)*2 +: 2]),
            .digits_o(digits[(BASE+s+1)*DBITS +: DBITS]),
            .pairs_o(pairs[(BASE+s+1)*PBITS +: PBITS]), .sum_o(sum[(BASE+s+1)*SUM_BITS +: SUM_BITS]),
            .weights_i(row_weights[(r*STAGES+s)*WBITS +: WBITS]),
            .weights_o(row_weights[((r+1)*STAGES+s)*WBITS +: WBITS]),
            .slot_valid_i(slot_valid[BASE+s]), .slot_unit_i(slot_unit[(BASE+s)*UNIT_BITS +: UNIT_BITS]),
            .slot_sub_i(slot_sub[(BASE+s)*SUB_BITS +: SUB_BITS]), .slot_data_i(slot_data[(BASE+s)*SBITS +: SBITS]),
            .slot_valid_o(slot_valid[BASE+s+1]), .slot_unit_o(slot_unit[(BASE+s+1)*UNIT_BITS +: UNIT_BITS]),
            .slot_sub_o(slot_sub[(BASE+s+1)*SUB_BITS +: SUB_BITS]), .slot_data_o(slot_data[(BASE+s+1)*SBITS +: SBITS])
        );
      end

      reg                 token_valid_q;
      reg [4:0]           token_row_q;
      reg [UNIT_BITS-1:0] token_unit_q;
      reg [SUB_BITS-1:0]  token_sub_q;
      reg                 edge_valid_q;
      reg [SBITS-1:0]     edge_data_q;
      wire                mine = slot_valid[BASE+STAGES];
      always @(posedge clk) begin
        token_valid_q <= token_valid[r];
        if (token_valid[r]) begin
          token_row_q <= token_row[r*5 +: 5];
          token_unit_q <= token_unit[r*UNIT_BITS +: UNIT_BITS];
          token_sub_q <= token_sub[r*SUB_BITS +: SUB_BITS];
        end
        edge_valid_q <= mine || edge_valid[r];
        if (mine) edge_data_q <= slot_data[(BASE+STAGES)*SBITS +: SBITS];
        else if (edge_valid[r]) edge_data_q <= edge_data[r*SBITS +: SBITS];
      end
      assign token_valid[r+1] = token_valid_q;
      assign token_row[(r+1)*5 +: 5] = token_row_q;
      assign token_unit[(r+1)*UNIT_BITS +: UNIT_BITS] = token_unit_q;
      assign token_sub[(r+1)*SUB_BITS +: SUB_BITS] = token_sub_q;
      assign edge_valid[r+1] = edge_valid_q;
      assign edge_data[(r+1)*SBITS +: SBITS] = edge_data_q;
    end
  endgenerate
  assign slot_valid_o = edge_valid[ROWS];
  assign slot_data_o = edge_data[ROWS*SBITS +: SBITS];
  // Chain ends: the right edge's digits and control, the last row's weights, the last stage's loading word go nowhere.
  wire unused = &{1'b0, w_valid, w_addr, cfg_we, cfg_column, cfg_addr, cfg_data, valid, clear, last, shift, mode, digits, pairs, sum,
                  slot_unit, slot_sub, row_weights, token_valid, token_row, token_unit, token_sub};
endmodule
`default_nettype wire
