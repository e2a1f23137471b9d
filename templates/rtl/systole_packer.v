// Packs elements of 1, 2 or 4 bytes into AXI4-Stream beats, little endian. The last element of an output sends its beat,
// however full: the frame's last with TLAST and the TKEEP of its bytes, any other filled up with zeros.
//
// Latency: an element taken in cycle t that completes a beat shows on m_axis in cycle t+1.
// Handshake: an element that completes no beat is always taken; one that does is taken when the output register is
// empty or read in the same cycle. While the sink is ready: one element a cycle, or one every e_bytes/OUT_BYTES
// cycles where the element is wider than a beat (it is taken with its last beat).
// e_bytes_i may change only after an element with e_end_i.
`default_nettype none

module systole_packer #(
    parameter OUT_BYTES = 4  // bytes per beat: a power of two, 1..64
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   e_valid_i,
    output wire                   e_ready_o,
    input  wire [           31:0] e_data_i,
    input  wire [            2:0] e_bytes_i,      // 1, 2 or 4
    input  wire                   e_end_i,        // last element of an output
    input  wire                   e_last_i,       // and of the frame
    output wire [8*OUT_BYTES-1:0] m_axis_tdata_o,
    output wire [  OUT_BYTES-1:0] m_axis_tkeep_o,
    output wire                   m_axis_tvalid_o,
    input  wire                   m_axis_tready_i,
    output wire                   m_axis_tlast_o,
    output wire                   busy_o          // bytes are in here
);
  localparam [6:0] BEAT = OUT_BYTES[6:0];

  generate
    if (OUT_BYTES != 1 && OUT_BYTES != 2 && OUT_BYTES != 4 && OUT_BYTES != 8 && OUT_BYTES != 16 && OUT_BYTES != 32
        && OUT_BYTES != 64) begin : gen_bad
      out_bytes_must_be_a_power_of_two_up_to_64 bad ();
    end
  endgenerate

  reg [8*OUT_BYTES-1:0] data_q, out_q;
  reg [6:0] fill_q;                 // bytes in data_q, below BEAT
  reg [OUT_BYTES-1:0] keep_q;
  reg valid_q, last_q;
  reg [1:0] part_q;                 // which part of a wide element

  // An element wider than a beat goes in parts of a whole beat; any other is one part.
  wire [6:0] element = {4'd0, e_bytes_i};
  wire wide = element > BEAT;
  wire [6:0] bytes = wide ? BEAT : element;
  wire [2:0] part_byte = (OUT_BYTES == 1) ? {1'b0, part_q} : {part_q, 1'b0};
  wire last_part = ~wide | (part_byte + BEAT[2:0] == e_bytes_i);
  wire [31:0] part = e_data_i >> {part_byte[1:0], 3'd0};
  // Elements are aligned in the beat, so copies side by side put the right byte in every place.
  wire [31:0] copies = (bytes == 7'd1) ? {4{part[7:0]}} : (bytes == 7'd2) ? {2{part[15:0]}} : part;

  wire [6:0] fill_next = fill_q + bytes;
  wire completes = (fill_next == BEAT) | (e_end_i & last_part);
  wire room = ~valid_q | m_axis_tready_i;
  wire take = e_valid_i & (room | ~completes);

  assign e_ready_o = (room | ~completes) & last_part;

  reg [8*OUT_BYTES-1:0] merged;
  reg [OUT_BYTES-1:0] merged_keep;
  integer i;
  always @* begin
    merged = data_q;
    for (i = 0; i < OUT_BYTES; i = i + 1) begin
      merged_keep[i] = i[6:0] < fill_next;
      if (i[6:0] >= fill_q) merged[8*i+:8] = merged_keep[i] ? copies[8*(i%4)+:8] : 8'd0;
    end
  end

  always @(posedge clk) begin
    if (rst) begin
      fill_q  <= 7'd0;
      part_q  <= 2'd0;
      valid_q <= 1'b0;
    end else begin
      if (take) begin
        fill_q <= completes ? 7'd0 : fill_next;
        part_q <= last_part ? 2'd0 : part_q + 2'd1;
      end
      if (take & completes) valid_q <= 1'b1;
      else if (m_axis_tready_i) valid_q <= 1'b0;
    end
    if (take) data_q <= merged;
    if (take & completes) begin
      out_q  <= merged;
      keep_q <= merged_keep | {OUT_BYTES{~e_last_i}};
      last_q <= e_last_i & last_part;
    end
  end

  assign m_axis_tdata_o  = out_q;
  assign m_axis_tkeep_o  = keep_q;
  assign m_axis_tvalid_o = valid_q;
  assign m_axis_tlast_o  = last_q;
  assign busy_o          = valid_q | (fill_q != 7'd0) | (part_q != 2'd0);

`ifdef SYSTOLE_ASSERT
  // A beat that is offered stays as it is until it is taken.
  reg held_q;
  reg [8*OUT_BYTES+OUT_BYTES:0] beat_q;
  always @(posedge clk) begin
    held_q <= valid_q & ~m_axis_tready_i & ~rst;
    beat_q <= {last_q, keep_q, out_q};
    if (!rst && held_q && !(valid_q && beat_q == {last_q, keep_q, out_q})) begin
      $fdisplay(32'h8000_0002, "systole assertion: m_axis changed before it was taken");
      $stop;
    end
  end
`endif
endmodule
`default_nettype wire
