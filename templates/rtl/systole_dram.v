// The units between DRAM and the machine: the weight mover with its FILL records. A frame's record becomes active when the
// frame's first beat is in: a frame never finds weights of its own in the ring, and one that waits in the machine behind
// another fills the ring as it gets empty.
`default_nettype none
`include "systole_records.vh"
module systole_dram #(
    parameter FETCH_WORDS = 1,
    parameter LANES = 16,
    parameter WD = 3,
    parameter COLS = 16,
    parameter RING_WORDS = 64,
    parameter RING_BITS = 6,
    parameter DATA_BITS = 128,
    parameter ADDR_BITS = 32,
    parameter BURST = 16,
    parameter OUTSTANDING = 8
) (
    input  wire                 clk,
    input  wire                 rst,          // of the units
    input  wire                 bus_rst_i,    // of the bus: the machine's rst
    input  wire                 halt_i,
    input  wire [63:0]          base_i,
    // FILL records from fetch
    input  wire                 word_valid_i,
    input  wire [7:0]           word_index_i,
    input  wire                 word_last_i,
    input  wire [FETCH_WORDS*32-1:0] word_i,
    output wire                 full_o,
    input  wire                 first_beat_i,  // a frame begins
    // the ring
    input  wire                 release_i,
    input  wire [RING_BITS:0]   release_words_i,
    output wire                 we_o,
    output wire [15:0]          column_o,
    output wire [RING_BITS-1:0] ring_word_o,
    output wire [LANES*WD-1:0]  data_o,
    output wire                 word_done_o,
    output wire                 error_o,
    output wire                 progress_o,
    output wire [31:0]          movers_o,     // register MOVERS
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
  wire [`SYSTOLE_FILL_FIELDS*32-1:0] shadow, fields;
  wire       full, move, active, done, open;
  wire [1:0] waiting;
  reg  [1:0] begun_q;  // frames that have begun without their FILL; those of a program that has none stay at 2
  systole_record #(.FETCH_WORDS(FETCH_WORDS), .FIELDS(`SYSTOLE_FILL_FIELDS)) record (
      .clk(clk), .rst(rst), .word_valid_i(word_valid_i), .word_index_i(word_index_i), .word_last_i(word_last_i),
      .word_i(word_i), .hold_i(begun_q == 2'd0 || !open), .done_i(done), .full_o(full), .move_o(move), .shadow_o(shadow),
      .active_valid_o(active), .active_o(fields)
  );
  always @(posedge clk) begin
    if (rst) begun_q <= 2'd0;
    else if (first_beat_i && !move && begun_q != 2'd2) begun_q <= begun_q + 2'd1;
    else if (move && !first_beat_i) begun_q <= begun_q - 2'd1;
  end

  systole_fill #(
      .LANES(LANES), .WD(WD), .COLS(COLS), .RING_WORDS(RING_WORDS), .RING_BITS(RING_BITS), .DATA_BITS(DATA_BITS),
      .ADDR_BITS(ADDR_BITS), .BURST(BURST), .OUTSTANDING(OUTSTANDING)
  ) fill (
      .clk(clk), .rst(rst), .bus_rst_i(bus_rst_i), .halt_i(halt_i), .active_i(active),
      .address_i(fields[`SYSTOLE_FILL_ADDRESS*32 +: 32]), .words_i(fields[`SYSTOLE_FILL_WORDS*32 +: 32]),
      .base_i(base_i[ADDR_BITS-1:0]), .open_o(open), .done_o(done),
      .release_i(release_i), .release_words_i(release_words_i),
      .we_o(we_o), .column_o(column_o), .word_o(ring_word_o), .data_o(data_o), .word_done_o(word_done_o),
      .error_o(error_o), .progress_o(progress_o), .waiting_o(waiting),
      .m_axi_araddr_o(m_axi_araddr_o), .m_axi_arlen_o(m_axi_arlen_o), .m_axi_arvalid_o(m_axi_arvalid_o),
      .m_axi_arready_i(m_axi_arready_i), .m_axi_rdata_i(m_axi_rdata_i), .m_axi_rresp_i(m_axi_rresp_i),
      .m_axi_rlast_i(m_axi_rlast_i), .m_axi_rvalid_i(m_axi_rvalid_i), .m_axi_rready_o(m_axi_rready_o)
  );
  assign full_o = full;
  assign movers_o = {30'd0, waiting};
  wire unused = &{1'b0, shadow, base_i};
endmodule
`default_nettype wire
