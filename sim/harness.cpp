// Drives a Verilated Systole machine through its ports only: AXI4-Lite registers, input and output stream, and the DRAM
// behind its AXI4 master.
// It serves the messages of sim/protocol.md on stdin/stdout; the trace signals are read, never written.
//
// Macros: TRACE_SCOPE, the flattened name of the core with a trailing __DOT__ (its trace_* signals are found there).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "Vsystole.h"
#include "Vsystole___024root.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TRACED(name) JOIN(TRACE_SCOPE, name)

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kProtocolVersion = 2;
constexpr uint32_t kStatusRegister = 0x14;  // byte offset of STATUS; bit 1: error
constexpr uint32_t kControlRegister = 0x10;  // byte offset of CTRL; bit 1: soft reset
constexpr uint32_t kBusLimit = 100000;       // cycles that a register access may take

enum Op : uint8_t {
  kHello = 1, kRead, kWrite, kBurst, kSend, kReceive, kStep, kStalls, kTrace, kTakeTrace, kDrop, kReset, kWave, kQuit, kWait,
  kDramWrite, kDramRead, kDramModel, kDramFault
};
enum Status : uint8_t { kOk = 0, kLimit = 1, kError = 2, kBusHang = 3, kBadMessage = 4, kViolation = 255 };

struct Violation { std::string text; };
struct BusHang {};

void put(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(uint8_t(value >> (8 * i)));
}
uint64_t get(const Bytes& in, size_t at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint64_t(at + i < in.size() ? in[at + i] : 0) << (8 * i);
  return value;
}

// xorshift64*: the same stalls on every computer.
struct Random {
  uint64_t state = 0x9e3779b97f4a7c15ull;
  bool chance(uint32_t of65536) {
    if (of65536 == 0) return false;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return ((state * 0x2545f4914f6cdd1dull) >> 48) < of65536;
  }
};

// The writer unit's trace, where the core has one: one record for each write to activation memory.
template <class Root, class = void>
struct Tracer {
  static constexpr uint32_t data_bytes = 0;
  static void sample(const Root*, uint64_t, Bytes&) {}
};
template <class Root>
struct Tracer<Root, std::void_t<decltype(std::declval<Root>().TRACED(trace_valid))>> {
  static constexpr uint32_t data_bytes = sizeof(std::declval<Root>().TRACED(trace_data));
  static void sample(const Root* root, uint64_t cycle, Bytes& log) {
    if (!root->TRACED(trace_valid)) return;
    put(log, cycle, 8);
    put(log, root->TRACED(trace_addr), 4);
    put(log, root->TRACED(trace_layer), 2);
    put(log, root->TRACED(trace_plane), 1);
    put(log, root->TRACED(trace_group), 1);
    put(log, root->TRACED(trace_count), 1);
    const auto* data = reinterpret_cast<const uint8_t*>(&root->TRACED(trace_data));
    log.insert(log.end(), data, data + data_bytes);
  }
};

// Bytes of DRAM; what nobody wrote reads as rubbish.
class DramBytes {
 public:
  void write(uint64_t address, const uint8_t* data, size_t count) {
    for (size_t i = 0; i < count; ++i) page(address + i)[(address + i) % kPage] = data[i];
  }
  void read(uint64_t address, uint8_t* data, size_t count) const {
    for (size_t i = 0; i < count; ++i) {
      const auto found = pages_.find((address + i) / kPage);
      data[i] = found == pages_.end() ? 0xa5 : found->second[(address + i) % kPage];
    }
  }

 private:
  static constexpr uint64_t kPage = 65536;
  Bytes& page(uint64_t address) {
    Bytes& found = pages_[address / kPage];
    if (found.empty()) found.resize(kPage, 0xa5);
    return found;
  }
  std::unordered_map<uint64_t, Bytes> pages_;
};

// What the modelled DRAM does (sim/protocol.md, dram model), and what of it the machine must keep to.
struct DramModel {
  uint32_t latency = 1, efficiency = 100, stall = 0, outstanding = 64, burst = 256;
};

// The DRAM behind a top with an AXI4 master. Bursts are answered in the order of their addresses; a burst's first beat comes
// `latency` cycles after its address, and while there is something to give, `efficiency` beats in 100 cycles.
// Every rule that the master must keep is looked at in every cycle.
template <class Top, class = void>
class Dram {
 public:
  static constexpr uint32_t beat_bytes = 0;
  void idle(Top*) {}
  void offer(Top*, uint64_t) {}
  void accept(Top*, uint64_t) {}
  void reset() {}
  DramBytes bytes;
  DramModel model;
  Random random;
  uint64_t fault_from = 0, fault_bytes = 0;
};

