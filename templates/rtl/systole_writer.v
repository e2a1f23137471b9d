// Takes entries off the output FIFO: digit plane by digit plane to the activation memory (one a cycle), or element by
// element to the stream packer. An entry of no codes takes one cycle. pop_o is high in an entry's last cycle.
`default_nettype none
module systole_writer #(
    parameter LANES = 16,
    parameter AD = 8,
    parameter AW = 12,         // bits of a code index
    parameter GROUP_BITS = 2,
    parameter PW = 4,
    parameter ACC_BITS = 24,
    parameter INDEX_BITS = 4,  // of a row counter's index
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
    output wire [31:0]            e_data_o,
    output wire [2:0]             e_bytes_o,
    output wire                   e_end_o,       // the output's last
    output wire                   e_last_o       // and the frame's
);
  wire                  row_end, record_end, map_last, frame_last, to_stream, raw;
  wire [2:0]            bytes;
  wire [GROUP_BITS-1:0] group;
  wire [4:0]            planes, row_step;
  wire [INDEX_BITS-1:0] counter;
  wire [7:0]            count;
  wire [AW-1:0]         stride, dest;
  assign {row_end, row_step, record_end, map_last, frame_last, to_stream, bytes, raw, group, planes, counter, count, stride, dest} = meta_i;

  reg [7:0]    step_q;  // plane, or element
  reg [AW-1:0] addr_q;
  wire         none = count == 8'd0;
  wire [7:0]   step_next = step_q + 8'd1;
  wire         write = valid_i && !to_stream && !none;
  wire         element = valid_i && to_stream && !none;
  wire         step_last = to_stream ? step_next == count : step_next >= {3'd0, planes};
  wire         advance = write || (element && e_ready_i);
  wire         pop = valid_i && (none || (advance && step_last));
  wire [AW-1:0] addr = step_q == 8'd0 ? dest : addr_q;

  always @(posedge clk) begin
    if (rst || pop) step_q <= 8'd0;
    else if (advance) step_q <= step_next;
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

  // Element step_q.
  reg [ACC_BITS-1:0] value;
  integer i;
  always @* begin
    value = data_i[ACC_BITS-1:0];
    for (i = 1; i < PW; i = i + 1) if (step_q == i[7:0]) value = data_i[i*ACC_BITS +: ACC_BITS];
  end
  wire [ACC_BITS+31:0] value_wide = {{32{raw && value[ACC_BITS-1]}}, value};

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
  assign e_data_o = value_wide[31:0];
  assign e_bytes_o = bytes;
  assign e_end_o = map_last && step_last;
  assign e_last_o = map_last && step_last && frame_last;
  wire unused = &{1'b0, value_wide};
endmodule
`default_nettype wire
