// Where LOAD's next codes go: the stored rows of an input, of three parts each (codes left of the map, the map's, codes
// right of it), in chunks of at most LANES codes, plane by plane. An address is a sum of fields; row pointers wrap.
//
// Timing: begin_i in the cycles before the first chunk, from the record's fields; step_i moves on to the next access.
`default_nettype none
`include "systole_records.vh"

module systole_load_walk #(
    parameter LANE_BITS = 4,  // $clog2(LANES), of codes in a memory word
    parameter AW = 12         // bits of a code index
) (
    input  wire                clk,
    input  wire                begin_i,
    input  wire                step_i,
    input  wire [`SYSTOLE_LOAD_FIELDS*32-1:0] fields_i,
    output wire [AW-1:0]       addr_o,       // of this plane of the chunk
    output wire [4:0]          plane_o,
    output wire [LANE_BITS:0]  codes_o,      // of the chunk, at most LANES (codes of 16 bits: LANES/2)
    output wire                stream_o,     // the chunk is the stream's, not padding
    output wire                above_o,      // in the padding rows above the input
    output wire [16:0]         row_o,        // stored row, from 0 on
    output wire                chunk_end_o,  // this access is its chunk's last, its row's, the record's
    output wire                row_end_o,
    output wire                end_o
);
  localparam LW = (AW < 16) ? 17 : AW + 1;  // bits of a row's length
  localparam [1:0] LEFT = 2'd0, MAP = 2'd1, RIGHT = 2'd2;
  localparam [1:0] ABOVE = 2'd0, INPUT = 2'd1, BELOW = 2'd2;

  wire [AW-1:0] base = fields_i[32*`SYSTOLE_LOAD_BASE+:AW];
  wire [4:0]    planes = fields_i[32*`SYSTOLE_LOAD_PLANES+:5];
  wire [AW-1:0] plane_stride = fields_i[32*`SYSTOLE_LOAD_PLANE_STRIDE+:AW];
  wire [15:0]   rows = fields_i[32*`SYSTOLE_LOAD_ROWS+:16];
  wire [LW-1:0] row_codes = fields_i[32*`SYSTOLE_LOAD_ROW_CODES+:LW];
  wire [AW-1:0] row_pitch = fields_i[32*`SYSTOLE_LOAD_ROW_PITCH+:AW];
  wire [15:0]   pad_top = fields_i[32*`SYSTOLE_LOAD_PAD_TOP+:16];
  wire [15:0]   pad_bottom = fields_i[32*`SYSTOLE_LOAD_PAD_BOTTOM+:16];
  wire [15:0]   pad_left = fields_i[32*`SYSTOLE_LOAD_PAD_LEFT+:16];
  wire [15:0]   pad_right = fields_i[32*`SYSTOLE_LOAD_PAD_RIGHT+:16];
  wire          wide = fields_i[32*`SYSTOLE_LOAD_CODE_BITS+4];
  wire [LW-1:0] buffer_end = fields_i[32*`SYSTOLE_LOAD_BUFFER_END+:LW];
  wire [LW-1:0] buffer_size = fields_i[32*`SYSTOLE_LOAD_BUFFER_SIZE+:LW];
  wire [LW-1:0] mirror_end = fields_i[32*`SYSTOLE_LOAD_MIRROR_END+:LW];
  wire          unused = &{1'b0, fields_i};

  reg [4:0]         plane_q;
  reg [4:0]         most_plane_q;  // planes - 1
  reg [1:0]         part_q;     // of the row
  reg [LANE_BITS:0] codes_q;
  reg [LW-1:0]      behind_q;   // codes of the part behind the chunk
  reg               alone_q;    // there are none
  reg [1:0]         phase_q;    // rows above, of, below the input
  reg [15:0]        left_q;     // rows of the phase, this one included
  reg [16:0]        row_q;
  reg               copy_q;     // the chunk is in place, and written a second time
  reg               mirrored_q; // start_q < mirror_end
  reg [AW-1:0]      addr_q, chunk_q, start_q;  // this plane of the chunk, its first plane, the row's first code
  reg               circular_q, left_pad_q, right_q, bottom_q;  // there is a buffer; padding left, right, below
  reg [LW-1:0]      wraps_q;    // from this row pointer on the next row wraps,
  reg [AW-1:0]      wrap_q;     // and lies this far ahead

  wire last_plane = plane_q == most_plane_q;
  wire row_ends = alone_q & (part_q == RIGHT | (part_q == MAP & ~right_q));
  wire last_row = left_q == 16'd1;
  wire ends = last_row & (phase_q == BELOW | (phase_q == INPUT & ~bottom_q));
  wire chunk_ends = last_plane & (copy_q | ~mirrored_q);
  systole_late #(.WIDTH(3)) late_ends (
      .early_i({chunk_ends & row_ends & ends, chunk_ends & row_ends, chunk_ends}), .late_i(step_i),
      .late_o({end_o, row_end_o, chunk_end_o})
  );
  assign addr_o      = addr_q;
  assign plane_o     = plane_q;
  assign codes_o     = codes_q;
  assign row_o       = row_q;
  assign stream_o    = part_q == MAP & phase_q == INPUT;
  assign above_o     = phase_q == ABOVE;

  // The next chunk: of this part, or of the next one. A chunk is as long as a power of two allows.
  wire          new_row = begin_i | row_ends;
  wire [1:0]    part_next = new_row ? ((begin_i ? |pad_left : left_pad_q) ? LEFT : MAP) : part_q == LEFT ? MAP : RIGHT;
  wire [LW-1:0] part_codes = part_next == MAP ? row_codes
                           : {{(LW-16){1'b0}}, part_next == LEFT ? pad_left : pad_right};
  wire [LW-1:0] ahead = begin_i | alone_q ? part_codes : behind_q;
  localparam [LW-1:0] WHOLE = 1 << LANE_BITS, HALF = WHOLE >> 1;
  wire [LW-1:0] most = wide ? HALF : WHOLE;
  wire          cut = ahead > most;

  // Rows. The next row pointer is start + rowPitch, less bufferSize where that reaches bufferEnd.
  wire          wraps = circular_q & ({{(LW-AW){1'b0}}, start_q} >= wraps_q);
  wire [AW-1:0] start_on = start_q + row_pitch;
  wire [AW-1:0] start_back = start_q + wrap_q;
  wire [AW-1:0] start_next = (start_back & {AW{wraps}}) | (start_on & {AW{~wraps}});  // a choice would be one adder behind it
  wire          mirrors_base = {{(LW-AW){1'b0}}, base} < mirror_end;
  wire          mirrors_on = {{(LW-AW){1'b0}}, start_on} < mirror_end;
  wire          mirrors_back = {{(LW-AW){1'b0}}, start_back} < mirror_end;
  wire          mirrors_next = (wraps & mirrors_back) | (~wraps & mirrors_on);
  wire [1:0]    phase_next = phase_q == ABOVE ? INPUT : BELOW;
  always @(posedge clk) begin
    most_plane_q <= planes - 5'd1;
    circular_q <= |buffer_size;
    left_pad_q <= |pad_left;
    right_q <= |pad_right;
    bottom_q <= |pad_bottom;
    mirrored_q <= (begin_i & mirrors_base) | (~begin_i & row_end_o & mirrors_next) | (~begin_i & ~row_end_o & mirrored_q);
    wraps_q <= buffer_end - {{(LW-AW){1'b0}}, row_pitch};
    wrap_q <= row_pitch - buffer_size[AW-1:0];

    if (begin_i | chunk_end_o) begin
      if (begin_i | alone_q) part_q <= part_next;
      codes_q  <= cut ? most[LANE_BITS:0] : ahead[LANE_BITS:0];
      behind_q <= cut ? ahead - most : {LW{1'b0}};
      alone_q  <= ~cut;
    end

    if (begin_i) begin
      plane_q <= 5'd0;
      copy_q  <= 1'b0;
      addr_q  <= base;
      chunk_q <= base;
      start_q <= base;
      row_q   <= 17'd0;
      phase_q <= |pad_top ? ABOVE : INPUT;
      left_q  <= |pad_top ? pad_top : rows;
    end else begin
      if (step_i) plane_q <= last_plane ? 5'd0 : plane_q + 5'd1;
      if (step_i & last_plane) copy_q <= mirrored_q & ~copy_q;
      if (chunk_end_o) begin
        addr_q  <= row_ends ? start_next : chunk_q + {{(AW-LANE_BITS-1){1'b0}}, codes_q};
        chunk_q <= row_ends ? start_next : chunk_q + {{(AW-LANE_BITS-1){1'b0}}, codes_q};
      end else if (step_i) begin
        addr_q <= last_plane ? chunk_q + buffer_size[AW-1:0] : addr_q + plane_stride;
      end
      if (row_end_o) begin
        start_q <= start_next;
        row_q   <= row_q + 17'd1;
        if (last_row) phase_q <= phase_next;
        left_q <= ~last_row ? left_q - 16'd1 : phase_q == ABOVE ? rows : pad_bottom;
      end
    end
  end
endmodule
`default_nettype wire
