/** The client of sim/protocol.md: one Verilated machine in a process of its own. */
import { execa } from 'execa';
import { SystoleError } from '../src/base/error.js';

const OP = {
  hello: 1,
  read: 2,
  write: 3,
  burst: 4,
  send: 5,
  receive: 6,
  step: 7,
  stalls: 8,
  trace: 9,
  takeTrace: 10,
  drop: 11,
  reset: 12,
  wave: 13,
  quit: 14,
  wait: 15,
  dramWrite: 16,
  dramRead: 17,
  dramModel: 18,
  dramFault: 19,
} as const;
const STATUS = { ok: 0, limit: 1, error: 2, busHang: 3, violation: 255 } as const;
const PROTOCOL_VERSION = 2;

/** Probabilities 0..1 that an input beat is not offered, or an output beat not taken, in a cycle. */
export interface Stalls {
  readonly seed: number;
  readonly input: number;
  readonly output: number;
}

/** The DRAM that the simulation puts behind the machine's AXI4 master (machine.dram), and how it stalls. */
export interface DramConditions {
  /** Cycles from a burst's address to its first beat. */
  readonly latency: number;
  /** Beats in 100 cycles, 1..100. */
  readonly efficiency: number;
  /** Limits that the machine must keep: bursts under way, beats of a burst. */
  readonly outstanding: number;
  readonly burst: number;
  /** Probability 0..1 that an address is not taken, or a beat that could come does not, in a cycle; default 0. */
  readonly stall?: number;
  /** Of these stalls; default 0. */
  readonly seed?: number;
}

export interface ReceivedFrame {
  readonly bytes: Uint8Array;
  /** Cycle of the frame's first accepted input beat and of its last accepted output beat. */
  readonly firstIn: number;
  readonly lastOut: number;
}

export type Received =
  | ({ readonly kind: 'frame' } & ReceivedFrame)
  /** 'limit': no frame within the limit; 'error': STATUS shows an error. */
  | { readonly kind: 'limit' | 'error'; readonly cycle: number };

export interface SimulatorInfo {
  readonly inBytes: number;
  readonly outBytes: number;
  /** Bytes of data in a trace record; 0: the design has no trace. */
  readonly traceBytes: number;
  readonly waves: boolean;
  /** Bytes of a beat of the AXI4 master; 0: the design has none. */
  readonly dramBytes: number;
}

export interface Simulator {
  readonly info: SimulatorInfo;
  /** One AXI4-Lite read at a byte address. Errors: accelerator-error when it is refused (RRESP). */
  read(address: number): Promise<number>;
  /** One AXI4-Lite write; false when it was refused (BRESP). */
  write(address: number, data: number): Promise<boolean>;
  /** Writes to one address; the number of refused ones. */
  burst(address: number, data: Uint32Array): Promise<number>;
  /** Queues input; TLAST with the last byte unless `last` is false. */
  send(bytes: Uint8Array, last?: boolean): Promise<void>;
  /** Clocks until an output frame is complete, STATUS shows an error (read every `poll` cycles), or `limit` cycles. */
  receive(limit: number, poll?: number): Promise<Received>;
  /** Clocks; the cycle after. */
  step(cycles: number): Promise<number>;
  /** Clocks until the interrupt is up; false when it is not within `limit` cycles (0 only looks). */
  waitInterrupt(limit: number): Promise<boolean>;
  stalls(stalls: Stalls): Promise<void>;
  writeDram(address: number, bytes: Uint8Array): Promise<void>;
  readDram(address: number, count: number): Promise<Uint8Array>;
  dram(conditions: DramConditions): Promise<void>;
  /** Reads of these bytes answer an error; none with count 0. */
  dramFault(address: number, count: number): Promise<void>;
  trace(on: boolean): Promise<void>;
  /** The trace records so far (sim/protocol.md), and forgets them. */
  takeTrace(): Promise<Uint8Array>;
  drop(): Promise<void>;
  reset(): Promise<void>;
  /** Starts a waveform file (of a build with trace), or ends it with null. */
  wave(path: string | null): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value >>> 0, 4 * index);
  });
  return bytes;
};
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const of65536 = (probability: number) => Math.round(probability * 65536);

/**
 * Starts the binary of buildSimulator. `seed` chooses what registers without reset start with.
 * Errors of every call: tool-failed when the process died; accelerator-error when the machine broke a rule of its ports;
 * accelerator-timeout when the register bus does not answer.
 */
