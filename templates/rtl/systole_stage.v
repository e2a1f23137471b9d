// STAGE columns of one array row with their hop registers: digits and control go right, weights go down,
// slots pick up hold registers and go right. Everything moves by one stage or one row a cycle; no stall.
// mode and sum come MODE_AT cycles after their digits, accumulator control CUTS cycles, when the dot product wants them.
// A slot token carries unit (the stage of its channels if STAGE >= PW, else the slot's number) and sub (slot within the stage).
`default_nettype none
module systole_stage #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter STAGE = 1,      // columns
    parameter PW = 4,         // channels of a slot; divides or is a multiple of STAGE
    parameter ACC_BITS = 24,
    parameter CUTS = 2,
    parameter MODE_AT = 1,
    parameter PAIR_BITS = 72,
    parameter SUM_BITS = 12,
    parameter UNIT_BITS = 5,
    parameter SUB_BITS = 4,
    parameter PART = 0        // which part of a slot its columns are, where STAGE < PW
) (
    input  wire                   clk,
    input  wire [UNIT_BITS-1:0]   index_i,  // a constant: the unit that this stage answers
    input  wire                   valid_i,
    input  wire [LANES*AD-1:0]    digits_i,
    input  wire [PAIR_BITS-1:0]     pairs_i,
    input  wire [1:0]             mode_i,
    input  wire [SUM_BITS-1:0]    sum_i,
    input  wire                   clear_i,
    input  wire                   last_i,
    input  wire [3:0]             shift_i,
    output wire                   valid_o,
    output wire [LANES*AD-1:0]    digits_o,
    output wire [PAIR_BITS-1:0]     pairs_o,
    output wire [1:0]             mode_o,
    output wire [SUM_BITS-1:0]    sum_o,
    output wire                   clear_o,
    output wire                   last_o,
    output wire [3:0]             shift_o,
    input  wire [STAGE*LANES*WD-1:0] weights_i,
    output wire [STAGE*LANES*WD-1:0] weights_o,
    input  wire                   slot_valid_i,
    input  wire [UNIT_BITS-1:0]   slot_unit_i,
    input  wire [SUB_BITS-1:0]    slot_sub_i,
    input  wire [PW*ACC_BITS-1:0] slot_data_i,
    output wire                   slot_valid_o,
    output wire [UNIT_BITS-1:0]   slot_unit_o,
    output wire [SUB_BITS-1:0]    slot_sub_o,
    output wire [PW*ACC_BITS-1:0] slot_data_o
);
  // valid[k]: what came k cycles ago was valid.
  reg [CUTS-1:0]       valid_q;
  wire [CUTS:0]        valid = {valid_q, valid_i};
  reg                  clear_q, last_q;
  reg [3:0]            shift_q;
  reg [1:0]            mode_q;
  reg [SUM_BITS-1:0]   sum_q;
  reg [LANES*AD-1:0]   digits_q;
  reg [PAIR_BITS-1:0]     pairs_q;
  reg [STAGE*LANES*WD-1:0] weights_q;
  always @(posedge clk) begin
    valid_q <= valid[CUTS-1:0];
    if (valid_i) begin
      digits_q <= digits_i;
      pairs_q <= pairs_i;
      weights_q <= weights_i;
    end
    if (valid[MODE_AT]) begin
      mode_q <= mode_i;
      sum_q <= sum_i;
    end
    if (valid[CUTS]) begin
      clear_q <= clear_i;
      last_q <= last_i;
      shift_q <= shift_i;
    end
  end
  assign valid_o = valid_q[0];
  assign digits_o = digits_q;
  assign pairs_o = pairs_q;
  assign weights_o = weights_q;
  assign mode_o = mode_q;
  assign sum_o = sum_q;
  assign clear_o = clear_q;
  assign last_o = last_q;
  assign shift_o = shift_q;

  wire [STAGE*ACC_BITS-1:0] hold;
  genvar c;
  generate
    for (c = 0; c < STAGE; c = c + 1) begin : g_column
      systole_pe #(
          .LANES(LANES), .AD(AD), .WD(WD), .ACC_BITS(ACC_BITS), .CUTS(CUTS), .PAIR_BITS(PAIR_BITS), .SUM_BITS(SUM_BITS)
      ) pe (
          .clk(clk), .valid_i(valid[CUTS-1:0]), .digits_i(digits_i), .pairs_i(pairs_i),
          .weights_i(weights_i[c*LANES*WD +: LANES*WD]), .mode_i(mode_i), .sum_i(sum_i),
          .acc_valid_i(valid[CUTS]), .acc_clear_i(clear_i), .acc_last_i(last_i), .acc_shift_i(shift_i),
          .hold_o(hold[c*ACC_BITS +: ACC_BITS])
      );
    end
  endgenerate

  // The slot, with this stage's part of it.
  wire [PW*ACC_BITS-1:0] slot_data;
  wire                   slot_here = slot_unit_i == index_i;
  generate
    if (STAGE >= PW) begin : g_wide
      if (STAGE == PW) begin : g_one
        assign slot_data = slot_here ? hold : slot_data_i;
      end else begin : g_many
        assign slot_data = slot_here ? hold[slot_sub_i*PW*ACC_BITS +: PW*ACC_BITS] : slot_data_i;
      end
    end else begin : g_narrow
      localparam SHARE = PW / STAGE;
      genvar p;
      for (p = 0; p < SHARE; p = p + 1) begin : g_part
        if (p == PART) begin : g_mine
          assign slot_data[p*STAGE*ACC_BITS +: STAGE*ACC_BITS] =
              slot_here ? hold : slot_data_i[p*STAGE*ACC_BITS +: STAGE*ACC_BITS];
        end else begin : g_other
          assign slot_data[p*STAGE*ACC_BITS +: STAGE*ACC_BITS] = slot_data_i[p*STAGE*ACC_BITS +: STAGE*ACC_BITS];
        end
      end
    end
  endgenerate
  reg                   slot_valid_q;
  reg [UNIT_BITS-1:0]   slot_unit_q;
  reg [SUB_BITS-1:0]    slot_sub_q;
  reg [PW*ACC_BITS-1:0] slot_data_q;
  always @(posedge clk) begin
    slot_valid_q <= slot_valid_i;
    if (slot_valid_i) begin
      slot_unit_q <= slot_unit_i;
      slot_sub_q <= slot_sub_i;
      slot_data_q <= slot_data;
    end
  end
  assign slot_valid_o = slot_valid_q;
  assign slot_unit_o = slot_unit_q;
  assign slot_sub_o = slot_sub_q;
  assign slot_data_o = slot_data_q;
  wire unused = &{1'b0, slot_sub_i};
endmodule
`default_nettype wire
