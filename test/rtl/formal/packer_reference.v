// The stream packer byte by byte: packer_gate is systole_packer with inputs that keep its rules (1, 2 or 4 bytes an element,
// the same until an output ends; only an output's end is a frame's), packer_reference the definition on the same inputs.
// WRONG makes the reference wrong on purpose: 1 the last beat of every output has holes in TKEEP, 2 an output that does not
// end the frame sends no beat of its own, 3 TLAST comes with every output.
`default_nettype none
module packer_gate #(
    parameter OUT_BYTES = 2
) (
    input  wire                   clk,
    input  wire                   valid_i,
    input  wire [31:0]            data_i,
    input  wire [1:0]             size_i,
    input  wire                   end_i,
    input  wire                   last_i,
    input  wire                   tready_i,
    output wire                   ready_o,
    output wire                   tvalid_o,
    output wire                   tlast_o,
    output wire [OUT_BYTES-1:0]   tkeep_o,
    output wire [8*OUT_BYTES-1:0] tdata_o
);
  reg        inside_q;
  reg  [1:0] size_q;
  wire [1:0] size = inside_q ? size_q : size_i;
  wire [2:0] bytes = size == 2'd0 ? 3'd1 : size == 2'd1 ? 3'd2 : 3'd4;
  wire ready, tvalid, tlast, busy;
  wire [OUT_BYTES-1:0]   tkeep;
  wire [8*OUT_BYTES-1:0] tdata;
  // An element stays as it is until it is taken.
  reg        wait_q, end_q, last_q;
  reg [31:0] data_q;
  wire        valid = wait_q || valid_i;
  wire [31:0] data = wait_q ? data_q : data_i;
  wire        ends = wait_q ? end_q : end_i;
  wire        last = wait_q ? last_q : last_i && end_i;
  always @(posedge clk) begin
    wait_q <= valid && !ready;
    data_q <= data;
    end_q <= ends;
    last_q <= last;
    if (valid) begin
      inside_q <= !(ready && ends);
      size_q <= size;
    end
  end
  systole_packer #(.OUT_BYTES(OUT_BYTES)) packer (
      .clk(clk), .rst(1'b0), .e_valid_i(valid), .e_ready_o(ready), .e_data_i(data), .e_bytes_i(bytes), .e_end_i(ends),
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
    parameter WRONG = 0
) (
    input  wire                   clk,
    input  wire                   valid_i,
    input  wire [31:0]            data_i,
    input  wire [1:0]             size_i,
    input  wire                   end_i,
    input  wire                   last_i,
    input  wire                   tready_i,
    output reg                    ready_o,
    output wire                   tvalid_o,
    output wire                   tlast_o,
    output wire [OUT_BYTES-1:0]   tkeep_o,
    output wire [8*OUT_BYTES-1:0] tdata_o
);
  // The element that is offered, and how many of its bytes are in beats already.
  reg        have, have_now, ends, ends_now, last, last_now, inside;
  reg [31:0] data, data_now;
  reg [1:0]  size, size_now;
  integer    done, bytes;
  // Bytes that wait for their beat, from byte 0 on; the beat that waits for the sink.
  reg [8*OUT_BYTES-1:0] waiting, next;
  integer    count, taken, i;
  reg        beat, beat_last;
  reg [8*OUT_BYTES-1:0] beat_data;
  reg [OUT_BYTES-1:0]   beat_keep;
  reg        finishes, sends;
  always @* begin
    have_now = have || valid_i;
    data_now = have ? data : data_i;
    ends_now = have ? ends : end_i;
    last_now = have ? last : last_i && end_i;
    size_now = inside ? size : size_i;
    bytes = size_now == 2'd0 ? 1 : size_now == 2'd1 ? 2 : 4;
    // A beat's worth of the element at most in one cycle.
    taken = bytes - done < OUT_BYTES ? bytes - done : OUT_BYTES;
    next = waiting;
    for (i = 0; i < 4; i = i + 1)
      if (i < taken && count + i < OUT_BYTES) next[8*(count+i) +: 8] = data_now >> (8*(done+i));
    finishes = done + taken == bytes;
    sends = count + taken == OUT_BYTES || (finishes && ends_now && (WRONG != 2 || last_now));
    ready_o = have_now && finishes && (!sends || !beat || tready_i);
  end
  always @(posedge clk) begin
    if (beat && tready_i) beat <= 1'b0;
    if (have_now && (!sends || !beat || tready_i)) begin
      done <= finishes ? 0 : done + taken;
      count <= sends ? 0 : count + taken;
      waiting <= sends ? {8*OUT_BYTES{1'b0}} : next;
      if (sends) begin
        beat <= 1'b1;
        beat_data <= next;
        beat_last <= finishes && (WRONG == 3 ? ends_now : last_now);
        for (i = 0; i < OUT_BYTES; i = i + 1)
          beat_keep[i] <= i < count + taken || (WRONG == 1 ? !ends_now : !last_now);
      end
    end
    have <= have_now && !ready_o;
    data <= data_now;
    ends <= ends_now;
    last <= last_now;
    if (have_now) begin
      inside <= !(ready_o && ends_now);
      size <= size_now;
    end
  end
  assign tvalid_o = beat;
  assign tlast_o = beat && beat_last;
  assign tkeep_o = beat ? beat_keep : {OUT_BYTES{1'b0}};
  assign tdata_o = beat ? beat_data : {8*OUT_BYTES{1'b0}};
endmodule
`default_nettype wire
