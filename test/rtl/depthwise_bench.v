// Runs records on systole_depthwise beside a memory of its own and prints every cycle. Stall and count files hold one
// word a cycle; the count is that of every record's input.
`default_nettype none
`include "systole_records.vh"
`timescale 1ns / 1ns

module depthwise_bench #(
    parameter LANES = 4,
    parameter TAPS = 3,
    parameter PW = 2
);
  localparam DEPTH = 16384;
  localparam CODES = 4096;
  localparam FIELDS = `SYSTOLE_DEPTHWISE_FIELDS;
  localparam RECORDS = 4;
  localparam WORDS = 256;
  localparam CH_BITS = 34 + 64 + 6;

  reg clk, rst, active, full, complete;
  reg [31:0] fields[0:RECORDS*FIELDS-1];
  reg [7:0] mem[0:CODES-1];
  reg [(TAPS > 0 ? LANES*TAPS*8 : 1)-1:0] kernels[0:WORDS-1];
  reg [PW*CH_BITS-1:0] scales[0:WORDS-1];
  reg read_stall[0:DEPTH-1], write_stall[0:DEPTH-1], post_moves[0:DEPTH-1];
  reg [15:0] count[0:DEPTH-1];
  reg [1023:0] name;
  integer record_count, cycles, record, cycle, i, unused;

  reg [FIELDS*32-1:0] flat, next;
  integer f;
  always @* for (f = 0; f < FIELDS; f = f + 1) begin
    flat[32*f+:32] = fields[record*FIELDS+f];
    next[32*f+:32] = fields[(active ? record + 1 : record)*FIELDS+f];
  end
  reg weight_we, param_we;
  reg [7:0] load_addr;
  wire done, read_valid, w_valid, row_done, step, empty;
  wire [3:0] in_index, row_counter;
  wire [1:0] read_group, w_group;
  wire [11:0] read_addr, w_addr;
  wire [7:0] w_count;
  wire [LANES*8-1:0] w_data;
  reg [LANES*8-1:0] read_data;
  wire read_ready = !read_stall[cycle];
  wire w_ready = !write_stall[cycle];
  wire move = full && (!active || done);

  systole_depthwise #(
      .LANES(LANES), .TAPS(TAPS), .PW(PW), .AW(12), .LANE_BITS($clog2(LANES)), .GROUP_BITS(2), .INDEX_BITS(4), .ACC_BITS(28),
      .M_BITS(34), .B_BITS(64), .N_BITS(6), .WEIGHT_WORDS(WORDS), .WEIGHT_BITS(8), .PARAM_WORDS(WORDS), .PARAM_BITS(8)
  ) dut (
      .clk(clk), .rst(rst), .complete_i(complete), .move_i(move), .shadow_i(next), .active_i(active), .fields_i(flat),
      .done_o(done), .post_full_i(1'b1), .post_move_i(post_moves[cycle]),
      .weight_we_i(weight_we), .weight_waddr_i(load_addr), .weight_wdata_i(kernels[load_addr]),
      .param_we_i(param_we), .param_waddr_i(load_addr), .param_wdata_i(scales[load_addr]),
      .in_index_o(in_index), .in_count_i(count[cycle]),
      .read_valid_o(read_valid), .read_ready_i(read_ready), .read_group_o(read_group), .read_addr_o(read_addr),
      .read_data_i(read_data),
      .w_valid_o(w_valid), .w_ready_i(w_ready), .w_group_o(w_group), .w_addr_o(w_addr), .w_count_o(w_count), .w_data_o(w_data),
      .row_done_o(row_done), .row_counter_o(row_counter), .step_o(step), .empty_o(empty)
  );

  initial begin
    unused = $value$plusargs("record_count=%d", record_count);
    unused = $value$plusargs("cycles=%d", cycles);
    unused = $value$plusargs("fields=%s", name);
    $readmemh(name, fields);
    unused = $value$plusargs("mem=%s", name);
    $readmemh(name, mem);
    unused = $value$plusargs("kernels=%s", name);
    $readmemh(name, kernels);
    unused = $value$plusargs("scales=%s", name);
    $readmemh(name, scales);
    unused = $value$plusargs("read_stall=%s", name);
    $readmemh(name, read_stall);
    unused = $value$plusargs("write_stall=%s", name);
    $readmemh(name, write_stall);
    unused = $value$plusargs("post_moves=%s", name);
    $readmemh(name, post_moves);
    unused = $value$plusargs("count=%s", name);
    $readmemh(name, count);
    clk = 0;
    rst = 1;
    {active, full, complete} = 3'd0;
    record = 0;
    cycle = 0;
    {weight_we, param_we} = 2'b11;
    for (i = 0; i < WORDS; i = i + 1) begin
      load_addr = i[7:0];
      #1 clk = 1;
      #1 clk = 0;
    end
    {weight_we, param_we} = 2'b00;
    rst = 0;
    complete = 1;
    for (i = 0; i < cycles; i = i + 1) begin
      #1;
      // grant pop row_done done empty counter group addr count data
      $display("%b%b%b%b%b %0d %0d %0d %0d %h", step, w_valid & w_ready, row_done, done, empty, row_counter, w_group, w_addr,
               w_count, w_data);
      #1 clk = 1;
      // Values from before the edge: the registers change in the same instant but later (non-blocking).
      if (read_valid && read_ready) begin
        for (f = 0; f < LANES; f = f + 1) read_data[((read_addr + f) % LANES)*8+:8] <= mem[(read_addr + f) % CODES];
      end
      if (complete) {full, complete} <= 2'b10;
      if (move) begin
        active <= 1;
        record <= active ? record + 1 : record;
        full <= 0;
        complete <= (active ? record + 1 : record) + 1 < record_count;
      end else if (done) active <= 0;
      cycle <= cycle + 1;
      #1 clk = 0;
    end
    $finish;
  end
endmodule
`default_nettype wire
