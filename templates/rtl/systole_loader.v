// Takes an input frame from AXI4-Stream and writes its codes to activation memory, as LOAD of docs/machine.md says.
// Its exact cycles are in docs/timing.md, "Loader".
//
// Latency: a beat taken in cycle t can be written in t+2. A beat a cycle with one plane, whatever the rows' length, while
// its codes are LANES or fewer and w_ready_i is up; a write of LANES codes a cycle where they are more.
// Handshake: w_valid_o and its data stay until w_ready_i. Code i of the write is in lane
// (w_addr_o - w_turn_o + i) % LANES. fields_i is stable while active_i. In the cycle of done_o the record ends; with
// active_i up in the next cycle another one starts.
`default_nettype none
`include "systole_records.vh"

module systole_loader #(
    parameter LANES        = 16,  // codes per memory word: a power of two, 2..128
    parameter LANE_BITS    = 4,   // $clog2(LANES)
    parameter AD           = 8,   // bits per stored digit: 1, 2, 4 or 8
    parameter AW           = 12,  // bits of a code index
    parameter IN_BYTES     = 8,   // bytes per beat: a power of two, 1..64
    parameter GROUP_BITS   = 1,   // bits of the group number
    parameter COUNTER_BITS = 4    // bits of the counter number
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  active_i,
    input  wire [`SYSTOLE_LOAD_FIELDS*32-1:0] fields_i,  // RECORD_FIELDS.load, field 0 lowest
    output wire                  done_o,           // the record's last cycle
    output wire                  loaded_o,         // and the frame's
    input  wire [8*IN_BYTES-1:0] s_axis_tdata_i,
    input  wire                  s_axis_tvalid_i,
    input  wire                  s_axis_tlast_i,
    output wire                  s_axis_tready_o,
    output wire                  first_beat_o,     // pulse: a frame's first beat is taken
    output wire                  w_valid_o,
    input  wire                  w_ready_i,
    output wire [GROUP_BITS-1:0] w_group_o,
    output wire [AW-1:0]         w_addr_o,         // code index
    output wire [LANE_BITS:0]    w_count_o,        // codes
    output wire [LANE_BITS-1:0]  w_turn_o,         // lanes that the data have to move up, cyclically
    output wire [LANES*AD-1:0]   w_data_o,
    output wire                  row_done_o,       // pulse: a stored row is complete with this write
    output wire [COUNTER_BITS-1:0] room_index_o,   // counter of the rows that are free again
    input  wire [15:0]           room_count_i,
    output wire                  err_short_o,      // pulse: TLAST came too early
    output wire                  err_long_o,       // pulse: the frame's last beat had no TLAST
    input  wire                  open_i,           // another frame may begin
    input  wire                  halt_i,           // stop; only the rest of a long frame is still taken
    output wire                  waiting_input_o,
    output wire                  waiting_room_o
);
  generate
    if (LANES < 2 || LANES > 128 || (LANES & (LANES - 1)) != 0) begin : gen_bad_lanes
      lanes_must_be_a_power_of_two_from_2_to_128 bad ();
    end
    if (IN_BYTES < 1 || IN_BYTES > 64 || (IN_BYTES & (IN_BYTES - 1)) != 0) begin : gen_bad_bytes
      in_bytes_must_be_a_power_of_two_up_to_64 bad ();
    end
    if (AD != 1 && AD != 2 && AD != 4 && AD != 8) begin : gen_bad_digit
      activation_digit_must_be_1_2_4_or_8 bad ();
    end
    if (COUNTER_BITS < 2 || COUNTER_BITS > 6) begin : gen_bad_counters
      counters_must_be_4_to_64 bad ();
    end
  endgenerate

  wire [15:0] pad_code = fields_i[32*`SYSTOLE_LOAD_PAD_CODE+:16];
  wire [ 4:0] code_bits = fields_i[32*`SYSTOLE_LOAD_CODE_BITS+:5];
  wire        wide = code_bits[4];
  wire [31:0] beats = fields_i[32*`SYSTOLE_LOAD_BEATS+:32];
  wire        last = fields_i[32*`SYSTOLE_LOAD_LAST];
  wire        room = fields_i[32*`SYSTOLE_LOAD_ROOM];
  wire [15:0] room_rows = fields_i[32*`SYSTOLE_LOAD_ROOM_ROWS+:16];
  wire        unused_fields = ^fields_i;
  assign w_group_o    = fields_i[32*`SYSTOLE_LOAD_GROUP+:GROUP_BITS];
  assign room_index_o = fields_i[32*`SYSTOLE_LOAD_ROOM_COUNTER+:COUNTER_BITS];

  // ---- accesses: made by the walk, kept until the memory takes them ----
  reg  running_q;  // the record has accesses left to make
  reg  w_valid_q;
  wire run = running_q & ~halt_i;
  wire begins = ~running_q & ~w_valid_q;
  wire [AW-1:0]        addr;
  wire [4:0]           plane;
  wire [LANE_BITS:0]   codes;
  wire [16:0]          row;
  wire                 stream, above, chunk_end, row_end, ends;
  wire [LANE_BITS+2:0] level;
  wire [LANE_BITS:0]   cells = wide ? {codes[LANE_BITS-1:0], 1'b0} : codes;
  reg  [16:0]          room_q;  // rows below it may be written
  wire starved = stream & (level < {2'b00, cells});
  wire blocked = room & (row >= room_q);
  wire step = run & ~starved & ~blocked & (~w_valid_q | w_ready_i);
  systole_load_walk #(
      .LANE_BITS(LANE_BITS), .AW(AW)
  ) walk (
      .clk(clk), .begin_i(begins), .step_i(step), .fields_i(fields_i), .addr_o(addr), .plane_o(plane), .codes_o(codes),
      .stream_o(stream), .above_o(above), .row_o(row), .chunk_end_o(chunk_end), .row_end_o(row_end), .end_o(ends)
  );
  always @(posedge clk) begin
    room_q <= {1'b0, room_rows} + {1'b0, room_count_i};
    if (rst) running_q <= 1'b0;
    else if (begins) running_q <= active_i & ~halt_i;
    else if (ends) running_q <= 1'b0;
  end

  // ---- beats ----
  reg  [31:0] beats_left_q;  // of this input
  reg         tlast_q;       // TLAST has been taken
  reg         begun_q;       // a beat of this frame has been taken
  reg         swallow_q;     // the rest of a long frame is taken and dropped
  reg         short_q, long_q;
  wire        ready;
  wire        listening = run & ready & ~tlast_q & (beats_left_q != 32'd0) & (begun_q | open_i) & ~above;
  wire        take = listening & s_axis_tvalid_i;
  wire        frame_end = last & (beats_left_q == 32'd1);
  always @(posedge clk) begin
    if (begins) beats_left_q <= beats;
    else if (take) beats_left_q <= beats_left_q - 32'd1;
    if (rst | begins) tlast_q <= 1'b0;
    else if (take) tlast_q <= s_axis_tlast_i;
    if (rst | loaded_o) begun_q <= 1'b0;
    else if (take) begun_q <= 1'b1;
    short_q <= take & s_axis_tlast_i & ~frame_end & ~rst;
    long_q <= take & ~s_axis_tlast_i & frame_end & ~rst;
    if (rst) swallow_q <= 1'b0;
    else if (take & frame_end) swallow_q <= ~s_axis_tlast_i;
    else if (s_axis_tvalid_i & s_axis_tlast_i) swallow_q <= 1'b0;
  end
  assign s_axis_tready_o = swallow_q | listening;
  assign first_beat_o    = take & ~begun_q;
  assign err_short_o     = short_q;
  assign err_long_o      = long_q;
  assign waiting_input_o = running_q & starved;
  assign waiting_room_o  = running_q & blocked;

  wire [LANE_BITS-1:0] first;
  wire [8*LANES-1:0]   held;
  systole_load_cells #(
      .LANES(LANES), .LANE_BITS(LANE_BITS), .IN_BYTES(IN_BYTES)
  ) cells_held (
      .clk(clk), .clear_i(begins), .code_bits_i(code_bits), .beat_i(take), .data_i(s_axis_tdata_i), .ready_o(ready),
      .pop_i(chunk_end & stream), .pop_cells_i(cells), .level_o(level), .first_o(first), .cells_o(held)
  );

  // ---- this plane of the chunk; of a code of two bytes both halves of the lanes have a copy ----
  wire [4:0]          shift = plane * AD[4:0];
  wire                upper = shift[3];
  wire [7:0]          pad = upper ? pad_code[15:8] : pad_code[7:0];
  wire [LANES*AD-1:0] data;
  wire                unused_shift = shift[4];
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      localparam LOW = 2 * l % LANES;
      wire [7:0] code = ~stream ? pad : ~wide ? held[8*l+:8] : upper ? held[8*(LOW+1)+:8] : held[8*LOW+:8];
      wire [7:0] moved = code >> shift[2:0];
      wire unused_moved = ^moved;
      assign data[AD*l+:AD] = moved[AD-1:0];
    end
  endgenerate

  reg [AW-1:0]        w_addr_q;
  reg [LANE_BITS:0]   w_count_q;
  reg [LANE_BITS-1:0] w_turn_q;
  reg [LANES*AD-1:0]  w_data_q;
  reg                 w_row_q, w_last_q;
  wire [LANE_BITS-1:0] from = wide ? first >> 1 : first;
  always @(posedge clk) begin
    if (rst) w_valid_q <= 1'b0;
    else w_valid_q <= step | (w_valid_q & ~w_ready_i);
    if (step) begin
      w_addr_q  <= addr;
      w_count_q <= codes;
      w_turn_q  <= addr[LANE_BITS-1:0] - from;
      w_data_q  <= data;
      w_row_q   <= row_end;
      w_last_q  <= ends;
    end
  end
  assign w_valid_o  = w_valid_q & ~halt_i;
  assign w_addr_o   = w_addr_q;
  assign w_count_o  = w_count_q;
  assign w_turn_o   = w_turn_q;
  assign w_data_o   = w_data_q;
  assign row_done_o = w_valid_o & w_ready_i & w_row_q;
  assign done_o     = w_valid_o & w_ready_i & w_last_q;
  assign loaded_o   = done_o & last;

`ifdef SYSTOLE_ASSERT
  // A write that is asked for stays as it is until it is granted, unless the machine stops.
  reg held_q;
  reg [LANES*AD+AW+LANE_BITS:0] write_q;
  wire [LANES*AD+AW+LANE_BITS:0] write = {w_addr_q, w_count_q, w_data_q};
  always @(posedge clk) begin
    held_q <= w_valid_o & ~w_ready_i & ~rst;
    write_q <= write;
    if (!rst && held_q && !halt_i && !(w_valid_o && write_q == write)) begin
      $fdisplay(32'h8000_0002, "systole assertion: a write of LOAD changed before it was granted");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
