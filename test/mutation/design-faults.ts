/** One-line faults of the Verilog: operators, constants, handshakes. `from` stands exactly once in its module. */
import { CONTROL_FAULTS } from './faults/control.js';
import { FEED_FAULTS } from './faults/feed.js';
import { POST_FAULTS } from './faults/post.js';
import { STREAM_FAULTS } from './faults/streams.js';

export interface DesignFault {
  readonly name: string;
  /** Of templates/rtl, without systole_ and .v. */
  readonly module: string;
  readonly from: string;
  readonly to: string;
  /** Shows only where frames queue at the door, which verify does not let them: caught by the random networks' flow. */
  readonly queued?: true;
  /** Also in `npm test`, where only a few are built; the whole table is `npm run mutation`. */
  readonly sample?: true;
}

export const DESIGN_FAULTS: readonly DesignFault[] = [
  ...CONTROL_FAULTS,
  ...FEED_FAULTS,
  ...POST_FAULTS,
  ...STREAM_FAULTS,
];
