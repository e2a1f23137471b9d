// STAGE columns of one array row with their hop registers: digits and control go right, weights go down,
// slots pick up hold registers and go right. Everything moves by one stage or one row a cycle; no stall.
// A slot token carries unit (the stage of its channels if STAGE >= PW, else the slot's number) and sub (slot within the stage).
`default_nettype none
module systole_stage #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter WD = 3,
    parameter STAGE = 1,      // columns
    parameter PW = 4,         // channels of a slot; divides or is a multiple of STAGE
    parameter ACC_BITS = 24,
    parameter UNIT_BITS = 5,
    parameter SUB_BITS = 4,
    parameter INDEX = 0       // of this stage in its row
) (
    input  wire                   clk,
    input  wire                   valid_i,
    input  wire                   clear_i,
    input  wire                   last_i,
    input  wire [3:0]             shift_i,
    input  wire [1:0]             mode_i,
    input  wire [LANES*AD-1:0]    digits_i,
    output wire                   valid_o,
    output wire                   clear_o,
    output wire                   last_o,
    output wire [3:0]             shift_o,
    output wire [1:0]             mode_o,
    output wire [LANES*AD-1:0]    digits_o,
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
  reg                  valid_q, clear_q, last_q;
  reg [3:0]            shift_q;
  reg [1:0]            mode_q;
  reg [LANES*AD-1:0]   digits_q;
  reg [STAGE*LANES*WD-1:0] weights_q;
  always @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      clear_q <= clear_i;
      last_q <= last_i;
      shift_q <= shift_i;
      mode_q <= mode_i;
      digits_q <= digits_i;
      weights_q <= weights_i;
    end
  end
  assign valid_o = valid_q;
  assign clear_o = clear_q;
  assign last_o = last_q;
  assign shift_o = shift_q;
  assign mode_o = mode_q;
  assign digits_o = digits_q;
  assign weights_o = weights_q;

  wire [STAGE*ACC_BITS-1:0] hold;
  genvar c;
  generate
    for (c = 0; c < STAGE; c = c + 1) begin : g_column
      systole_pe #(
          .LANES(LANES), .AD(AD), .WD(WD), .ACC_BITS(ACC_BITS)
      ) pe (
          .clk(clk), .valid_i(valid_i), .digits_i(digits_i), .weights_i(weights_i[c*LANES*WD +: LANES*WD]),
          .mode_i(mode_i), .acc_valid_i(valid_q), .acc_clear_i(clear_q), .acc_last_i(last_q), .acc_shift_i(shift_q),
          .hold_o(hold[c*ACC_BITS +: ACC_BITS])
      );
    end
  endgenerate

  // The slot, with this stage's part of it.
  wire [PW*ACC_BITS-1:0] slot_data;
  wire                   slot_here;
  generate
    if (STAGE >= PW) begin : g_wide
      assign slot_here = slot_unit_i == INDEX[UNIT_BITS-1:0];
      if (STAGE == PW) begin : g_one
        assign slot_data = slot_here ? hold : slot_data_i;
      end else begin : g_many
        assign slot_data = slot_here ? hold[slot_sub_i*PW*ACC_BITS +: PW*ACC_BITS] : slot_data_i;
      end
    end else begin : g_narrow
      localparam SHARE = PW / STAGE;
      localparam OWNER = INDEX / SHARE;
      localparam PART = INDEX % SHARE;
      assign slot_here = slot_unit_i == OWNER[UNIT_BITS-1:0];
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
