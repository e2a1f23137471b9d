// An AXI4 memory for benches, read only, that checks every rule its master must keep and prints what it breaks.
// Stalls are percentages of the cycles; the bursts of the master come back in order, the first beat `latency` cycles after
// the address. Beat number `error_beat`, counted from 0, answers SLVERR.
`default_nettype none
module dram_slave #(
    parameter DATA_BITS = 128,
    parameter ADDR_BITS = 32,
    parameter BURST = 16,
    parameter OUTSTANDING = 8,
    parameter PIECES = 1024,          // 32 bits each, from address BASE on
    parameter [63:0] BASE = 64'd0
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [ADDR_BITS-1:0] araddr,
    input  wire [7:0]           arlen,
    input  wire                 arvalid,
    output reg                  arready,
    output reg  [DATA_BITS-1:0] rdata,
    output reg  [1:0]           rresp,
    output reg                  rlast,
    output reg                  rvalid,
    input  wire                 rready
);
  localparam BYTES = DATA_BITS / 8;
  localparam DEPTH = 256;
  integer address_stall, data_stall, latency, error_beat, seed, unused;
  reg [31:0] memory [0:PIECES-1];
  reg [8*512-1:0] path;
  reg [63:0] from [0:DEPTH-1];
  integer beats [0:DEPTH-1];
  integer due [0:DEPTH-1];
  integer first, last, beat, given, now, i, index;
  reg held;
  reg [ADDR_BITS+7:0] was;

  initial begin
    unused = $value$plusargs("memory=%s", path);
    $readmemh(path, memory);
    unused = $value$plusargs("address_stall=%d", address_stall);
    unused = $value$plusargs("data_stall=%d", data_stall);
    unused = $value$plusargs("latency=%d", latency);
    unused = $value$plusargs("error_beat=%d", error_beat);
    unused = $value$plusargs("slave_seed=%d", seed);
    first = 0;
    last = 0;
    beat = 0;
    given = 0;
    now = 0;
    held = 0;
    arready = 0;
    rvalid = 0;
  end

  task refuse(input [8*40-1:0] rule);
    $display("BROKEN %0s in cycle %0d", rule, now);
  endtask

  always @(posedge clk) begin
    now <= now + 1;
    if (rst) begin
      if (now > 0 && arvalid) refuse("an address in reset");
    end else begin
      if (held && !(arvalid && was == {araddr, arlen})) refuse("an address changed");
      held <= arvalid && !arready;
      was <= {araddr, arlen};
      if (arvalid && arready) begin
        if (araddr % BYTES != 0) refuse("an address within a beat");
        if (arlen + 1 > BURST) refuse("a burst too long");
        if ((araddr % 4096) + (arlen + 1) * BYTES > 4096) refuse("a burst over 4 KiB");
        if (last - first == OUTSTANDING) refuse("too many bursts under way");
        from[last % DEPTH] = {{(64-ADDR_BITS){1'b0}}, araddr};
        beats[last % DEPTH] = arlen + 1;
        due[last % DEPTH] = now + latency;
        last = last + 1;
        $display("BURST %0d %0d", araddr - BASE, arlen + 1);
      end
      if (rvalid && rready) begin
        rvalid <= 0;
        beat = beat + 1;
        if (beat == beats[first % DEPTH]) begin
          beat = 0;
          first = first + 1;
        end
      end
      arready <= ($random(seed) & 32'h7fffffff) % 100 >= address_stall;
      if ((!rvalid || rready) && first != last && due[first % DEPTH] <= now + 1
          && ($random(seed) & 32'h7fffffff) % 100 >= data_stall) begin
        rvalid <= 1;
        rresp <= given == error_beat ? 2'b10 : 2'b00;
        rlast <= beat + 1 == beats[first % DEPTH];
        given = given + 1;
        index = (from[first % DEPTH] - BASE + beat * BYTES) / 4;
        for (i = 0; i < DATA_BITS / 32; i = i + 1) rdata[i*32 +: 32] <= index + i < PIECES ? memory[index + i] : 32'hdeadbeef;
      end
    end
    if (rst) begin
      arready <= 0;
      rvalid <= 0;
    end
  end
endmodule
`default_nettype wire
