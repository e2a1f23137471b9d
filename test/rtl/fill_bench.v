// Fills a ring from dram_slave and prints every column word; words that are whole are given back after random pauses.
// A reset of the unit alone, in the middle, begins everything anew. +jobs: address and words, one job after the other.
`default_nettype none
module fill_bench #(
    parameter LANES = 16,
    parameter WD = 3,
    parameter COLS = 4,
    parameter RING_WORDS = 8,
    parameter RING_BITS = 3,
    parameter DATA_BITS = 128,
    parameter ADDR_BITS = 32,
    parameter BURST = 16,
    parameter OUTSTANDING = 4,
    parameter PIECES = 1024,
    parameter JOBS = 1
);
  localparam [63:0] BASE = 64'h0000_0000_1000_0000;
  reg clk = 0;
  reg bus_rst = 1;
  reg rst = 1;
  reg [31:0] jobs [0:2*JOBS-1];
  reg [8*512-1:0] path;
  integer job, flush_at, whole, now, seed, most, unused, back, halt;
  reg active;
  reg give;
  reg [RING_BITS:0] give_words;
  wire open, done, we, word_done, error, progress;
  wire [15:0] column;
  wire [RING_BITS-1:0] word;
  wire [LANES*WD-1:0] data;
  wire [1:0] waiting;
  wire [ADDR_BITS-1:0] araddr;
  wire [7:0] arlen;
  wire arvalid, arready, rlast, rvalid, rready;
  wire [DATA_BITS-1:0] rdata;
  wire [1:0] rresp;

  systole_fill #(
      .LANES(LANES), .WD(WD), .COLS(COLS), .RING_WORDS(RING_WORDS), .RING_BITS(RING_BITS), .DATA_BITS(DATA_BITS),
      .ADDR_BITS(ADDR_BITS), .BURST(BURST), .OUTSTANDING(OUTSTANDING)
  ) dut (
      .clk(clk), .rst(rst), .bus_rst_i(bus_rst), .halt_i(halt != 0), .active_i(active),
      .address_i(jobs[2*job]), .words_i(jobs[2*job+1]), .base_i(BASE[ADDR_BITS-1:0]), .open_o(open), .done_o(done),
      .release_i(give), .release_words_i(give_words),
      .we_o(we), .column_o(column), .word_o(word), .data_o(data), .word_done_o(word_done), .error_o(error),
      .progress_o(progress), .waiting_o(waiting),
      .m_axi_araddr_o(araddr), .m_axi_arlen_o(arlen), .m_axi_arvalid_o(arvalid), .m_axi_arready_i(arready),
      .m_axi_rdata_i(rdata), .m_axi_rresp_i(rresp), .m_axi_rlast_i(rlast), .m_axi_rvalid_i(rvalid), .m_axi_rready_o(rready)
  );
  dram_slave #(
      .DATA_BITS(DATA_BITS), .ADDR_BITS(ADDR_BITS), .BURST(BURST), .OUTSTANDING(OUTSTANDING), .PIECES(PIECES), .BASE(BASE)
  ) slave (
      .clk(clk), .rst(bus_rst), .araddr(araddr), .arlen(arlen), .arvalid(arvalid), .arready(arready),
      .rdata(rdata), .rresp(rresp), .rlast(rlast), .rvalid(rvalid), .rready(rready)
  );
  always #1 clk = ~clk;

  initial begin
    unused = $value$plusargs("jobs=%s", path);
    $readmemh(path, jobs);
    unused = $value$plusargs("flush_at=%d", flush_at);
    unused = $value$plusargs("seed=%d", seed);
    unused = $value$plusargs("most=%d", most);
    job = 0;
    whole = 0;
    now = 0;
    halt = 0;
    active = 0;
    give = 0;
    give_words = 0;
  end

  always @(posedge clk) begin
    now <= now + 1;
    bus_rst <= now < 3;
    rst <= now < 6 || (now >= flush_at && now < flush_at + 20);
    if (error) begin
      $display("ERROR");
      halt <= 1;
    end
    if (we) $display("WRITE %0d %0d %h", word, column, data);
    if (rst) begin
      if (now == flush_at + 2) $display("FLUSH");
      active <= 0;
      job <= 0;
      whole = 0;
      give <= 0;
    end else begin
      if (word_done) begin
        whole = whole + 1;
        $display("WHOLE %0d", now);
      end
      // What is given back in a pulse: some of the words that are whole, or `most` words where that many are needed at once.
      give <= 0;
      if (whole >= most && ($random(seed) & 32'h7fffffff) % 4 == 0) begin
        back = 1 + ($random(seed) & 32'h7fffffff) % whole;
        if (back < most) back = most;
        give <= 1;
        give_words <= back;
        whole = whole - back;
        $display("BACK %0d %0d", back, now + 1);
      end
      if (!active && open && job < JOBS && halt == 0) begin
        active <= 1;
        $display("ACTIVE %0d", now + 1);
      end
      if (active && done) begin
        active <= 0;
        job <= job + 1;
        if (job + 1 == JOBS) $display("DONE");
      end
    end
    if (now == 200000 || (job == JOBS && !we && !word_done && now > flush_at + 40)) $finish;
    if (halt != 0 && now % 256 == 255) begin
      $display("WAITING %0d", waiting);
      $finish;
    end
  end
endmodule
`default_nettype wire