template <class Top>
class Dram<Top, std::void_t<decltype(std::declval<Top>().m_axi_arvalid)>> {
 public:
  static constexpr uint32_t beat_bytes = sizeof(std::declval<Top>().m_axi_rdata);
  DramBytes bytes;
  DramModel model;
  Random random;
  uint64_t fault_from = 0, fault_bytes = 0;

  void idle(Top* top) { top->m_axi_arready = top->m_axi_rvalid = 0; }

  void reset() {
    reads_.clear();
    offering_ = held_ = false;
  }

  void offer(Top* top, uint64_t cycle) {
    top->m_axi_arready = !random.chance(model.stall);
    const bool due = !reads_.empty() && reads_.front().due <= cycle;
    if (!due) {
      credit_ = 100 - model.efficiency;
    } else {
      credit_ = credit_ + model.efficiency < 199 ? credit_ + model.efficiency : 199;
      if (!offering_ && credit_ >= 100 && !random.chance(model.stall)) give(top);
    }
    top->m_axi_rvalid = offering_;
  }

  void accept(Top* top, uint64_t cycle) {
    check_address(top, cycle);
    if (top->m_axi_arvalid && top->m_axi_arready) {
      if (reads_.size() == model.outstanding) refuse("more bursts are under way than the machine says", cycle);
      reads_.push_back({top->m_axi_araddr, uint32_t(top->m_axi_arlen) + 1, cycle + model.latency});
    }
    if (!offering_ || !top->m_axi_rready) return;
    credit_ -= 100;
    offering_ = false;
    Burst& burst = reads_.front();
    burst.address += beat_bytes;
    if (--burst.beats == 0) reads_.pop_front();
  }

 private:
  struct Burst {
    uint64_t address;
    uint32_t beats;
    uint64_t due;
  };

  void give(Top* top) {
    const Burst& burst = reads_.front();
    uint8_t data[beat_bytes];
    bytes.read(burst.address, data, beat_bytes);
    std::memcpy(&top->m_axi_rdata, data, beat_bytes);
    const bool faulty = burst.address + beat_bytes > fault_from && burst.address < fault_from + fault_bytes;
    top->m_axi_rresp = faulty ? 2 : 0;
    top->m_axi_rlast = burst.beats == 1;
    offering_ = true;
  }

  void check_address(const Top* top, uint64_t cycle) {
    const uint64_t address = top->m_axi_araddr;
    const uint32_t length = top->m_axi_arlen;
    if (held_ && !(top->m_axi_arvalid && address == held_address_ && length == held_length_))
      refuse("m_axi_ar changed before it was accepted", cycle);
    held_ = top->m_axi_arvalid && !top->m_axi_arready;
    held_address_ = address;
    held_length_ = length;
    if (!top->m_axi_arvalid) return;
    const uint64_t size = uint64_t(length + 1) * beat_bytes;
    if (top->m_axi_arburst != 1) refuse("m_axi_arburst is not INCR", cycle);
    if ((1u << top->m_axi_arsize) != beat_bytes) refuse("m_axi_arsize is not that of the bus", cycle);
    if (address % beat_bytes) refuse("m_axi_araddr is within a beat", cycle);
    if (length + 1 > model.burst) refuse("a burst is longer than the machine says", cycle);
    if (address % 4096 + size > 4096) refuse("a burst crosses a boundary of 4 KiB", cycle);
  }

  [[noreturn]] static void refuse(const char* rule, uint64_t cycle) {
    throw Violation{std::string(rule) + ", in cycle " + std::to_string(cycle)};
  }

  std::deque<Burst> reads_;
  uint32_t credit_ = 0;
  bool offering_ = false, held_ = false;
  uint64_t held_address_ = 0;
  uint32_t held_length_ = 0;
};

class Machine {
 public:
  using Memory = Dram<Vsystole>;
  static constexpr size_t kIn = sizeof(Vsystole::s_axis_tdata);
  static constexpr size_t kOut = sizeof(Vsystole::m_axis_tdata);
  using Trace = Tracer<Vsystole___024root>;

