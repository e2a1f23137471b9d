// LOAD's gearbox: beats of the input stream go in, any run of up to LANES cells comes out. A cell is a code of 1, 2, 4 or
// 8 bits, or one byte of a code of 16. Cell s of an input lies in bank s % LANES, word s / LANES % 4: a run reads word q or
// q+1 of each bank, as in the activation memory, and stays rotated (cell s in bank s % LANES); systole_align turns it.
//
// Latency: cells of a beat taken in cycle t are in the level, and can be read, from t+1 on. A beat of more than LANES cells
// goes in LANES cells a cycle; ready_o is 0 meanwhile.
// Handshake: beat_i only with ready_o, pop_i only with pop_cells_i <= level_o. code_bits_i is stable outside clear_i.
// No overflow: LANES cells at most go in at once, and only where 3*LANES or fewer are held.
`default_nettype none
module systole_load_cells #(
    parameter LANES = 16,     // a power of two, 2..128
    parameter LANE_BITS = 4,  // $clog2(LANES)
    parameter IN_BYTES = 8    // bytes per beat: a power of two, 1..64
) (
    input  wire                  clk,
    input  wire                  clear_i,      // nothing is held from the next cycle on
    input  wire [4:0]            code_bits_i,  // 1, 2, 4, 8 or 16
    input  wire                  beat_i,
    input  wire [8*IN_BYTES-1:0] data_i,
    output wire                  ready_o,
    input  wire                  pop_i,
    input  wire [LANE_BITS:0]    pop_cells_i,  // 1..LANES
    output wire [LANE_BITS+2:0]  level_o,      // cells held
    output wire [LANE_BITS-1:0]  first_o,      // bank of the first cell
    output wire [8*LANES-1:0]    cells_o       // bank b at bits 8*b; of the first LANES cells held
);
  localparam BITS = 8 * IN_BYTES;
  // Cells that go in at once, for cells of 1, 2, 4 and 8 bits.
  localparam N1 = (BITS < LANES) ? BITS : LANES;
  localparam N2 = (BITS / 2 < LANES) ? BITS / 2 : LANES;
  localparam N4 = (BITS / 4 < LANES) ? BITS / 4 : LANES;
  localparam N8 = (BITS / 8 < LANES) ? BITS / 8 : LANES;
  // And how often, for one beat.
  localparam TIMES = BITS / N1;
  localparam TIMES_BITS = (TIMES > 1) ? $clog2(TIMES) : 1;

  wire [2:0] bits = code_bits_i[2:0];
  wire [LANE_BITS+2:0] fill_cells = bits[0] ? N1[LANE_BITS+2:0] : bits[1] ? N2[LANE_BITS+2:0]
                                  : bits[2] ? N4[LANE_BITS+2:0] : N8[LANE_BITS+2:0];
  reg [LANE_BITS+2:0] level_q;
  reg [LANE_BITS+1:0] head_q, tail_q;  // number of the next cell in, and of the next one out
  wire room = ~level_q[LANE_BITS+2] & ~(&level_q[LANE_BITS+1:LANE_BITS] & |level_q[LANE_BITS-1:0]);

  // The rest of a beat of more than LANES cells.
  wire            more;
  wire [BITS-1:0] source;
  wire            fill = more ? room : beat_i;
  generate
    if (TIMES > 1) begin : g_rest
      localparam M1 = BITS / N1 - 1, M2 = BITS / 2 / N2 - 1, M4 = BITS / 4 / N4 - 1, M8 = BITS / 8 / N8 - 1;
      reg [TIMES_BITS-1:0] more_q;
      reg [BITS-1:0]       rest_q;
      assign more = more_q != {TIMES_BITS{1'b0}};
      assign source = more ? rest_q : data_i;
      always @(posedge clk) begin
        if (clear_i) more_q <= {TIMES_BITS{1'b0}};
        else if (more) more_q <= more_q - {{(TIMES_BITS-1){1'b0}}, room};
        else if (beat_i) more_q <= bits[0] ? M1[TIMES_BITS-1:0] : bits[1] ? M2[TIMES_BITS-1:0]
                                 : bits[2] ? M4[TIMES_BITS-1:0] : M8[TIMES_BITS-1:0];
        if (fill) rest_q <= bits[0] ? source >> LANES : bits[1] ? source >> 2*LANES
                          : bits[2] ? source >> 4*LANES : source >> 8*LANES;
      end
    end else begin : g_whole
      assign more = 1'b0;
      assign source = data_i;
    end
  endgenerate
  // Both levels stand side by side: the pop comes late.
  wire [LANE_BITS+2:0] filled = fill_cells & {(LANE_BITS+3){fill}};
  wire [LANE_BITS+2:0] less = level_q - {2'b00, pop_cells_i};
  wire [LANE_BITS+2:0] kept = level_q + filled;
  wire [LANE_BITS+2:0] popped = less + filled;
  always @(posedge clk) begin
    if (clear_i) begin
      level_q <= {(LANE_BITS+3){1'b0}};
      head_q  <= {(LANE_BITS+2){1'b0}};
      tail_q  <= {(LANE_BITS+2){1'b0}};
    end else begin
      level_q <= (popped & {(LANE_BITS+3){pop_i}}) | (kept & {(LANE_BITS+3){~pop_i}});
      if (fill) head_q <= head_q + fill_cells[LANE_BITS+1:0];
      if (pop_i) tail_q <= tail_q + {1'b0, pop_cells_i};
    end
  end
  assign ready_o = room & ~more;
  assign level_o = level_q;
  assign first_o = tail_q[LANE_BITS-1:0];

  // Banks. Cells go in at a multiple of their number, so that a bank's own cell of `source` is the same for every beat.
  wire [LANE_BITS-1:0] first_bank = head_q[LANE_BITS-1:0];
  localparam [LANE_BITS-1:0] ONE = 1;
  wire [LANE_BITS-1:0] start_mask = ~(fill_cells[LANE_BITS-1:0] - ONE);
  wire [1:0]           word = tail_q[LANE_BITS+1:LANE_BITS];
  wire [1:0]           next_word = word + 2'd1;
  genvar b;
  generate
    for (b = 0; b < LANES; b = b + 1) begin : g_bank
      localparam [LANE_BITS-1:0] B = b;
      reg  [7:0] cells [0:3];
      wire       here = fill & (first_bank == (B & start_mask));
      wire [7:0] cell_in = bits[0] ? {7'd0, source[b%N1]} : bits[1] ? {6'd0, source[b%N2*2+:2]}
                         : bits[2] ? {4'd0, source[b%N4*4+:4]} : source[b%N8*8+:8];
      wire [1:0] here_word = {1'b0, first_o} > {1'b0, B} ? next_word : word;
      always @(posedge clk) if (here) cells[head_q[LANE_BITS+1:LANE_BITS]] <= cell_in;
      assign cells_o[8*b+:8] = cells[here_word];
    end
  endgenerate
  wire unused = &{1'b0, code_bits_i};
endmodule
`default_nettype wire