export async function openSimulator(binary: string, options: { seed?: number } = {}): Promise<Simulator> {
  const request = startProcess(binary, options.seed ?? 1);
  const ask = async (op: number, ...payload: Uint8Array[]): Promise<Answer> => {
    const answer = await request(op, Buffer.concat(payload));
    if (answer.status === STATUS.busHang) {
      throw new SystoleError('accelerator-timeout', 'the register bus of the simulated machine does not answer');
    }
    if (answer.status === STATUS.violation) {
      throw new SystoleError('accelerator-error', `the machine broke a rule of its ports: ${answer.body.toString()}`);
    }
    if (answer.status > STATUS.busHang) throw new SystoleError('tool-failed', 'the simulator does not know a message');
    return answer;
  };

  const { body } = await ask(OP.hello);
  const version = body.readUInt32LE(0);
  if (version !== PROTOCOL_VERSION) {
    throw new SystoleError('tool-failed', 'the simulator speaks another protocol version', {
      expected: `${PROTOCOL_VERSION}`,
      actual: `${version}`,
    });
  }
  const info = {
    inBytes: body.readUInt32LE(4),
    outBytes: body.readUInt32LE(8),
    traceBytes: body.readUInt32LE(12),
    waves: body.readUInt32LE(16) === 1,
    dramBytes: body.readUInt32LE(20),
  };

  return {
    info,
    read: async (address) => {
      const { body: answer } = await ask(OP.read, u32(address));
      if (answer.readUInt32LE(4) === 0) return answer.readUInt32LE(0);
      throw new SystoleError('accelerator-error', 'the accelerator refused a register read', {
        where: `register at 0x${address.toString(16)}`,
      });
    },
    write: async (address, data) => (await ask(OP.write, u32(address, data))).body.readUInt32LE(0) === 0,
    burst: async (address, data) => (await ask(OP.burst, u32(address), wordBytes(data))).body.readUInt32LE(0),
    send: async (bytes, last = true) => {
      await ask(OP.send, Uint8Array.of(last ? 1 : 0), bytes);
    },
    receive: async (limit, poll = 0) => received(await ask(OP.receive, u64(limit), u32(poll))),
    step: async (cycles) => Number((await ask(OP.step, u64(cycles))).body.readBigUInt64LE(0)),
    waitInterrupt: async (limit) => (await ask(OP.wait, u64(limit))).status === STATUS.ok,
    stalls: async ({ seed, input, output }) => {
      await ask(OP.stalls, u64(seed), u32(of65536(input), of65536(output)));
    },
    writeDram: async (address, bytes) => {
      await ask(OP.dramWrite, u64(address), bytes);
    },
    readDram: async (address, count) => (await ask(OP.dramRead, u64(address), u32(count))).body,
    dram: async ({ latency, efficiency, outstanding, burst, stall, seed }) => {
      const words = u32(latency, efficiency, of65536(stall ?? 0), outstanding, burst);
      await ask(OP.dramModel, u64(seed ?? 0), words);
    },
    dramFault: async (address, count) => {
      await ask(OP.dramFault, u64(address), u64(count));
    },
    trace: async (on) => {
      if (on && info.traceBytes === 0) throw new SystoleError('option-invalid', 'this simulator has no trace signals');
      await ask(OP.trace, Uint8Array.of(on ? 1 : 0));
    },
    takeTrace: async () => (await ask(OP.takeTrace)).body,
    drop: async () => {
      await ask(OP.drop);
    },
    reset: async () => {
      await ask(OP.reset);
    },
    wave: async (path) => {
      if (!info.waves) throw new SystoleError('option-invalid', 'this simulator was built without waveforms');
      await ask(OP.wave, Buffer.from(path ?? ''));
    },
    close: () => request.close(),
  };
}

const wordBytes = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

function received({ status, body }: Answer): Received {
  const firstIn = Number(body.readBigUInt64LE(0));
  const lastOut = Number(body.readBigUInt64LE(8));
  if (status === STATUS.ok) return { kind: 'frame', firstIn, lastOut, bytes: new Uint8Array(body.subarray(16)) };
  return { kind: status === STATUS.limit ? 'limit' : 'error', cycle: lastOut };
}

/** Answers come in the order of the requests. */
function startProcess(binary: string, seed: number) {
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  const chunks: Buffer[] = [];
  let held = 0;
  let dead: SystoleError | null = null;

  const child = execa(binary, [`${seed}`], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false, stderr: true },
    encoding: 'buffer',
    reject: false,
  });
  const fail = (error: SystoleError) => {
    dead ??= error;
    for (const { reject } of waiting.splice(0)) reject(dead);
  };
  child.stdin.on('error', () => {});
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    deliver();
  });
  const ended = child.then((result) => {
    const text = Buffer.from(result.stderr ?? [])
      .toString()
      .trim();
    fail(
      new SystoleError('tool-failed', 'the simulator process ended', {
        where: binary,
        actual: text || result.shortMessage || '',
      }),
    );
  });

  function deliver() {
    while (held >= 5) {
      const head = gather(5);
      const length = head.readUInt32LE(1);
      if (held < 5 + length) return;
      const message = gather(5 + length);
      chunks[0] = chunks[0]!.subarray(5 + length);
      held -= 5 + length;
      waiting.shift()?.resolve({ status: message[0]!, body: message.subarray(5) });
    }
  }
  /** The first `length` bytes, made contiguous in chunks[0]. */
  function gather(length: number): Buffer {
    if (chunks[0]!.length < length) chunks.splice(0, chunks.length, Buffer.concat(chunks));
    return chunks[0]!.subarray(0, length);
  }

  const request = (op: number, payload: Uint8Array): Promise<Answer> => {
    if (dead) return Promise.reject(dead);
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      const head = Buffer.alloc(5);
      head[0] = op;
      head.writeUInt32LE(payload.length, 1);
      child.stdin.write(head);
      if (payload.length > 0) child.stdin.write(payload);
    });
  };
  const close = async () => {
    child.stdin.end();
    await ended;
  };
  return Object.assign(request, { close });
}