  explicit Machine(int seed) : context_(new VerilatedContext) {
    context_->randReset(2);
    context_->randSeed(seed);
#if VM_TRACE
    context_->traceEverOn(true);
#endif
    top_.reset(new Vsystole(context_.get()));
    // Inputs too start with random values.
    top_->clk = top_->s_axi_awvalid = top_->s_axi_wvalid = top_->s_axi_arvalid = 0;
    top_->s_axi_wstrb = 15;
    top_->s_axi_bready = 1;
    top_->s_axi_rready = 1;
    reset();
  }
  ~Machine() {
    wave("");
    top_->final();
  }

  void reset() {
    drop();
    top_->rst = 1;
    dram.reset();
    dram.idle(top_.get());
    for (int i = 0; i < 4; ++i) tick();
    top_->rst = 0;
    held_ = false;
    tick();
  }

  uint32_t read(uint32_t address, uint32_t& response) {
    top_->s_axi_araddr = address;
    top_->s_axi_arvalid = 1;
    bool answered = false;
    uint32_t value = 0;
    for (uint32_t i = 0; !answered; ++i) {
      if (i > kBusLimit) throw BusHang();
      settle();
      const bool taken = top_->s_axi_arvalid && top_->s_axi_arready;
      if (top_->s_axi_rvalid) {
        value = top_->s_axi_rdata;
        response = top_->s_axi_rresp;
        answered = true;
      }
      edge();
      if (taken) top_->s_axi_arvalid = 0;
    }
    return value;
  }

  // One write a cycle where the machine takes it; returns how many were refused.
  uint32_t write(uint32_t address, const uint32_t* data, size_t count) {
    size_t sent = 0, answered = 0;
    uint32_t refused = 0, silent = 0;
    while (answered < count) {
      if (++silent > kBusLimit) throw BusHang();
      top_->s_axi_awaddr = address;
      top_->s_axi_awvalid = aw_wait_;
      top_->s_axi_wvalid = w_wait_;
      if (sent < count && !aw_wait_ && !w_wait_) {
        top_->s_axi_awvalid = top_->s_axi_wvalid = aw_wait_ = w_wait_ = 1;
        top_->s_axi_wdata = data[sent++];
      }
      settle();
      const bool aw = top_->s_axi_awvalid && top_->s_axi_awready, w = top_->s_axi_wvalid && top_->s_axi_wready;
      if (top_->s_axi_bvalid) {
        refused += top_->s_axi_bresp != 0;
        ++answered;
        silent = 0;
      }
      edge();
      if (aw) aw_wait_ = false;
      if (w) w_wait_ = false;
    }
    top_->s_axi_awvalid = top_->s_axi_wvalid = 0;
    if (address == kControlRegister && count && (data[count - 1] & 2)) {
      held_ = false;  // a soft reset may take a beat back
      for (int i = 0; i < 4; ++i) {
        tick();
        held_ = false;
      }
    }
    return refused;
  }

  void send(const uint8_t* data, size_t count, bool last) {
    pending_.insert(pending_.end(), data, data + count);
    while (pending_.size() >= kIn || (last && !pending_.empty())) {
      Beat beat{};
      const size_t n = pending_.size() < kIn ? pending_.size() : kIn;
      std::memcpy(beat.data, pending_.data(), n);
      pending_.erase(pending_.begin(), pending_.begin() + n);
      beat.last = last && pending_.empty();
      input_.push_back(beat);
    }
  }

  struct Frame {
    Bytes data;
    uint64_t first_in, last_out;
  };
  // A whole frame, or the reason why there is none.
  Status receive(uint64_t limit, uint32_t poll, Frame& frame) {
    for (uint64_t i = 0; output_.empty(); ++i) {
      if (i >= limit) return kLimit;
      uint32_t response = 0;
      if (poll && i % poll == poll - 1 && (read(kStatusRegister, response) & 2)) return kError;
      tick();
    }
    frame = std::move(output_.front());
    output_.pop_front();
    return kOk;
  }

  bool wait_irq(uint64_t limit) {
    for (uint64_t i = 0; i < limit && !top_->irq_o; ++i) tick();
    return top_->irq_o;
  }

  void tick() {
    settle();
    edge();
  }

  void drop() {
    input_.clear();
    output_.clear();
    pending_.clear();
    partial_.clear();
    first_in_.clear();
    frame_open_ = false;
    offering_ = false;
    top_->s_axis_tvalid = 0;
  }

