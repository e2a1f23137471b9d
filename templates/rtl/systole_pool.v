// Max pooling over the tiles of one pooled pixel: a register per pixel of the tile and channel. Latency 1.
// A slot that is not the window's last is absorbed (absorb_o, combinational) and its credit returns at once.
`default_nettype none
module systole_pool #(
    parameter ROWS = 1,
    parameter PW = 4,
    parameter VALUE_BITS = 24, // at least 16
    parameter POOL_BITS = 2   // of a slot's number within a pixel
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire                     valid_i,
    input  wire                     enable_i,
    input  wire [4:0]               row_i,
    input  wire [POOL_BITS-1:0]     slot_i,
    input  wire                     first_i,
    input  wire                     last_i,
    input  wire                     inside_i,
    input  wire [PW*VALUE_BITS-1:0] value_i,
    output wire                     absorb_o,
    output wire                     valid_o,
    output wire [PW*VALUE_BITS-1:0] value_o
);
  localparam ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam INDEX_BITS = ROW_BITS + POOL_BITS;

  reg [PW*16-1:0] best_q [0:(1 << INDEX_BITS)-1];
  wire [INDEX_BITS-1:0] index = {row_i[ROW_BITS-1:0], slot_i};
  wire [PW*16-1:0] best_old = best_q[index];

  reg [PW*16-1:0] best_new;
  reg [15:0] old, now;
  integer i;
  always @* begin
    best_new = {PW*16{1'b0}};
    for (i = 0; i < PW; i = i + 1) begin
      old = first_i ? 16'd0 : best_old[i*16 +: 16];
      now = inside_i ? value_i[i*VALUE_BITS +: 16] : 16'd0;
      best_new[i*16 +: 16] = now > old ? now : old;
    end
  end

  reg                     valid_q;
  reg [PW*VALUE_BITS-1:0] value_q;
  wire                    absorb = valid_i && enable_i && !last_i;
  wire [PW*VALUE_BITS-1:0] after_wide;
  genvar c;
  generate
    for (c = 0; c < PW; c = c + 1) begin : g_channel
      wire [VALUE_BITS+15:0] wide = {{VALUE_BITS{1'b0}}, best_new[c*16 +: 16]};
      assign after_wide[c*VALUE_BITS +: VALUE_BITS] = wide[VALUE_BITS-1:0];
      wire unused = &{1'b0, wide};
    end
  endgenerate
  always @(posedge clk) begin
    valid_q <= valid_i && !absorb && !rst;
    if (valid_i && enable_i) best_q[index] <= best_new;
    if (valid_i) value_q <= enable_i ? after_wide : value_i;
  end
  assign absorb_o = absorb;
  assign valid_o = valid_q;
  assign value_o = value_q;
  wire unused = &{1'b0, row_i};
endmodule
`default_nettype wire
