// Packs chunks of bytes into AXI4-Stream beats. The last chunk of an output sends its beat, however full: the frame's last
// with TLAST and the TKEEP of its bytes, any other filled up with zeros.
//
// Latency: a chunk taken in cycle t that completes a beat shows on m_axis in cycle t+1; the bytes of an output's end that do
// not fit that beat make one more, in whose place no chunk is taken.
// Handshake: a chunk is taken where the output register is empty or read in the same cycle. While the sink is ready: one
// chunk a cycle.
`default_nettype none

module systole_packer #(
    parameter OUT_BYTES = 4,   // bytes per beat: a power of two, 1..64
    parameter CHUNK_BYTES = 4  // at most OUT_BYTES
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire                     e_valid_i,
    output wire                     e_ready_o,
    input  wire [8*CHUNK_BYTES-1:0] e_data_i,
    input  wire [6:0]               e_bytes_i,      // 1..CHUNK_BYTES
    input  wire                     e_end_i,        // last chunk of an output
    input  wire                     e_last_i,       // and of the frame
    output wire [8*OUT_BYTES-1:0]   m_axis_tdata_o,
    output wire [OUT_BYTES-1:0]     m_axis_tkeep_o,
    output wire                     m_axis_tvalid_o,
    input  wire                     m_axis_tready_i,
    output wire                     m_axis_tlast_o,
    output wire                     busy_o          // bytes are in here
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
  reg flush_q, flush_last_q;        // an output's end is in data_q

  wire room = ~valid_q | m_axis_tready_i;
  wire take = room & (flush_q | e_valid_i);
  wire ends = flush_q | e_end_i;
  wire [6:0] total = fill_q + (flush_q ? 7'd0 : e_bytes_i);
  wire over = total > BEAT;
  wire full = total >= BEAT;
  wire completes = full | ends;

  // The chunk turned round to its place: the bytes from fill on are this beat's, those before it the next one's.
  wire [8*OUT_BYTES-1:0] chunk;
  generate
    if (CHUNK_BYTES < OUT_BYTES) begin : g_narrow
      assign chunk = {{(8*(OUT_BYTES-CHUNK_BYTES)){1'b0}}, e_data_i};
    end else begin : g_whole
      assign chunk = e_data_i;
    end
  endgenerate
  wire [16*OUT_BYTES-1:0] twice = {chunk, chunk} << {fill_q[5:0], 3'd0};
  wire [8*OUT_BYTES-1:0] turned = twice[16*OUT_BYTES-1:8*OUT_BYTES];

  wire unused = &{1'b0, twice};

  reg [8*OUT_BYTES-1:0] merged;
  reg [OUT_BYTES-1:0] merged_keep;
  integer i;
  always @* begin
    for (i = 0; i < OUT_BYTES; i = i + 1) begin
      merged_keep[i] = i[6:0] < total;
      merged[8*i+:8] = i[6:0] < fill_q ? data_q[8*i+:8] : merged_keep[i] ? turned[8*i+:8] : 8'd0;
    end
  end

  always @(posedge clk) begin
    if (rst) begin
      fill_q  <= 7'd0;
      valid_q <= 1'b0;
      flush_q <= 1'b0;
    end else begin
      if (take) begin
        fill_q  <= over ? total - BEAT : completes ? 7'd0 : total;
        flush_q <= over & ends;
      end
      if (take & completes) valid_q <= 1'b1;
      else if (m_axis_tready_i) valid_q <= 1'b0;
    end
    if (take) begin
      data_q <= full ? turned : merged;
      if (~flush_q) flush_last_q <= e_last_i;
    end
    if (take & completes) begin
      out_q  <= merged;
      last_q <= ends & ~over & (flush_q ? flush_last_q : e_last_i);
      keep_q <= merged_keep | {OUT_BYTES{~(flush_q ? flush_last_q : e_last_i)}};
    end
  end

  assign e_ready_o       = room & ~flush_q;
  assign m_axis_tdata_o  = out_q;
  assign m_axis_tkeep_o  = keep_q;
  assign m_axis_tvalid_o = valid_q;
  assign m_axis_tlast_o  = last_q;
  assign busy_o          = valid_q | (fill_q != 7'd0);

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
