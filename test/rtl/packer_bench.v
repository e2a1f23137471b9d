// Offers the chunks of a file to systole_packer and prints every cycle. Stall files hold one bit a cycle.
`default_nettype none
`timescale 1ns / 1ns

module packer_bench #(
    parameter OUT_BYTES = 4,
    parameter CHUNK_BYTES = 4
);
  localparam DEPTH = 4096;

  reg clk, rst, offering;
  reg [8*CHUNK_BYTES+8:0] chunks[0:DEPTH-1];  // end, last, bytes (7 bits), data
  reg offer_stall[0:DEPTH-1], sink_stall[0:DEPTH-1];
  reg [1023:0] name;
  integer chunk_count, cycles, chunk, cycle, i, unused;

  wire e_ready, tvalid, tlast, busy;
  wire [8*OUT_BYTES-1:0] tdata;
  wire [OUT_BYTES-1:0] tkeep;
  wire tready = ~sink_stall[cycle];
  wire [8*CHUNK_BYTES+8:0] now = chunks[chunk];

  systole_packer #(
      .OUT_BYTES(OUT_BYTES), .CHUNK_BYTES(CHUNK_BYTES)
  ) dut (
      .clk(clk), .rst(rst), .e_valid_i(offering), .e_ready_o(e_ready), .e_data_i(now[8*CHUNK_BYTES-1:0]), .e_bytes_i(now[8*CHUNK_BYTES +: 7]),
      .e_end_i(now[8*CHUNK_BYTES+8]), .e_last_i(now[8*CHUNK_BYTES+7]), .m_axis_tdata_o(tdata), .m_axis_tkeep_o(tkeep), .m_axis_tvalid_o(tvalid),
      .m_axis_tready_i(tready), .m_axis_tlast_o(tlast), .busy_o(busy)
  );

  initial begin
    unused = $value$plusargs("chunk_count=%d", chunk_count);
    unused = $value$plusargs("cycles=%d", cycles);
    unused = $value$plusargs("chunks=%s", name);
    $readmemh(name, chunks);
    unused = $value$plusargs("offer_stall=%s", name);
    $readmemh(name, offer_stall);
    unused = $value$plusargs("sink_stall=%s", name);
    $readmemh(name, sink_stall);
    clk = 0;
    rst = 1;
    chunk = 0;
    cycle = 0;
    offering = 0;
    #1 clk = 1;
    #1 clk = 0;
    rst = 0;
    for (i = 0; i < cycles; i = i + 1) begin
      if (!offering && chunk < chunk_count && !offer_stall[cycle]) offering = 1;
      #1;
      // taken valid ready last busy keep data
      $display("%b%b%b%b%b %h %h", offering & e_ready, tvalid, tready, tlast, busy, tkeep, tdata);
      #1 clk = 1;
      if (offering & e_ready) begin
        chunk <= chunk + 1;
        offering <= 0;
      end
      cycle <= cycle + 1;
      #1 clk = 0;
    end
    $finish;
  end
endmodule
`default_nettype wire
