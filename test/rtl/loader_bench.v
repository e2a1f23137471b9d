// Feeds systole_loader with the beats of a file and prints every cycle. Stall files hold one bit a cycle.
`default_nettype none
`include "systole_records.vh"
`timescale 1ns / 1ns

module loader_bench #(
    parameter LANES    = 8,
    parameter LANE_BITS = 3,
    parameter AD       = 8,
    parameter IN_BYTES = 4
);
  localparam DEPTH = 16384;
  localparam FIELDS = `SYSTOLE_LOAD_FIELDS;
  localparam RECORDS = 8;

  reg clk, rst, active, halt;
  reg [31:0] fields[0:RECORDS*FIELDS-1];  // of each record
  reg [8*IN_BYTES:0] beats[0:DEPTH-1];  // TLAST above the data
  reg offer_stall[0:DEPTH-1], write_stall[0:DEPTH-1];
  reg [1023:0] name;
  integer beat_count, record_count, cycles, beat, record, cycle, idle, i, unused;

  wire done, loaded, tready, first, w_valid, row_done, short, long, waiting;
  wire w_group;
  wire [19:0] w_addr;
  wire [LANE_BITS:0] w_count;
  wire [LANE_BITS-1:0] w_turn;
  wire waiting_room;
  wire [3:0] room_index;
  reg [15:0] rooms[0:DEPTH-1];  // value of the room counter, cycle by cycle
  wire [LANES*AD-1:0] w_data;
  reg [FIELDS*32-1:0] flat;
  integer f;
  always @(record) for (f = 0; f < FIELDS; f = f + 1) flat[32*f+:32] = fields[record*FIELDS+f];
  reg offering;
  wire tvalid = offering;
  wire w_ready = ~write_stall[cycle];
  wire [8*IN_BYTES:0] now = beats[beat];

  systole_loader #(
      .LANES(LANES), .LANE_BITS(LANE_BITS), .AD(AD), .AW(20), .IN_BYTES(IN_BYTES), .GROUP_BITS(1), .COUNTER_BITS(4)
  ) dut (
      .clk(clk), .rst(rst), .active_i(active), .fields_i(flat), .done_o(done), .loaded_o(loaded),
      .s_axis_tdata_i(now[8*IN_BYTES-1:0]), .s_axis_tvalid_i(tvalid), .s_axis_tlast_i(now[8*IN_BYTES]),
      .s_axis_tready_o(tready), .first_beat_o(first),
      .w_valid_o(w_valid), .w_ready_i(w_ready), .w_group_o(w_group), .w_addr_o(w_addr), .w_count_o(w_count),
      .w_turn_o(w_turn), .w_data_o(w_data), .row_done_o(row_done), .room_index_o(room_index), .room_count_i(rooms[cycle]), .err_short_o(short), .err_long_o(long), .open_i(1'b1), .halt_i(halt),
      .waiting_input_o(waiting), .waiting_room_o(waiting_room)
  );

  initial begin
    unused = $value$plusargs("beat_count=%d", beat_count);
    unused = $value$plusargs("record_count=%d", record_count);
    unused = $value$plusargs("cycles=%d", cycles);
    unused = $value$plusargs("fields=%s", name);
    $readmemh(name, fields);
    unused = $value$plusargs("beats=%s", name);
    $readmemh(name, beats);
    unused = $value$plusargs("offer_stall=%s", name);
    $readmemh(name, offer_stall);
    unused = $value$plusargs("write_stall=%s", name);
    $readmemh(name, write_stall);
    unused = $value$plusargs("rooms=%s", name);
    $readmemh(name, rooms);
    clk = 0;
    rst = 1;
    active = 0;
    halt = 0;
    beat = 0;
    record = 0;
    cycle = 0;
    idle = 0;
    offering = 0;
    #1 clk = 1;
    #1 clk = 0;
    rst = 0;
    active = 1;
    // Until a while after the last record.
    for (i = 0; i < cycles && idle < 40; i = i + 1) begin
      if (!offering && beat < beat_count && !offer_stall[cycle]) offering = 1;
      #1;
      // take write row_done done short long first held loaded addr turn count data
      $display("%b%b%b%b%b%b%b%b%b %0d %0d %0d %b", tready & tvalid, w_valid & w_ready, row_done, done, short, long, first,
               w_valid & ~w_ready, loaded, w_addr, w_turn, w_count, w_data);
      #1 clk = 1;
      // Values from before the edge: the registers change in the same instant but later (non-blocking).
      if (tready & tvalid) begin
        beat <= beat + 1;
        offering <= 0;
      end
      if (done) record <= record + 1;
      if (done && record + 1 == record_count) active <= 0;
      if (short | long) halt <= 1;
      cycle <= cycle + 1;
      idle = record == record_count ? idle + 1 : 0;
      #1 clk = 0;
    end
    $finish;
  end
endmodule
`default_nettype wire
