// FEED's decision behind its comparisons: one LUT each, and a module, as synthesis does not know how late they come. Combinational.
`default_nettype none
module systole_feed_issue (
    input  wire active_i,
    input  wire go_i,      // nothing but rows is waited for
    input  wire last_i,    // the record's last step
    input  wire in_ok_i,
    input  wire res_enable_i,
    input  wire res_ok_i,
    output wire issue_o,
    output wire step_o,    // issued, or there is no record
    output wire done_o
);
  wire rows_ok = in_ok_i && (res_ok_i || !res_enable_i);
  assign issue_o = go_i && rows_ok;
  assign step_o = !active_i || issue_o;
  assign done_o = last_i && issue_o;
endmodule
`default_nettype wire
