// The weight mover: streams a FILL record's ring words from DRAM into the ring beside the columns, one column word a cycle.
// In DRAM a ring word is its column words one after the other, each in whole 32-bit pieces. Beats come as they fit into
// a buffer of pieces, whose lowest ones are the next column word. What is asked for and not yet written never exceeds the
// ring's room but for the rest of one beat, which the buffer holds: no beat waits for anything but this unit's own pace.
// word_done_o: a whole ring word is on its way to the columns; a step that FEED issues in the next cycle reads it.
// Room that comes back in cycle t enters the columns' chain from t + 5 on at the earliest: FEED's last read of it is over.
`default_nettype none
module systole_fill #(
    parameter LANES = 16,
    parameter WD = 3,
    parameter COLS = 16,
    parameter RING_WORDS = 64,   // a power of two
    parameter RING_BITS = 6,     // $clog2(RING_WORDS)
    parameter DATA_BITS = 128,
    parameter ADDR_BITS = 32,
    parameter BURST = 16,
    parameter OUTSTANDING = 8
) (
    input  wire                 clk,
    input  wire                 rst,          // of this unit
    input  wire                 bus_rst_i,    // of the bus: the machine's rst
    input  wire                 halt_i,
    // record: active_i is up for one that open_o let in
    input  wire                 active_i,
    input  wire [31:0]          address_i,
    input  wire [31:0]          words_i,
    input  wire [ADDR_BITS-1:0] base_i,
    output wire                 open_o,
    output wire                 done_o,
    // FEED gives words back
    input  wire                 release_i,
    input  wire [RING_BITS:0]   release_words_i,
    // into the columns' loading chain
    output wire                 we_o,
    output wire [15:0]          column_o,
    output wire [RING_BITS-1:0] word_o,
    output wire [LANES*WD-1:0]  data_o,
    output wire                 word_done_o,
    output wire                 error_o,
    output wire                 progress_o,
    output wire [1:0]           waiting_o,    // 0 idle, 1 working, 2 waits for room in the ring, 3 for DRAM
    output wire [ADDR_BITS-1:0] m_axi_araddr_o,
    output wire [7:0]           m_axi_arlen_o,
    output wire                 m_axi_arvalid_o,
    input  wire                 m_axi_arready_i,
    input  wire [DATA_BITS-1:0] m_axi_rdata_i,
    input  wire [1:0]           m_axi_rresp_i,
    input  wire                 m_axi_rlast_i,
    input  wire                 m_axi_rvalid_i,
    output wire                 m_axi_rready_o
);
  localparam CP = (LANES * WD + 31) / 32;  // pieces of a column word
  localparam BP = DATA_BITS / 32;          // of a beat
  localparam BP_BITS = $clog2(BP);
  localparam [31:0] WP = COLS * CP;        // of a ring word
  localparam [32:0] BP_LESS_1 = BP - 1;
  localparam MOST = 2 * CP + BP;           // in the buffer
  localparam TAKES = 2 * CP;               // a beat has its place in the buffer behind as many
  localparam FILL_BITS = $clog2(MOST + 1);
  localparam BURST_BITS = $clog2(BURST) + 1;
  // Pieces that may be asked for, and BP - 1 more: divided by BP that is rounded up.
  localparam ALLOW_START = RING_WORDS * WP + BP - 1;
  localparam ALLOW_BITS = $clog2(ALLOW_START + 1);

  // Set-up: cycle 0 of a record multiplies, cycle 1 starts the job.
  reg                 begun_q, started_q;
  reg [31:0]          pieces_q, words_left_q;
  reg [ADDR_BITS-1:0] addr_q;
  wire                start = active_i && begun_q && !started_q;
  wire [32:0]         beats = ({1'b0, pieces_q} + BP_LESS_1) >> BP_BITS;
  wire [31:0]         pad = (32'd0 - pieces_q) & BP_LESS_1[31:0];
  reg  [31:0]         pad_q;  // pieces of the job's last beat that are nobody's

  wire                  request, request_last, busy, valid, ready;
  wire [BURST_BITS-1:0] request_beats;
  wire [DATA_BITS-1:0]  beat;
  reg  [BURST_BITS-1:0] allow_q;
  systole_dram_read #(
      .DATA_BITS(DATA_BITS), .ADDR_BITS(ADDR_BITS), .BURST(BURST), .BURST_BITS(BURST_BITS), .OUTSTANDING(OUTSTANDING)
  ) read (
      .clk(clk), .rst(bus_rst_i), .flush_i(rst), .halt_i(halt_i),
      .start_i(start), .addr_i(addr_q), .beats_i(beats[31:0]), .open_o(open_o),
      .allow_i(allow_q), .request_o(request), .request_beats_o(request_beats), .request_last_o(request_last), .busy_o(busy),
      .valid_o(valid), .data_o(beat), .error_o(error_o), .ready_i(ready),
      .m_axi_araddr_o(m_axi_araddr_o), .m_axi_arlen_o(m_axi_arlen_o), .m_axi_arvalid_o(m_axi_arvalid_o),
      .m_axi_arready_i(m_axi_arready_i), .m_axi_rdata_i(m_axi_rdata_i), .m_axi_rresp_i(m_axi_rresp_i),
      .m_axi_rlast_i(m_axi_rlast_i), .m_axi_rvalid_i(m_axi_rvalid_i), .m_axi_rready_o(m_axi_rready_o)
  );

  // Room, in ring words and in pieces.
  reg                  release_q, release2_q, released_q;
  reg [RING_BITS:0]    release_words_q, release2_words_q, released_words_q;
  reg [ALLOW_BITS-1:0] released_pieces_q, allow_pieces_q;
  reg [RING_BITS:0]    room_q;
  wire [31:0] released_pieces = {{(31-RING_BITS){1'b0}}, release2_words_q} * WP;
  wire [31:0] asked = ({{(32-BURST_BITS){1'b0}}, request_beats} << BP_BITS) - (request_last ? pad_q : 32'd0);
  wire [31:0] allow_beats = {{(32-ALLOW_BITS){1'b0}}, allow_pieces_q} >> BP_BITS;

  // The buffer.
  reg [MOST*32-1:0]    buffer_q;
  reg [FILL_BITS-1:0]  fill_q;
  reg [15:0]           column_q;
  reg [RING_BITS-1:0]  head_q;
  wire column_last = column_q == COLS[15:0] - 16'd1;
  wire some_room = room_q != {(RING_BITS+1){1'b0}};
  wire out = started_q && fill_q >= CP[FILL_BITS-1:0] && some_room;
  wire word_end = out && column_last;
  wire last_word = words_left_q == 32'd1;
  wire done = active_i && started_q && (words_left_q == 32'd0 || (word_end && last_word));
  wire [FILL_BITS-1:0] kept = out ? fill_q - CP[FILL_BITS-1:0] : fill_q;
  wire in = valid && ready;
  wire [MOST*32-1:0] added = buffer_q | (in ? {{(2*CP*32){1'b0}}, beat} << {fill_q, 5'd0} : {MOST*32{1'b0}});
  assign ready = fill_q <= TAKES[FILL_BITS-1:0];

  reg                  we_q, word_done_q;
  reg [15:0]           column_out_q;
  reg [RING_BITS-1:0]  word_q;
  reg [LANES*WD-1:0]   data_q;
  always @(posedge clk) begin
    pieces_q <= words_i * WP;
    addr_q <= base_i + {{(ADDR_BITS-32){1'b0}}, address_i};
    if (start) begin
      words_left_q <= words_i;
      pad_q <= pad;
    end else if (word_end) words_left_q <= words_left_q - 32'd1;
    release_words_q <= release_words_i;
    release2_words_q <= release_words_q;
    released_words_q <= release2_words_q;
    released_pieces_q <= released_pieces[ALLOW_BITS-1:0];
    allow_q <= allow_beats > BURST ? BURST[BURST_BITS-1:0] : allow_beats[BURST_BITS-1:0];
    buffer_q <= (rst || done) ? {MOST*32{1'b0}} : out ? added >> (CP*32) : added;
    if (out) begin
      column_out_q <= column_q;
      word_q <= head_q;
      data_q <= buffer_q[LANES*WD-1:0];
    end
    if (rst) begin
      begun_q <= 1'b0;
      started_q <= 1'b0;
      release_q <= 1'b0;
      release2_q <= 1'b0;
      released_q <= 1'b0;
      allow_pieces_q <= ALLOW_START[ALLOW_BITS-1:0];
      room_q <= RING_WORDS[RING_BITS:0];
      fill_q <= {FILL_BITS{1'b0}};
      column_q <= 16'd0;
      head_q <= {RING_BITS{1'b0}};
      we_q <= 1'b0;
      word_done_q <= 1'b0;
    end else begin
      begun_q <= active_i && !done;
      started_q <= (start || started_q) && !done;
      release_q <= release_i;
      release2_q <= release_q;
      released_q <= release2_q;
      allow_pieces_q <= allow_pieces_q + (released_q ? released_pieces_q : {ALLOW_BITS{1'b0}})
          - (request ? asked[ALLOW_BITS-1:0] : {ALLOW_BITS{1'b0}});
      room_q <= room_q + (released_q ? released_words_q : {(RING_BITS+1){1'b0}}) - {{RING_BITS{1'b0}}, word_end};
      fill_q <= done ? {FILL_BITS{1'b0}} : in ? kept + BP[FILL_BITS-1:0] : kept;
      if (out) column_q <= column_last ? 16'd0 : column_q + 16'd1;
      if (word_end) head_q <= head_q + {{(RING_BITS-1){1'b0}}, 1'b1};
      we_q <= out;
      word_done_q <= word_end;
    end
  end

  assign done_o = done;
  assign we_o = we_q;
  assign column_o = column_out_q;
  assign word_o = word_q;
  assign data_o = data_q;
  assign word_done_o = word_done_q;
  assign progress_o = out || in || request;
  wire unused = &{1'b0, beats, asked, released_pieces};
  assign waiting_o = !active_i ? 2'd0 : (out || in || request) ? 2'd1 : (busy || some_room) ? 2'd3 : 2'd2;
endmodule
`default_nettype wire
