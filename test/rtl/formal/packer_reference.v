// The stream packer byte by byte: packer_gate is systole_packer with inputs that keep its rules (a chunk stays until it is
// taken; only an output's end is a frame's), packer_reference the definition on the same inputs.
// WRONG makes the reference wrong on purpose: 1 the last beat of every output has holes in TKEEP, 2 an output that does not
// end the frame sends no beat of its own, 3 TLAST comes with every output.
`default_nettype none
module packer_gate #(
    parameter OUT_BYTES = 2,
    parameter CHUNK_BYTES = 2
) (
    input  wire                     clk,
    input  wire                     valid_i,
    input  wire [8*CHUNK_BYTES-1:0] data_i,
    input  wire [6:0]               size_i,  // its lower bits: bytes of the chunk - 1
    input  wire                     end_i,
    input  wire                     last_i,
    input  wire                     tready_i,
    output wire                     ready_o,
    output wire                     tvalid_o,
    output wire                     tlast_o,
    output wire [OUT_BYTES-1:0]     tkeep_o,
    output wire [8*OUT_BYTES-1:0]   tdata_o
);
  wire ready, tvalid, tlast, busy;
  wire [OUT_BYTES-1:0]   tkeep;
  wire [8*OUT_BYTES-1:0] tdata;
  // A chunk stays as it is until it is taken.
  reg                     wait_q, end_q, last_q;
  reg [8*CHUNK_BYTES-1:0] data_q;
  reg [6:0]               size_q;
  wire                     valid = wait_q || valid_i;
  wire [8*CHUNK_BYTES-1:0] data = wait_q ? data_q : data_i;
  wire [6:0]               size = wait_q ? size_q : size_i & (CHUNK_BYTES[6:0] - 7'd1);
  wire                     ends = wait_q ? end_q : end_i;
  wire                     last = wait_q ? last_q : last_i && end_i;
  always @(posedge clk) begin
    wait_q <= valid && !ready;
    data_q <= data;
    size_q <= size;
    end_q <= ends;
    last_q <= last;
  end
  systole_packer #(.OUT_BYTES(OUT_BYTES), .CHUNK_BYTES(CHUNK_BYTES)) packer (
      .clk(clk), .rst(1'b0), .e_valid_i(valid), .e_ready_o(ready), .e_data_i(data), .e_bytes_i(size + 7'd1), .e_end_i(ends),
      .e_last_i(last), .m_axis_tdata_o(tdata), .m_axis_tkeep_o(tkeep), .m_axis_tvalid_o(tvalid),
      .m_axis_tready_i(tready_i), .m_axis_tlast_o(tlast), .busy_o(busy)
  );
  assign ready_o = ready && valid;
  assign tvalid_o = tvalid;
  assign tlast_o = tvalid && tlast;
  assign tkeep_o = tvalid ? tkeep : {OUT_BYTES{1'b0}};
  assign tdata_o = tvalid ? tdata : {8*OUT_BYTES{1'b0}};
endmodule

module packer_reference #(
    parameter OUT_BYTES = 2,
    parameter CHUNK_BYTES = 2,
    parameter WRONG = 0
) (
    input  wire                     clk,
    input  wire                     valid_i,
    input  wire [8*CHUNK_BYTES-1:0] data_i,
    input  wire [6:0]               size_i,
    input  wire                     end_i,
    input  wire                     last_i,
    input  wire                     tready_i,
    output reg                      ready_o,
    output wire                     tvalid_o,
    output wire                     tlast_o,
    output wire [OUT_BYTES-1:0]     tkeep_o,
    output wire [8*OUT_BYTES-1:0]   tdata_o
);
  // The chunk that is offered.
  reg                     have, have_now, ends, ends_now, last, last_now;
  reg [8*CHUNK_BYTES-1:0] data, data_now;
  reg [6:0]               size, size_now;
  // Bytes that wait for their beat, from byte 0 on; an output's end among them; the beat that waits for the sink.
  reg [16*OUT_BYTES-1:0]  waiting, next;
  integer                 count, total, i;
  reg                     rest, rest_last, room, ending, frame;
  reg                     beat, beat_last;
  reg [8*OUT_BYTES-1:0]   beat_data;
  reg [OUT_BYTES-1:0]     beat_keep;
  always @* begin
    have_now = have || valid_i;
    data_now = have ? data : data_i;
    size_now = have ? size : size_i & (CHUNK_BYTES[6:0] - 7'd1);
    ends_now = have ? ends : end_i;
    last_now = have ? last : last_i && end_i;
    room = !beat || tready_i;
    ready_o = have_now && room && !rest;
    next = waiting;
    total = count;
    if (!rest) begin
      for (i = 0; i < CHUNK_BYTES; i = i + 1) if (i <= size_now) next[8*(count+i) +: 8] = data_now >> (8*i);
      total = count + size_now + 1;
    end
    frame = rest ? rest_last : last_now;
    ending = (rest || ends_now) && (WRONG != 2 || frame);
  end
  always @(posedge clk) begin
    if (beat && tready_i) beat <= 1'b0;
    if (room && (rest || have_now)) begin
      if (total >= OUT_BYTES || ending) begin
        beat <= 1'b1;
        beat_last <= total <= OUT_BYTES && (WRONG == 3 ? ending : frame);
        for (i = 0; i < OUT_BYTES; i = i + 1) begin
          beat_data[8*i +: 8] <= i < total ? next[8*i +: 8] : 8'd0;
          beat_keep[i] <= i < total || (WRONG == 1 ? !ending : !frame);
        end
        waiting <= next >> (8*OUT_BYTES);
        count <= total > OUT_BYTES ? total - OUT_BYTES : 0;
        rest <= total > OUT_BYTES && ending;
        rest_last <= frame;
      end else begin
        waiting <= next;
        count <= total;
      end
    end
    have <= have_now && !ready_o;
    data <= data_now;
    size <= size_now;
    ends <= ends_now;
    last <= last_now;
  end
  assign tvalid_o = beat;
  assign tlast_o = beat && beat_last;
  assign tkeep_o = beat ? beat_keep : {OUT_BYTES{1'b0}};
  assign tdata_o = beat ? beat_data : {8*OUT_BYTES{1'b0}};
endmodule
`default_nettype wire
