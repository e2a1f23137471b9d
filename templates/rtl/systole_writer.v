// Takes entries off the output FIFO: digit plane by digit plane to the activation memory (one a cycle), or chunk by chunk
// to the stream packer. An entry of no codes takes one cycle. pop_o is high in an entry's last cycle.
`default_nettype none
module systole_writer #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter AW = 12,         // bits of a code index
    parameter GROUP_BITS = 2,
    parameter PW = 4,
    parameter ACC_BITS = 24,
    parameter INDEX_BITS = 4,  // of a row counter's index
    parameter CHUNK_BYTES = 4, // of the stream in a cycle, a power of two, at most 4 * PW
    parameter STEP_BITS = 5,   // of the cycles of an entry
    parameter META_BITS = 64   // layout: systole_post
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   valid_i,
    input  wire [META_BITS-1:0]   meta_i,
    input  wire [PW*ACC_BITS-1:0] data_i,
    output wire                   pop_o,
    output wire                   w_valid_o,
    output wire [GROUP_BITS-1:0]  w_group_o,
    output wire [AW-1:0]          w_addr_o,
    output wire [7:0]             w_count_o,
    output wire [4:0]             w_plane_o,
    output wire [PW*AD-1:0]       w_digits_o,
    output wire [LANES*AD-1:0]    w_data_o,
    output wire                   row_done_o,
    output wire [INDEX_BITS-1:0]  row_counter_o,
    output wire [4:0]             row_step_o,    // rows that are done
    output wire                   record_done_o,
    output wire                   stream_o,      // the entry at the head goes to the stream
    output wire                   e_valid_o,
    input  wire                   e_ready_i,
    output wire [8*CHUNK_BYTES-1:0] e_data_o,
    output wire [6:0]             e_bytes_o,
    output wire                   e_end_o,       // the output's last
    output wire                   e_last_o       // and the frame's
);
  wire                  row_end, record_end, map_last, frame_last, to_stream, raw;
  wire [2:0]            size;
  wire [GROUP_BITS-1:0] group;
  wire [4:0]            row_step;
  wire [6:0]            last_bytes;
  wire [STEP_BITS-1:0]  steps;
  wire [INDEX_BITS-1:0] counter;
  wire [7:0]            count;
  wire [AW-1:0]         stride, dest;
  assign {last_bytes, steps, row_end, row_step, record_end, map_last, frame_last, to_stream, size, raw, group, counter, count, stride,
          dest} = meta_i;

  reg [STEP_BITS-1:0] step_q, next_q;  // plane, or chunk, and the one after it
  reg [AW-1:0] addr_q;
  wire         none = count == 8'd0;
  wire         write = valid_i && !to_stream && !none;
  wire         element = valid_i && to_stream && !none;
  wire         step_last = next_q == steps;
  wire         advance = write || (element && e_ready_i);
  wire         pop = valid_i && (none || (advance && step_last));
  wire [AW-1:0] addr = step_q == {STEP_BITS{1'b0}} ? dest : addr_q;

  always @(posedge clk) begin
    if (rst || pop) begin
      step_q <= {STEP_BITS{1'b0}};
      next_q <= {{(STEP_BITS-1){1'b0}}, 1'b1};
    end else if (advance) begin
      step_q <= next_q;
      next_q <= next_q + {{(STEP_BITS-1){1'b0}}, 1'b1};
    end
    if (advance) addr_q <= addr + stride;
  end

  // Digit step_q of every value.
  wire [PW*AD-1:0] digits;
  wire [4:0]       shift = step_q[4:0] * AD[4:0];
  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      wire [ACC_BITS-1:0] moved = data_i[c*ACC_BITS +: ACC_BITS] >> shift;
      assign digits[c*AD +: AD] = moved[AD-1:0];
      wire unused = &{1'b0, moved};
    end
    if (LANES == PW) begin : g_full
      assign w_data_o = digits;
    end else begin : g_padded
      assign w_data_o = {{((LANES-PW)*AD){1'b0}}, digits};
    end
  endgenerate

  // The entry's elements side by side, little endian, and of these bytes chunk step_q.
  localparam CHUNKS = 4 * PW / CHUNK_BYTES;
  reg [32*PW-1:0] bytes;
  reg [31:0]      value;
  integer i, b;
  always @* begin
    bytes = {32*PW{1'b0}};
    for (i = 0; i < PW; i = i + 1) begin
      value = {32{raw && data_i[(i+1)*ACC_BITS-1]}};
      value[ACC_BITS-1:0] = data_i[i*ACC_BITS +: ACC_BITS];
      for (b = 0; b < 4; b = b + 1) begin
        if (size[2]) bytes[8*(4*i+b) +: 8] = value[8*b +: 8];
        else if (size[1] && b < 2) bytes[8*(2*i+b) +: 8] = value[8*b +: 8];
        else if (!size[1] && b == 0) bytes[8*i +: 8] = value[7:0];
      end
    end
  end
  reg [8*CHUNK_BYTES-1:0] chunk;
  integer k;
  always @* begin
    chunk = bytes[8*CHUNK_BYTES-1:0];
    for (k = 1; k < CHUNKS; k = k + 1) if (step_q == k[STEP_BITS-1:0]) chunk = bytes[8*CHUNK_BYTES*k +: 8*CHUNK_BYTES];
  end

  assign pop_o = pop;
  assign w_valid_o = write;
  assign w_group_o = group;
  assign w_addr_o = addr;
  assign w_count_o = count;
  assign w_plane_o = step_q[4:0];
  assign w_digits_o = digits;
  assign row_done_o = pop && row_end;
  assign row_counter_o = counter;
  assign row_step_o = row_step;
  assign record_done_o = pop && record_end;
  assign stream_o = valid_i && to_stream;
  assign e_valid_o = element;
  assign e_data_o = chunk;
  assign e_bytes_o = step_last ? last_bytes : CHUNK_BYTES[6:0];
  assign e_end_o = map_last && step_last;
  assign e_last_o = map_last && step_last && frame_last;
  wire unused = &{1'b0, size};
endmodule
`default_nettype wire
