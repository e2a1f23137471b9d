// AXI4-Lite slave with the registers of src/arch/registers.ts (offsets from systole_registers.vh).
//
// Latency: a write is taken when address and data are both valid and acts in the next cycle (outputs are
// registers); a read answers in the next cycle. One write and one read each cycle when the master is ready.
// Handshake: bvalid/rvalid stay up until ready. A write with a partial strobe, and any access to an address without a
// register (or not of that direction), changes nothing and answers SLVERR.
// Memory pieces are passed on only while CTRL.enable is 0 and the machine is idle; otherwise ERROR.load_busy.
// soft_reset_o is one cycle; in it ERROR, IRQ, FRAMES and the watchdog's count return to 0.
`default_nettype none
`include "systole_registers.vh"

module systole_axil #(
    parameter [63:0] IDENTITY = 64'd0,  // of the machine; read back from IDENTITY_LO and IDENTITY_HI
    parameter DRAM = 0                  // 1: there is an AXI4 master; without it DRAM_BASE stays 0
) (
    input  wire        clk,
    input  wire        rst,
    // AXI4-Lite
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
    // to the machine
    output wire        enable_o,
    output wire        soft_reset_o,   // pulse
    output wire        cfg_start_o,    // pulse: cfg_sel_o, cfg_addr_o name a new start
    output wire [ 2:0] cfg_sel_o,      // which memory
    output wire [31:0] cfg_addr_o,     // word address of the start
    output wire        cfg_we_o,       // pulse: cfg_piece_o is the next 32-bit piece
    output wire [31:0] cfg_piece_o,
    // from the machine
    input  wire        idle_i,         // no frame is in the machine
    input  wire [31:0] waiting_i,      // register WAITING
    input  wire [31:0] movers_i,       // register MOVERS
    input  wire [31:0] cycles_i,       // register CYCLES
    input  wire        frame_done_i,   // pulse
    input  wire        progress_i,     // something moved in this cycle
    input  wire        err_short_i,    // pulse
    input  wire        err_long_i,     // pulse
    input  wire        err_record_i,   // pulse
    input  wire        err_dram_i,     // pulse
    output wire [63:0] dram_base_o,    // a multiple of 4096
    output wire        error_o,        // ERROR is not 0
    output wire        irq_o
);
  localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10;

  // ---- write channel ----
  reg        bvalid_q;
  reg [ 1:0] bresp_q;
  wire       write = s_axi_awvalid & s_axi_wvalid & (~bvalid_q | s_axi_bready);
  wire [7:0] waddr = {s_axi_awaddr[7:2], 2'b00};
  wire       whole = &s_axi_wstrb & ~|s_axi_awaddr[1:0];

  assign s_axi_awready = write;
  assign s_axi_wready  = write;
  assign s_axi_bvalid  = bvalid_q;
  assign s_axi_bresp   = bresp_q;

  wire to_ctrl = whole & (waddr == `SYSTOLE_CTRL);
  wire to_irq = whole & (waddr == `SYSTOLE_IRQ);
  wire to_select = whole & (waddr == `SYSTOLE_MEM_SELECT);
  wire to_addr = whole & (waddr == `SYSTOLE_MEM_ADDR);
  wire to_data = whole & (waddr == `SYSTOLE_MEM_DATA);
  wire to_watchdog = whole & (waddr == `SYSTOLE_WATCHDOG);
  wire to_base_lo = whole & (waddr == `SYSTOLE_DRAM_BASE_LO);
  wire to_base_hi = whole & (waddr == `SYSTOLE_DRAM_BASE_HI);
  wire to_known = to_ctrl | to_irq | to_select | to_addr | to_data | to_watchdog | to_base_lo | to_base_hi;

  always @(posedge clk) begin
    if (rst) begin
      bvalid_q <= 1'b0;
    end else if (write) begin
      bvalid_q <= 1'b1;
    end else if (s_axi_bready) begin
      bvalid_q <= 1'b0;
    end
    if (write) bresp_q <= to_known ? OKAY : SLVERR;
  end

  // ---- control and memory loading ----
  reg enable_q, irq_enable_q, soft_reset_q, cfg_start_q, cfg_we_q, load_busy_q;
  reg [ 2:0] sel_q;
  reg [31:0] addr_q, piece_q, checksum_q, watchdog_q;

  assign enable_o     = enable_q;
  assign soft_reset_o = soft_reset_q;
  assign cfg_start_o  = cfg_start_q;
  assign cfg_sel_o    = sel_q;
  assign cfg_addr_o   = addr_q;
  assign cfg_we_o     = cfg_we_q;
  assign cfg_piece_o  = piece_q;

  wire load_open = ~enable_q & idle_i;

  always @(posedge clk) begin
    if (rst) begin
      enable_q     <= 1'b0;
      irq_enable_q <= 1'b0;
      soft_reset_q <= 1'b0;
      cfg_start_q  <= 1'b0;
      cfg_we_q     <= 1'b0;
      load_busy_q  <= 1'b0;
      sel_q        <= 3'd0;
      addr_q       <= 32'd0;
      checksum_q   <= 32'd0;
      watchdog_q   <= 32'd0;
    end else begin
      soft_reset_q <= write & to_ctrl & s_axi_wdata[`SYSTOLE_CTRL_SOFT_RESET_BIT];
      cfg_start_q  <= write & (to_select | to_addr);
      cfg_we_q     <= write & to_data & load_open;
      load_busy_q  <= write & to_data & ~load_open;
      if (write & to_ctrl) begin
        enable_q     <= s_axi_wdata[`SYSTOLE_CTRL_ENABLE_BIT];
        irq_enable_q <= s_axi_wdata[`SYSTOLE_CTRL_IRQ_ENABLE_BIT];
      end
      if (write & to_select) sel_q <= s_axi_wdata[2:0];
      if (write & to_select) addr_q <= 32'd0;
      else if (write & to_addr) addr_q <= s_axi_wdata;
      if (write & to_select) checksum_q <= 32'd0;
      else if (write & to_data & load_open) checksum_q <= {checksum_q[30:0], checksum_q[31]} ^ s_axi_wdata;
      if (write & to_watchdog) watchdog_q <= s_axi_wdata;
    end
    if (write & to_data) piece_q <= s_axi_wdata;
  end

  generate
    if (DRAM != 0) begin : g_dram
      reg [63:12] base_q;
      always @(posedge clk) begin
        if (rst) base_q <= 52'd0;
        else begin
          if (write & to_base_lo) base_q[31:12] <= s_axi_wdata[31:12];
          if (write & to_base_hi) base_q[63:32] <= s_axi_wdata;
        end
      end
      assign dram_base_o = {base_q, 12'd0};
    end else begin : g_no_dram
      assign dram_base_o = 64'd0;
    end
  endgenerate

  // ---- watchdog, errors, interrupts ----
  reg [31:0] silent_q;
  reg [ 5:0] error_q;
  reg [ 1:0] irq_q;
  reg [31:0] frames_q;

  wire barking = (watchdog_q != 32'd0) & (silent_q >= watchdog_q);
  wire [5:0] error_now;
  assign error_now[`SYSTOLE_ERROR_FRAME_SHORT_BIT] = err_short_i;
  assign error_now[`SYSTOLE_ERROR_FRAME_LONG_BIT]  = err_long_i;
  assign error_now[`SYSTOLE_ERROR_WATCHDOG_BIT]    = barking;
  assign error_now[`SYSTOLE_ERROR_BAD_RECORD_BIT]  = err_record_i;
  assign error_now[`SYSTOLE_ERROR_LOAD_BUSY_BIT]   = load_busy_q;
  assign error_now[`SYSTOLE_ERROR_DRAM_BIT]        = err_dram_i;

  wire [1:0] irq_set;
  assign irq_set[`SYSTOLE_IRQ_DONE_BIT]  = frame_done_i;
  assign irq_set[`SYSTOLE_IRQ_ERROR_BIT] = (error_q == 6'd0) & (error_now != 6'd0);
  wire [1:0] irq_clear = {2{write & to_irq}} & s_axi_wdata[1:0];

  assign error_o = |error_q;
  assign irq_o   = irq_enable_q & |irq_q;

  always @(posedge clk) begin
    if (rst | soft_reset_q) begin
      silent_q <= 32'd0;
      error_q  <= 6'd0;
      irq_q    <= 2'd0;
      frames_q <= 32'd0;
    end else begin
      if (idle_i | progress_i | barking | (watchdog_q == 32'd0)) silent_q <= 32'd0;
      else silent_q <= silent_q + 32'd1;
      error_q <= error_q | error_now;
      irq_q   <= (irq_q & ~irq_clear) | irq_set;
      if (frame_done_i) frames_q <= frames_q + 32'd1;
    end
  end

  // ---- read channel ----
  reg rvalid_q;
  reg [31:0] rdata_q;
  reg [1:0] rresp_q;
  wire read = s_axi_arvalid & s_axi_arready;

  assign s_axi_arready = ~rvalid_q | s_axi_rready;
  assign s_axi_rvalid  = rvalid_q;
  assign s_axi_rdata   = rdata_q;
  assign s_axi_rresp   = rresp_q;

  wire [31:0] ctrl_value = ({31'd0, enable_q} << `SYSTOLE_CTRL_ENABLE_BIT)
                         | ({31'd0, irq_enable_q} << `SYSTOLE_CTRL_IRQ_ENABLE_BIT);
  wire [31:0] status_value = ({31'd0, idle_i} << `SYSTOLE_STATUS_IDLE_BIT)
                           | ({31'd0, error_o} << `SYSTOLE_STATUS_ERROR_BIT);

  always @(posedge clk) begin
    if (rst) rvalid_q <= 1'b0;
    else if (read) rvalid_q <= 1'b1;
    else if (s_axi_rready) rvalid_q <= 1'b0;

    if (read) begin
      rresp_q <= OKAY;
      case (s_axi_araddr)
        `SYSTOLE_MAGIC:       rdata_q <= `SYSTOLE_MAGIC_RESET;
        `SYSTOLE_ABI:         rdata_q <= `SYSTOLE_ABI_RESET;
        `SYSTOLE_IDENTITY_LO: rdata_q <= IDENTITY[31:0];
        `SYSTOLE_IDENTITY_HI: rdata_q <= IDENTITY[63:32];
        `SYSTOLE_CTRL:        rdata_q <= ctrl_value;
        `SYSTOLE_STATUS:      rdata_q <= status_value;
        `SYSTOLE_ERROR:       rdata_q <= {26'd0, error_q};
        `SYSTOLE_IRQ:         rdata_q <= {30'd0, irq_q};
        `SYSTOLE_FRAMES:      rdata_q <= frames_q;
        `SYSTOLE_CYCLES:      rdata_q <= cycles_i;
        `SYSTOLE_MEM_SELECT:  rdata_q <= {29'd0, sel_q};
        `SYSTOLE_MEM_ADDR:    rdata_q <= addr_q;
        `SYSTOLE_CHECKSUM:    rdata_q <= checksum_q;
        `SYSTOLE_WATCHDOG:    rdata_q <= watchdog_q;
        `SYSTOLE_WAITING:     rdata_q <= waiting_i;
        `SYSTOLE_DRAM_BASE_LO: rdata_q <= dram_base_o[31:0];
        `SYSTOLE_DRAM_BASE_HI: rdata_q <= dram_base_o[63:32];
        `SYSTOLE_MOVERS:      rdata_q <= movers_i;
        default: begin
          rdata_q <= 32'd0;
          rresp_q <= SLVERR;
        end
      endcase
    end
  end

`ifdef SYSTOLE_ASSERT
  // An answer that is offered stays as it is until it is taken.
  reg b_held_q, r_held_q;
  reg [ 1:0] b_was_q;
  reg [33:0] r_was_q;
  always @(posedge clk) begin
    b_held_q <= bvalid_q & ~s_axi_bready & ~rst;
    b_was_q  <= bresp_q;
    r_held_q <= rvalid_q & ~s_axi_rready & ~rst;
    r_was_q  <= {rresp_q, rdata_q};
    if (!rst && b_held_q && !(bvalid_q && b_was_q == bresp_q)) begin
      $fdisplay(32'h8000_0002, "systole assertion: s_axi_b changed before it was taken");
      $stop;
    end
    if (!rst && r_held_q && !(rvalid_q && r_was_q == {rresp_q, rdata_q})) begin
      $fdisplay(32'h8000_0002, "systole assertion: s_axi_r changed before it was taken");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
