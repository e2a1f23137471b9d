// Systole accelerator "test": 1 rows x 4 columns x 4 lanes,
// digits of 8 bit (activations) and 3 bit (weights). Printed from the machine description;
// every other module is the same bytes for every machine.
//
// Latency and handshake: those of systole_core. One clock; rst is synchronous and active high.
`default_nettype none

module systole_top (
    input  wire        clk,
    input  wire        rst,
    // AXI4-Lite: the registers of systole_registers.vh
    input  wire [ 7:0] s_axi_awaddr,
    input  wire        s_axi_awvalid,
    output wire        s_axi_awready,
    input  wire [31:0] s_axi_wdata,
    input  wire [ 3:0] s_axi_wstrb,
    input  wire        s_axi_wvalid,
    output wire        s_axi_wready,
    output wire [ 1:0] s_axi_bresp,
    output wire        s_axi_bvalid,
    input  wire        s_axi_bready,
    input  wire [ 7:0] s_axi_araddr,
    input  wire        s_axi_arvalid,
    output wire        s_axi_arready,
    output wire [31:0] s_axi_rdata,
    output wire [ 1:0] s_axi_rresp,
    output wire        s_axi_rvalid,
    input  wire        s_axi_rready,
    // AXI4-Stream: input frames, one code a byte, NHWC
    input  wire [31:0] s_axis_tdata,
    input  wire        s_axis_tvalid,
    output wire        s_axis_tready,
    input  wire        s_axis_tlast,
    // AXI4-Stream: output frames
    output wire [31:0] m_axis_tdata,
    output wire [3:0] m_axis_tkeep,
    output wire        m_axis_tvalid,
    input  wire        m_axis_tready,
    output wire        m_axis_tlast,
    output wire        irq_o
);
  // This machine has no DRAM: the core's AXI4 master is idle.
  wire [31:0] m_axi_araddr;
  wire [ 7:0] m_axi_arlen;
  wire [ 2:0] m_axi_arsize;
  wire [ 1:0] m_axi_arburst;
  wire        m_axi_arvalid, m_axi_rready;
  wire        m_axi_arready = 1'b0, m_axi_rlast = 1'b0, m_axi_rvalid = 1'b0;
  wire [31:0] m_axi_rdata = 32'd0;
  wire [ 1:0] m_axi_rresp = 2'd0;
  wire        unused = &{1'b0, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_arvalid, m_axi_rready};
  systole_core #(
      .ROWS(1),
      .COLS(4),
      .LANES(4),
      .AD(8),
      .WD(3),
      .STAGE(2),
      .PW(2),
      .ACC_BITS(28),
      .M_BITS(34),
      .B_BITS(64),
      .N_BITS(6),
      .GROUPS(3),
      .ACT_WORDS(16384),
      .WEIGHT_WORDS(16384),
      .PARAM_WORDS(1024),
      .TABLE_ENTRIES(0),
      .PROG_WORDS(4096),
      .FETCH_WORDS(1),
      .PASS_ENTRIES(2048),
      .FIFO_ENTRIES(64),
      .IN_BYTES(4),
      .OUT_BYTES(4),
      .COUNTERS(16),
      .FOLD_ENTRIES(0),
      .CONTEXTS(0),
      .RING_WORDS(0),
      .DRAM_BITS(0),
      .DRAM_ADDR_BITS(32),
      .DRAM_BURST(1),
      .DRAM_OUTSTANDING(1),
      .DW_TAPS(0),
      .DW_PW(0),
      .DW_WEIGHT_WORDS(2),
      .DW_PARAM_WORDS(2),
      .IDENTITY(64'h0a58bcbf508225a0)
  ) core (
      .clk(clk),
      .rst(rst),
      .s_axi_awaddr(s_axi_awaddr),
      .s_axi_awvalid(s_axi_awvalid),
      .s_axi_awready(s_axi_awready),
      .s_axi_wdata(s_axi_wdata),
      .s_axi_wstrb(s_axi_wstrb),
      .s_axi_wvalid(s_axi_wvalid),
      .s_axi_wready(s_axi_wready),
      .s_axi_bresp(s_axi_bresp),
      .s_axi_bvalid(s_axi_bvalid),
      .s_axi_bready(s_axi_bready),
      .s_axi_araddr(s_axi_araddr),
      .s_axi_arvalid(s_axi_arvalid),
      .s_axi_arready(s_axi_arready),
      .s_axi_rdata(s_axi_rdata),
      .s_axi_rresp(s_axi_rresp),
      .s_axi_rvalid(s_axi_rvalid),
      .s_axi_rready(s_axi_rready),
      .s_axis_tdata(s_axis_tdata),
      .s_axis_tvalid(s_axis_tvalid),
      .s_axis_tready(s_axis_tready),
      .s_axis_tlast(s_axis_tlast),
      .m_axis_tdata(m_axis_tdata),
      .m_axis_tkeep(m_axis_tkeep),
      .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready),
      .m_axis_tlast(m_axis_tlast),
      .m_axi_araddr(m_axi_araddr),
      .m_axi_arlen(m_axi_arlen),
      .m_axi_arsize(m_axi_arsize),
      .m_axi_arburst(m_axi_arburst),
      .m_axi_arvalid(m_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(m_axi_rready),
      .irq_o(irq_o)
  );
endmodule
`default_nettype wire
