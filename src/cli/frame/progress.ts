/** Progress on a terminal's stderr; nothing at all in a pipe. */
import cliProgress from 'cli-progress';
import type { Terminal } from './terminal.js';

export interface Progress {
  /** A stage that cannot be counted. */
  stage(title: string): void;
  /** A stage that can: shown as a bar while done < total. */
  count(title: string, done: number, total: number): void;
  /** Leaves the terminal clean; may be called again and again. */
  stop(): void;
}

const SILENT: Progress = { stage: () => {}, count: () => {}, stop: () => {} };

export function openProgress(terminal: Terminal): Progress {
  if (!terminal.interactive) return SILENT;
  let bar: cliProgress.SingleBar | null = null;
  let shown = '';
  const stop = () => {
    bar?.stop();
    bar = null;
    shown = '';
  };
  return {
    stop,
    stage: (title) => {
      stop();
      terminal.err(`${title}\n`);
    },
    count: (title, done, total) => {
      if (title !== shown) {
        stop();
        bar = new cliProgress.SingleBar({
          format: `${title} {bar} {value}/{total}`,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: false,
          // A terminal whose lines no longer wrap would stay so after a kill.
          linewrap: true,
        });
        bar.start(total, done);
        shown = title;
      } else {
        bar?.update(done);
      }
      if (done >= total) stop();
    },
  };
}
