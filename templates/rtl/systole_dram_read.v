// AXI4 read master of one mover: cuts a job of whole beats into INCR bursts, and hands its data on in order.
// Bursts end at multiples of BURST beats, BURST * DATA_BITS/8 being at most 4096, so that none crosses a 4 KiB boundary.
// A burst is asked for only as far as allow_i says, so that its user takes every beat of it without waiting for others.
// One burst in three cycles: bounded (job, boundary), allowed (allow_i), asked for (arvalid from the next cycle on).
// flush_i drops the job; what is under way is read and thrown away, and no job begins (open_o) before that.
`default_nettype none
module systole_dram_read #(
    parameter DATA_BITS = 128,   // of the bus: 32, 64, 128, 256, 512
    parameter ADDR_BITS = 32,    // of an address, 32..64
    parameter BURST = 16,        // most beats of a burst, a power of two; with DATA_BITS at most 4096 bytes
    parameter BURST_BITS = 5,    // $clog2(BURST) + 1
    parameter OUTSTANDING = 8    // most bursts under way
) (
    input  wire                   clk,
    input  wire                   rst,      // of the bus too: nothing is under way
    input  wire                   flush_i,
    input  wire                   halt_i,   // ask for nothing more
    // a job, while open_o and none is left
    input  wire                   start_i,
    input  wire [ADDR_BITS-1:0]   addr_i,   // in bytes, of a whole beat
    input  wire [31:0]            beats_i,
    output wire                   open_o,
    // beats that may be asked for, at most BURST; request_o takes some of them, and shows two cycles later
    input  wire [BURST_BITS-1:0]  allow_i,
    output wire                   request_o,
    output wire [BURST_BITS-1:0]  request_beats_o,
    output wire                   request_last_o,  // of the job
    output wire                   busy_o,          // bursts are under way
    // data
    output wire                   valid_o,
    output wire [DATA_BITS-1:0]   data_o,
    output wire                   error_o,         // pulse
    input  wire                   ready_i,
    // AXI4
    output wire [ADDR_BITS-1:0]   m_axi_araddr_o,
    output wire [7:0]             m_axi_arlen_o,
    output wire                   m_axi_arvalid_o,
    input  wire                   m_axi_arready_i,
    input  wire [DATA_BITS-1:0]   m_axi_rdata_i,
    input  wire [1:0]             m_axi_rresp_i,
    input  wire                   m_axi_rlast_i,
    input  wire                   m_axi_rvalid_i,
    output wire                   m_axi_rready_o
);
  localparam BEAT_BITS = $clog2(DATA_BITS / 8);
  localparam WORD_BITS = ADDR_BITS - BEAT_BITS;  // of a beat's number
  localparam COUNT_BITS = $clog2(OUTSTANDING) + 1;
  localparam [BURST_BITS-1:0] BLOCK = BURST[BURST_BITS-1:0];
  localparam [1:0] BOUND = 2'd0, ALLOW = 2'd1, ASK = 2'd2;

  reg [1:0]            phase_q;
  reg [WORD_BITS-1:0]  word_q;
  reg [31:0]           left_q;
  reg [BURST_BITS-1:0] bound_q, size_q;
  reg                  rest_q, last_q;  // the bound is all that is left of the job; so is the size
  reg                  arvalid_q, drain_q;
  reg [WORD_BITS-1:0]  araddr_q;
  reg [7:0]            arlen_q;
  reg [COUNT_BITS-1:0] under_way_q;

  wire some_left = left_q != 32'd0;
  wire [BURST_BITS-1:0] left = left_q < BURST ? left_q[BURST_BITS-1:0] : BLOCK;
  wire [BURST_BITS-1:0] to_boundary;
  generate
    if (BURST > 1) begin : g_boundary
      assign to_boundary = BLOCK - {1'b0, word_q[BURST_BITS-2:0]};
    end else begin : g_single
      assign to_boundary = BLOCK;
    end
  endgenerate
  wire full = under_way_q == OUTSTANDING[COUNT_BITS-1:0];
  wire ask = phase_q == ASK && !full && (!arvalid_q || m_axi_arready_i) && !halt_i && !flush_i;
  wire [31:0] size = {{(32-BURST_BITS){1'b0}}, size_q};
  wire taken = m_axi_rvalid_i && m_axi_rready_o;

  always @(posedge clk) begin
    if (start_i) begin
      word_q <= addr_i[ADDR_BITS-1:BEAT_BITS];
      left_q <= beats_i;
    end else if (ask) begin
      word_q <= word_q + {{(WORD_BITS-BURST_BITS){1'b0}}, size_q};
      left_q <= left_q - size;
    end
    bound_q <= left < to_boundary ? left : to_boundary;
    rest_q <= left_q <= {{(32-BURST_BITS){1'b0}}, to_boundary};
    if (phase_q == ALLOW) begin
      size_q <= bound_q < allow_i ? bound_q : allow_i;
      last_q <= rest_q && bound_q <= allow_i;
    end
    if (ask) begin
      araddr_q <= word_q;
      arlen_q <= size[7:0] - 8'd1;
    end
    if (flush_i || rst) begin
      left_q <= 32'd0;
      phase_q <= BOUND;
    end else begin
      case (phase_q)
        BOUND: if (some_left) phase_q <= ALLOW;
        ALLOW: if (allow_i != {BURST_BITS{1'b0}}) phase_q <= ASK;
        default: if (ask) phase_q <= BOUND;
      endcase
    end
    if (rst) begin
      arvalid_q <= 1'b0;
      under_way_q <= {COUNT_BITS{1'b0}};
      drain_q <= 1'b0;
    end else begin
      arvalid_q <= ask || (arvalid_q && !m_axi_arready_i);
      under_way_q <= under_way_q + {{(COUNT_BITS-1){1'b0}}, ask} - {{(COUNT_BITS-1){1'b0}}, taken && m_axi_rlast_i};
      drain_q <= (flush_i || drain_q) && under_way_q != {COUNT_BITS{1'b0}};
    end
  end

  assign open_o = !drain_q;
  assign request_o = ask;
  assign request_beats_o = size_q;
  assign request_last_o = last_q;
  assign busy_o = under_way_q != {COUNT_BITS{1'b0}};
  assign valid_o = m_axi_rvalid_i && !drain_q && !flush_i;
  assign data_o = m_axi_rdata_i;
  assign error_o = valid_o && ready_i && m_axi_rresp_i[1];
  assign m_axi_araddr_o = {araddr_q, {BEAT_BITS{1'b0}}};
  assign m_axi_arlen_o = arlen_q;
  assign m_axi_arvalid_o = arvalid_q;
  assign m_axi_rready_o = ready_i || drain_q || flush_i;
  wire unused = &{1'b0, addr_i, m_axi_rresp_i};
endmodule
`default_nettype wire