  bool wave(const std::string& path) {
#if VM_TRACE
    if (wave_) {
      wave_->close();
      wave_.reset();
    }
    if (!path.empty()) {
      wave_.reset(new VerilatedFstC);
      top_->trace(wave_.get(), 99);
      wave_->open(path.c_str());
    }
    return true;
#else
    return path.empty();
#endif
  }

  uint64_t now() const { return cycle_; }
  Memory dram;
  Random random;
  uint32_t stall_in = 0, stall_out = 0;  // of 65536
  bool tracing = false;
  Bytes trace_log;

 private:
  struct Beat {
    uint8_t data[kIn];
    bool last;
  };

  // First half of a cycle: inputs take their values and everything combinational settles.
  void settle() {
    if (!offering_ && !input_.empty() && !top_->rst && !random.chance(stall_in)) {
      offering_ = true;
      std::memcpy(&top_->s_axis_tdata, input_.front().data, kIn);
      top_->s_axis_tlast = input_.front().last;
    }
    top_->s_axis_tvalid = offering_;
    top_->m_axis_tready = !top_->rst && !random.chance(stall_out);
    if (!top_->rst) dram.offer(top_.get(), cycle_);
    top_->clk = 0;
    top_->eval();
  }

  // Second half: what is accepted at the edge is noted, then the edge.
  void edge() {
    if (!top_->rst) {
      accept_input();
      accept_output();
      dram.accept(top_.get(), cycle_);
      if (tracing) Trace::sample(top_->rootp, cycle_, trace_log);
    }
    dump(2 * cycle_);
    top_->clk = 1;
    top_->eval();
    dump(2 * cycle_ + 1);
    ++cycle_;
  }

  void accept_input() {
    if (!offering_ || !top_->s_axis_tready) return;
    if (!frame_open_) first_in_.push_back(cycle_);
    frame_open_ = !input_.front().last;
    input_.pop_front();
    offering_ = false;
  }

  void accept_output() {
    const bool valid = top_->m_axis_tvalid;
    if (held_) {
      const bool same = valid && bool(top_->m_axis_tlast) == held_last_ && uint64_t(top_->m_axis_tkeep) == held_keep_ &&
                        std::memcmp(&top_->m_axis_tdata, held_data_, kOut) == 0;
      if (!same) throw Violation{"m_axis changed before it was accepted, in cycle " + std::to_string(cycle_)};
    }
    held_ = valid && !top_->m_axis_tready;
    if (!valid) return;
    held_last_ = top_->m_axis_tlast;
    held_keep_ = top_->m_axis_tkeep;
    std::memcpy(held_data_, &top_->m_axis_tdata, kOut);
    if (held_) return;

    const uint64_t all = kOut == 64 ? ~0ull : (1ull << kOut) - 1;
    if (!held_last_ && held_keep_ != all) throw Violation{"TKEEP has holes before TLAST, in cycle " + std::to_string(cycle_)};
    if (held_keep_ == 0 || (held_keep_ & (held_keep_ + 1))) throw Violation{"TKEEP is not a run from byte 0, in cycle " + std::to_string(cycle_)};
    for (size_t i = 0; i < kOut; ++i)
      if (held_keep_ >> i & 1) partial_.push_back(held_data_[i]);
    if (!held_last_) return;
    const uint64_t first = first_in_.empty() ? cycle_ : first_in_.front();
    if (!first_in_.empty()) first_in_.pop_front();
    output_.push_back(Frame{std::move(partial_), first, cycle_});
    partial_ = Bytes();
  }

  void dump(uint64_t time) {
#if VM_TRACE
    if (wave_) wave_->dump(time);
#else
    (void)time;
#endif
  }

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vsystole> top_;
#if VM_TRACE
  std::unique_ptr<VerilatedFstC> wave_;
#endif
  uint64_t cycle_ = 0;
  bool aw_wait_ = false, w_wait_ = false;
  std::deque<Beat> input_;
  std::deque<Frame> output_;
  std::deque<uint64_t> first_in_;
  Bytes pending_, partial_;
  bool offering_ = false, frame_open_ = false, held_ = false, held_last_ = false;
  uint64_t held_keep_ = 0;
  uint8_t held_data_[kOut];
};

