// Program memory and the dispatch of its records, FETCH_WORDS words a cycle, to the shadow registers of LOAD, FEED,
// POST, FILL and the depthwise unit. The memory's output always is the word at pc_q; a record's first one holds its header
// and the first fields. Blocks at a header while the unit's shadow is full, and at END until FEED, POST and the depthwise
// unit have taken all records of the frame; then the word after LOOP, or word 0 where there is no LOOP, is at the head in the
// next cycle. NEXT goes back to the record after REPEAT, as often as that says, in the same way. The next frame's records are
// held in their shadows (hold_o) until the frame is over (over_i): then frame_done_o pulses.
`default_nettype none
`include "systole_records.vh"
module systole_fetch #(
    parameter FETCH_WORDS = 1,  // of 32 bits, in a word of the memory: 1, 2, 4, 8
    parameter WORDS = 256,      // of the memory, a power of two
    parameter PC_BITS = 8,      // $clog2(WORDS)
    parameter FILL = 0,         // 1: there is a weight mover
    parameter DEPTHWISE = 0     // 1: there is a depthwise unit
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire                      halt_i,
    input  wire                      we_i,
    input  wire [PC_BITS-1:0]        waddr_i,
    input  wire [FETCH_WORDS*32-1:0] wdata_i,
    input  wire                      load_full_i,
    input  wire                      feed_full_i,
    input  wire                      post_full_i,
    input  wire                      fill_full_i,
    input  wire                      depthwise_full_i,
    input  wire                      over_i,
    output wire                      load_valid_o,
    output wire                      feed_valid_o,
    output wire                      post_valid_o,
    output wire                      fill_valid_o,
    output wire                      depthwise_valid_o,
    output wire [7:0]                index_o,  // of the memory word in its record
    output wire                      last_o,
    output wire [FETCH_WORDS*32-1:0] word_o,
    output wire                      consume_o,
    output wire                      hold_o,
    output wire                      frame_done_o,
    output wire                      bad_record_o
);
  localparam FETCH_BITS = $clog2(FETCH_WORDS);

  reg [PC_BITS-1:0] pc_q;
  reg [PC_BITS-1:0] restart_q, again_q;
  reg [15:0]        times_q;  // what is between REPEAT and NEXT is still taken, this time included
  reg               more_q;   // more than once
  reg               body_q;
  reg               hold_q;
  reg [5:0]         unit_q;   // of the record whose header is behind: REPEAT, depthwise, FILL, POST, FEED, LOAD
  reg [7:0]         index_q;  // 0 at a header
  reg [7:0]         last_index_q;
  wire [FETCH_WORDS*32-1:0] word;

  wire [7:0] op = word[7:0];
  wire       end_op  = op == `SYSTOLE_OP_END;
  wire       loop_op = op == `SYSTOLE_OP_LOOP && word[31:8] == 24'd0;
  wire       load_op = op == `SYSTOLE_OP_LOAD && word[31:8] == `SYSTOLE_LOAD_FIELDS;
  wire       feed_op = op == `SYSTOLE_OP_FEED && word[31:8] == `SYSTOLE_FEED_FIELDS;
  wire       post_op = op == `SYSTOLE_OP_POST && word[31:8] == `SYSTOLE_POST_FIELDS;
  wire       fill_op = FILL != 0 && op == `SYSTOLE_OP_FILL && word[31:8] == `SYSTOLE_FILL_FIELDS;
  wire       depthwise_op = DEPTHWISE != 0 && op == `SYSTOLE_OP_DEPTHWISE && word[31:8] == `SYSTOLE_DEPTHWISE_FIELDS;
  wire       repeat_op = op == `SYSTOLE_OP_REPEAT && word[31:8] == `SYSTOLE_REPEAT_FIELDS;
  wire       next_op = op == `SYSTOLE_OP_NEXT && word[31:8] == 24'd0;
  wire       header = !body_q && !halt_i;
  wire [5:0] unit_op = {repeat_op, depthwise_op && !depthwise_full_i, fill_op && !fill_full_i, post_op && !post_full_i,
                        feed_op && !feed_full_i, load_op && !load_full_i};
  wire       take_header = header && unit_op != 6'd0;
  wire       take_body = body_q && !halt_i;
  wire       take_loop = header && loop_op;
  wire       take_next = header && next_op;
  wire       consume = take_header || take_body || take_loop || take_next;
  wire [7:0] last_index = word[15:8] >> FETCH_BITS;
  wire       last = index_q == (body_q ? last_index_q : last_index);
  wire       take_end = header && end_op && !hold_q && !feed_full_i && !post_full_i && !depthwise_full_i;
  wire       frame_done = hold_q && over_i && !halt_i;
  wire [PC_BITS-1:0] pc_after = pc_q + {{(PC_BITS-1){1'b0}}, consume};
  wire [PC_BITS-1:0] pc_next = rst ? {PC_BITS{1'b0}} : take_end ? restart_q : take_next && more_q ? again_q : pc_after;

  // The count of REPEAT is its only field.
  wire [5:0]  unit = take_body ? unit_q : take_header ? unit_op : 6'd0;
  wire        take_repeat = unit[5] && last;
  wire [15:0] times;
  generate
    if (FETCH_WORDS == 1) begin : g_times_behind
      assign times = word[15:0];
    end else begin : g_times_beside
      assign times = word[47:32];
    end
  endgenerate

  systole_ram #(
      .WIDTH(FETCH_WORDS*32), .WORDS(WORDS), .ADDR_BITS(PC_BITS)
  ) program_memory (
      .clk(clk), .we_i(we_i), .waddr_i(waddr_i), .wdata_i(wdata_i),
      .re_i(1'b1), .raddr_i(pc_next), .rdata_o(word)
  );

  always @(posedge clk) begin
    pc_q <= pc_next;
    if (rst) restart_q <= {PC_BITS{1'b0}};
    else if (take_loop) restart_q <= pc_after;
    if (take_repeat) begin
      again_q <= pc_after;
      times_q <= times;
      more_q <= times != 16'd1;
    end else if (take_next) begin
      times_q <= times_q - 16'd1;
      more_q <= times_q != 16'd2;
    end
    if (take_header) begin
      unit_q <= unit_op;
      last_index_q <= last_index;
    end
    if (rst || ((take_header || take_body) && last)) index_q <= 8'd0;
    else if (take_header || take_body) index_q <= index_q + 8'd1;
    if (rst || frame_done) hold_q <= 1'b0;
    else if (take_end) hold_q <= 1'b1;
    if (rst) body_q <= 1'b0;
    else if (take_header || take_body) body_q <= !last;
  end

  assign {depthwise_valid_o, fill_valid_o, post_valid_o, feed_valid_o, load_valid_o} = unit[4:0];
  assign index_o = index_q;
  assign last_o = last;
  assign word_o = word;
  assign consume_o = consume;
  assign hold_o = hold_q;
  assign frame_done_o = frame_done;
  assign bad_record_o = header && !rst && !end_op && !loop_op && !load_op && !feed_op && !post_op && !fill_op
                     && !depthwise_op && !repeat_op && !next_op;
endmodule
`default_nettype wire
