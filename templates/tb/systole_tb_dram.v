// The DRAM of the test bench, read only: program/dram.bin from address 0 on. A burst's first beat comes LATENCY cycles after its
// address; while there is something to give, EFFICIENCY beats in 100 cycles (host/simulator/protocol.md, DRAM).
`timescale 1ns / 1ps
`default_nettype none
module systole_tb_dram #(
    parameter DATA_BITS = 128,
    parameter ADDR_BITS = 32,
    parameter LATENCY = 100,
    parameter EFFICIENCY = 80,  // percent
    parameter OUTSTANDING = 8,
    parameter BYTES = 1
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 stall_i,    // nothing is taken and nothing new offered
    input  wire [ADDR_BITS-1:0] araddr_i,
    input  wire [7:0]           arlen_i,
    input  wire                 arvalid_i,
    output wire                 arready_o,
    output reg  [DATA_BITS-1:0] rdata_o,
    output reg                  rlast_o,
    output wire                 rvalid_o,
    input  wire                 rready_i
);
  reg [7:0] bytes[0:BYTES-1];
  reg [ADDR_BITS-1:0] address[0:OUTSTANDING-1];
  reg [8:0] beats[0:OUTSTANDING-1];
  integer due[0:OUTSTANDING-1];
  integer first = 0, last = 0, now = 0, credit = 0, file, count, i;
  reg offering = 1'b0;
  initial begin
    file  = $fopen("program/dram.bin", "rb");
    count = $fread(bytes, file);
    $fclose(file);
  end
  wire taken = offering & rready_i;

  assign arready_o = ~stall_i & ~rst;
  assign rvalid_o = offering;

  // Blocking: each step sees what the one before has done. At the end of a cycle the next one's offer is decided.
  always @(posedge clk) begin
    if (rst) begin
      first = 0;
      last = 0;
      offering <= 1'b0;
    end else begin
      if (arvalid_i & arready_o) begin
        address[last%OUTSTANDING] = araddr_i;
        beats[last%OUTSTANDING] = {1'b0, arlen_i} + 9'd1;
        due[last%OUTSTANDING] = now + LATENCY;
        last = last + 1;
      end
      if (taken) begin
        credit = credit - 100;
        address[first%OUTSTANDING] = address[first%OUTSTANDING] + DATA_BITS / 8;
        beats[first%OUTSTANDING] = beats[first%OUTSTANDING] - 9'd1;
        if (beats[first%OUTSTANDING] == 9'd0) first = first + 1;
      end
      if (first == last || due[first%OUTSTANDING] > now + 1) credit = 100 - EFFICIENCY;
      else credit = credit + EFFICIENCY < 199 ? credit + EFFICIENCY : 199;
      if (offering & ~taken) offering <= 1'b1;
      else if (first != last && due[first%OUTSTANDING] <= now + 1 && credit >= 100 && !stall_i) begin
        offering <= 1'b1;
        rlast_o <= beats[first%OUTSTANDING] == 9'd1;
        for (i = 0; i < DATA_BITS / 8; i = i + 1)
          rdata_o[8*i+:8] <= address[first%OUTSTANDING] + i < BYTES ? bytes[address[first%OUTSTANDING]+i] : 8'ha5;
      end else offering <= 1'b0;
    end
    now = now + 1;
  end
endmodule
`default_nettype wire