Status serve(Machine& machine, Op op, const Bytes& in, Bytes& out) {
  switch (op) {
    case kHello:
      for (uint32_t v : {kProtocolVersion, uint32_t(Machine::kIn), uint32_t(Machine::kOut), Machine::Trace::data_bytes, uint32_t(VM_TRACE),
                         Machine::Memory::beat_bytes})
        put(out, v, 4);
      return kOk;
    case kRead: {
      uint32_t response = 0;
      put(out, machine.read(get(in, 0, 4), response), 4);
      put(out, response, 4);
      return kOk;
    }
    case kWrite:
    case kBurst: {
      std::vector<uint32_t> data;
      for (size_t at = 4; at + 4 <= in.size(); at += 4) data.push_back(get(in, at, 4));
      put(out, machine.write(get(in, 0, 4), data.data(), data.size()), 4);
      return kOk;
    }
    case kSend:
      if (in.empty()) return kBadMessage;
      machine.send(in.data() + 1, in.size() - 1, in[0] & 1);
      return kOk;
    case kReceive: {
      Machine::Frame frame{};
      const Status status = machine.receive(get(in, 0, 8), get(in, 8, 4), frame);
      put(out, status == kOk ? frame.first_in : 0, 8);
      put(out, status == kOk ? frame.last_out : machine.now(), 8);
      out.insert(out.end(), frame.data.begin(), frame.data.end());
      return status;
    }
    case kStep:
      for (uint64_t n = get(in, 0, 8); n > 0; --n) machine.tick();
      put(out, machine.now(), 8);
      return kOk;
    case kStalls:
      machine.random.state = get(in, 0, 8) * 2 + 1;
      machine.stall_in = get(in, 8, 4);
      machine.stall_out = get(in, 12, 4);
      return kOk;
    case kTrace:
      machine.tracing = get(in, 0, 1);
      return Machine::Trace::data_bytes || !machine.tracing ? kOk : kBadMessage;
    case kTakeTrace:
      out.swap(machine.trace_log);
      return kOk;
    case kDrop:
      machine.drop();
      return kOk;
    case kReset:
      machine.reset();
      return kOk;
    case kWave:
      return machine.wave(std::string(in.begin(), in.end())) ? kOk : kBadMessage;
    case kQuit:
      return kOk;
    case kWait: {
      const bool up = machine.wait_irq(get(in, 0, 8));
      put(out, machine.now(), 8);
      return up ? kOk : kLimit;
    }
    case kDramWrite:
      if (in.size() < 8) return kBadMessage;
      machine.dram.bytes.write(get(in, 0, 8), in.data() + 8, in.size() - 8);
      return kOk;
    case kDramRead:
      out.resize(get(in, 8, 4));
      machine.dram.bytes.read(get(in, 0, 8), out.data(), out.size());
      return kOk;
    case kDramModel: {
      const auto word = [&](size_t i) { return uint32_t(get(in, 8 + 4 * i, 4)); };
      machine.dram.random.state = get(in, 0, 8) * 2 + 1;
      machine.dram.model = {word(0), word(1), word(2), word(3), word(4)};
      return word(1) >= 1 && word(1) <= 100 ? kOk : kBadMessage;
    }
    case kDramFault:
      machine.dram.fault_from = get(in, 0, 8);
      machine.dram.fault_bytes = get(in, 8, 8);
      return kOk;
  }
  return kBadMessage;
}

bool read_message(uint8_t& op, Bytes& body) {
  uint8_t head[5];
  if (std::fread(head, 1, 5, stdin) != 5) return false;
  op = head[0];
  uint32_t length = 0;
  for (int i = 0; i < 4; ++i) length |= uint32_t(head[1 + i]) << (8 * i);
  body.resize(length);
  return length == 0 || std::fread(body.data(), 1, length, stdin) == length;
}

bool answer(Status status, const Bytes& body) {
  uint8_t head[5] = {uint8_t(status)};
  for (int i = 0; i < 4; ++i) head[1 + i] = uint8_t(body.size() >> (8 * i));
  std::fwrite(head, 1, 5, stdout);
  if (!body.empty()) std::fwrite(body.data(), 1, body.size(), stdout);
  return std::fflush(stdout) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  Machine machine(argc > 1 ? std::atoi(argv[1]) : 1);
  uint8_t op = 0;
  Bytes body;
  while (read_message(op, body)) {
    Bytes out;
    Status status;
    try {
      status = serve(machine, Op(op), body, out);
    } catch (const Violation& violation) {
      answer(kViolation, Bytes(violation.text.begin(), violation.text.end()));
      return 1;
    } catch (const BusHang&) {
      out.clear();
      status = kBusHang;
    }
    if (!answer(status, out) || op == kQuit) break;
  }
  return 0;
}
