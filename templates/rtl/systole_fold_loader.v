// Takes an input frame from AXI4-Stream and writes its codes to activation memory, as LOAD of docs/machine.md says:
// dense (the stream as it comes) or folded (kernel rows side by side). Its exact cycles are in docs/timing.md, "Loader".
//
// Latency: a beat taken in cycle t is written from cycle t+1 on. A beat a cycle in dense mode with one plane, while
// rows are multiples of IN_BYTES <= LANES codes and w_ready_i is up.
// Handshake: w_valid_o and its data stay until w_ready_i. fields_i is stable while active_i. In the cycle of done_o
// the record ends; with active_i up in the next cycle another one starts.
// Addresses are sums of fields: folding learns rowStride * pixelCodes while the first rowStride virtual rows pass.
`default_nettype none
`include "systole_records.vh"

module systole_fold_loader #(
    parameter LANES        = 16,  // codes per memory word: a power of two, 2..128
    parameter AD           = 8,   // bits per stored digit: 1, 2, 4 or 8
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
    input  wire                  begun_i,
    output wire                  take_o,
    output wire                  w_valid_o,
    input  wire                  w_ready_i,
    output wire [GROUP_BITS-1:0] w_group_o,
    output wire [          31:0] w_addr_o,         // code index
    output wire [           7:0] w_count_o,        // codes, from lane 0 on
    output wire [  LANES*AD-1:0] w_data_o,
    output wire                  row_done_o,       // pulse: a row of the tensor is complete with this write
    output wire                  err_short_o,      // TLAST came too early; up until halt_i
    output wire                  err_long_o,       // pulse: the frame's last beat had no TLAST
    input  wire                  open_i,           // another frame may begin
    input  wire                  halt_i,           // stop; only the rest of a long frame is still taken
    output wire                  waiting_input_o
);
  localparam MOST = (LANES > IN_BYTES) ? LANES : IN_BYTES;
  localparam CAPACITY = MOST + IN_BYTES;
  localparam [31:0] DENSE_CHUNK = (LANES < IN_BYTES) ? LANES : IN_BYTES;
  localparam [31:0] WIDE_CHUNK = (IN_BYTES == 1) ? 1 : (LANES < IN_BYTES / 2) ? LANES : IN_BYTES / 2;  // of two bytes

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

  // ---- the record ----
  wire        fold = fields_i[0];
  wire [31:0] base = fields_i[32*2+:32];
  wire [ 4:0] planes = fields_i[32*4+:5];
  wire [31:0] plane_stride = fields_i[32*5+:32];
  wire [15:0] rows = fields_i[32*6+:16];
  wire [31:0] row_codes = fields_i[32*7+:32];
  wire [31:0] pixels = fields_i[32*8+:32];
  wire [ 7:0] pixel_codes = fields_i[32*9+:8];
  wire [15:0] pad_code = fields_i[32*10+:16];
  wire [15:0] virtual_rows = fields_i[32*11+:16];
  wire [15:0] pad_top = fields_i[32*12+:16];
  wire [15:0] kernel_rows = fields_i[32*13+:16];
  wire [15:0] row_stride = fields_i[32*14+:16];
  wire [15:0] fold_rows = fields_i[32*15+:16];
  wire [31:0] fold_row_pitch = fields_i[32*16+:32];
  wire [31:0] fold_pixel_pitch = fields_i[32*17+:32];
  wire        wide = fields_i[32*`SYSTOLE_LOAD_CODE_BYTES+1];
  wire [31:0] beats = fields_i[32*`SYSTOLE_LOAD_BEATS+:32];
  wire        last = fields_i[32*`SYSTOLE_LOAD_LAST];
  wire        unused_fields = ^fields_i;  // upper bits, and the counter, which the core reads

  assign w_group_o = fields_i[32+:GROUP_BITS];

  // ---- state ----
  reg running_q;
  reg swallow_q;                     // the rest of a long frame is taken and dropped
  reg tlast_q;                       // TLAST has been taken
  reg [31:0] beats_left_q;           // of this input
  reg [8*CAPACITY-1:0] buffer_q;     // bytes from fill_q on are 0
  reg [7:0] fill_q;
  reg [7:0] chunk_q;                 // codes of the next chunk
  reg [31:0] rest_q;                 // of the row: codes (dense) or pixels (fold), this chunk included
  reg [15:0] rows_left_q;            // rows of the stream
  reg [15:0] pad_left_q;             // virtual rows above the stream
  reg [15:0] virtual_left_q;
  reg [4:0] plane_q;
  reg [15:0] oy_q, ky_q;             // the entry that this pixel is written to
  reg [15:0] oy0_q, ky0_q;           // the first entry of each pixel in this virtual row
  reg [15:0] fold_left_q;            // rows of the tensor not yet complete
  reg [15:0] complete_in_q;          // virtual rows before the next one that completes a row
  reg [31:0] addr_q;                 // this plane of this entry
  reg [31:0] entry_q, pixel_q, row_q;  // addresses of the entry, of the pixel's and of the row's first entry
  reg [31:0] oy_addr_q, ky_codes_q;  // row oy0 of the tensor; ky0 * pixelCodes
  reg [31:0] entry_step_q;           // from an entry to the next: rowStride * pixelCodes - foldRowPitch

  // ---- what happens in this cycle ----
  wire run = running_q & ~halt_i;
  wire from_stream = (pad_left_q == 16'd0) & (rows_left_q != 16'd0);
  wire [7:0] chunk_bytes = wide ? {chunk_q[6:0], 1'b0} : chunk_q;
  wire starved = from_stream & (fill_q < chunk_bytes);
  wire writes = ~fold | (ky0_q < kernel_rows);
  wire step = run & ~starved & (w_ready_i | ~writes);
  wire last_plane = ~writes | (plane_q + 5'd1 == planes);
  wire last_entry = ~fold | ~writes | (oy_q == 16'd0) | (ky_q + row_stride >= kernel_rows);
  wire chunk_end = step & last_plane & last_entry;
  wire row_end = chunk_end & (rest_q == (fold ? 32'd1 : {24'd0, chunk_q}));
  wire frame_end = row_end & from_stream & (rows_left_q == 16'd1);
  wire consume = chunk_end & from_stream;
  wire completes = ~fold | ((complete_in_q == 16'd0) & (fold_left_q != 16'd0));

  wire [7:0] fill_rest = consume ? fill_q - chunk_bytes : fill_q;
  wire listening = run & ~tlast_q & (beats_left_q != 32'd0) & (begun_i | open_i) & (pad_left_q == 16'd0)
                 & (fill_q <= MOST[7:0]);
  wire take = listening & s_axis_tvalid_i;

  assign s_axis_tready_o = swallow_q | listening;
  assign take_o          = take;
  assign first_beat_o    = take & ~begun_i;
  assign w_valid_o       = run & ~starved & writes;
  assign w_addr_o        = addr_q;
  assign w_count_o       = chunk_q;
  assign row_done_o      = row_end & completes;
  assign done_o          = row_end & ((fold ? virtual_left_q : rows_left_q) == 16'd1);
  assign loaded_o        = done_o & last;
  assign err_short_o     = run & tlast_q & (starved | ~last);
  assign err_long_o      = frame_end & last & ~tlast_q;
  assign waiting_input_o = running_q & starved;

  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : gen_lane
      wire [15:0] wide_code;
      if (2*l + 1 < CAPACITY) begin : gen_wide
        assign wide_code = buffer_q[16*l+:16];
      end else begin : gen_never
        assign wide_code = 16'd0;
      end
      wire [15:0] code = ~from_stream ? pad_code : wide ? wide_code : {8'd0, buffer_q[8*l+:8]};
      wire [15:0] moved = code >> (plane_q * AD[4:0]);
      wire unused_moved = ^moved;
      assign w_data_o[AD*l+:AD] = moved[AD-1:0];
    end
  endgenerate

  // ---- gearbox ----
  wire [8*CAPACITY-1:0] kept = consume ? buffer_q >> {chunk_bytes, 3'd0} : buffer_q;
  wire [8*CAPACITY-1:0] beat = {{8 * MOST{1'b0}}, s_axis_tdata_i};

  always @(posedge clk) begin
    if (rst) begin
      running_q <= 1'b0;
      swallow_q <= 1'b0;
    end else begin
      if (~running_q) running_q <= active_i & ~halt_i;
      else if (done_o) running_q <= 1'b0;

      if (err_long_o) swallow_q <= 1'b1;
      else if (s_axis_tvalid_i & s_axis_tlast_i) swallow_q <= 1'b0;
    end

    if (~running_q) begin
      buffer_q <= {8 * CAPACITY{1'b0}};
      fill_q   <= 8'd0;
      tlast_q  <= 1'b0;
    end else begin
      buffer_q <= take ? kept | (beat << {fill_rest, 3'd0}) : kept;
      fill_q   <= take ? fill_rest + IN_BYTES[7:0] : fill_rest;
      if (take) tlast_q <= s_axis_tlast_i;
    end
  end

  // ---- position ----
  wire [31:0] rest_next = ~running_q | row_end ? (fold ? pixels : row_codes) : rest_q - (fold ? 32'd1 : {24'd0, chunk_q});
  wire [31:0] most_next = wide ? WIDE_CHUNK : DENSE_CHUNK;
  wire [7:0] dense_next = (rest_next < most_next) ? rest_next[7:0] : most_next[7:0];

  wire oy0_last = oy0_q + 16'd1 == fold_rows;
  wire ky0_wraps = ky0_q + 16'd1 == row_stride;
  wire oy0_moves = ky0_wraps & ~oy0_last;
  wire [31:0] wide_pixel = {24'd0, pixel_codes};
  wire [31:0] row_next = oy0_moves ? oy_addr_q + fold_row_pitch : row_q + wide_pixel;
  wire [31:0] pixel_next = row_end ? row_next : pixel_q + fold_pixel_pitch;
  wire [31:0] dense_addr = entry_q + {24'd0, chunk_q};
  wire [31:0] chunk_addr = fold ? pixel_next : dense_addr;
  wire [31:0] entry_addr = entry_q + entry_step_q;
  wire [15:0] oy0_next = oy0_moves ? oy0_q + 16'd1 : oy0_q;
  wire [15:0] ky0_next = oy0_moves ? 16'd0 : ky0_q + 16'd1;

  always @(posedge clk) begin
    if (~running_q | chunk_end) begin
      rest_q  <= rest_next;
      chunk_q <= fold ? pixel_codes : dense_next;
    end

    if (~running_q) begin
      rows_left_q    <= rows;
      pad_left_q     <= fold ? pad_top : 16'd0;
      virtual_left_q <= virtual_rows;
      fold_left_q    <= fold_rows;
      complete_in_q  <= kernel_rows - 16'd1;
      plane_q        <= 5'd0;
      beats_left_q   <= beats;
      oy_q           <= 16'd0;
      ky_q           <= 16'd0;
      oy0_q          <= 16'd0;
      ky0_q          <= 16'd0;
      addr_q         <= base;
      entry_q        <= base;
      pixel_q        <= base;
      row_q          <= base;
      oy_addr_q      <= base;
      ky_codes_q     <= 32'd0;
    end else begin
      if (step) plane_q <= last_plane ? 5'd0 : plane_q + 5'd1;
      if (take) beats_left_q <= beats_left_q - 32'd1;

      if (chunk_end) begin
        addr_q  <= chunk_addr;
        entry_q <= chunk_addr;
        pixel_q <= pixel_next;
        oy_q    <= row_end ? oy0_next : oy0_q;
        ky_q    <= row_end ? ky0_next : ky0_q;
      end else if (step & last_plane) begin
        addr_q  <= entry_addr;
        entry_q <= entry_addr;
        oy_q    <= oy_q - 16'd1;
        ky_q    <= ky_q + row_stride;
      end else if (step) begin
        addr_q <= addr_q + plane_stride;
      end

      if (row_end) begin
        virtual_left_q <= virtual_left_q - 16'd1;
        if (pad_left_q != 16'd0) pad_left_q <= pad_left_q - 16'd1;
        else if (rows_left_q != 16'd0) rows_left_q <= rows_left_q - 16'd1;

        row_q      <= row_next;
        oy0_q      <= oy0_next;
        ky0_q      <= ky0_next;
        ky_codes_q <= oy0_moves ? 32'd0 : ky_codes_q + wide_pixel;
        if (oy0_moves) oy_addr_q <= row_next;
        if (ky0_wraps) entry_step_q <= ky_codes_q + wide_pixel - fold_row_pitch;

        complete_in_q <= (complete_in_q == 16'd0) ? row_stride - 16'd1 : complete_in_q - 16'd1;
        if (complete_in_q == 16'd0 && fold_left_q != 16'd0) fold_left_q <= fold_left_q - 16'd1;
      end
    end
  end

`ifdef SYSTOLE_ASSERT
  // A write that is asked for stays as it is until it is granted, unless the machine stops.
  reg held_q;
  reg [LANES*AD+39:0] write_q;
  wire [LANES*AD-1:0] unused_lanes = {LANES*AD{1'b1}} << (w_count_o * AD);
  wire [LANES*AD+39:0] write = {w_addr_o, w_count_o, w_data_o & ~unused_lanes};
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
