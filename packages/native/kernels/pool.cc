#include "pool.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#endif

namespace nacre {
namespace {

constexpr uint64_t openBit = 1;
constexpr uint64_t oneAtWork = 2;
constexpr uint64_t atWorkMask = 0xfffe;
constexpr uint64_t oneJob = 0x10000;
/** A parked thread takes some microseconds to wake, more than the pause between two kernels of a training step. */
constexpr auto spinTime = std::chrono::microseconds(2000);

constexpr size_t hugePage = size_t{2} << 20;

size_t alignmentOf(size_t bytes) { return bytes >= hugePage ? hugePage : 64; }

inline void relax() {
#if defined(__x86_64__) || defined(_M_X64)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/** Whole processors of the control group's quota (cgroup v2, then v1); 0 where there is none. */
int quota() {
#if defined(__linux__)
  long long limit = 0, period = 0;
  if (FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    char text[32];
    if (std::fscanf(file, "%31s %lld", text, &period) == 2 && std::strcmp(text, "max") != 0) limit = std::atoll(text);
    std::fclose(file);
  } else if (FILE* quotaFile = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r")) {
    if (std::fscanf(quotaFile, "%lld", &limit) != 1) limit = 0;
    std::fclose(quotaFile);
    if (FILE* periodFile = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r")) {
      if (std::fscanf(periodFile, "%lld", &period) != 1) period = 0;
      std::fclose(periodFile);
    }
  }
  if (limit > 0 && period > 0) return static_cast<int>((limit + period - 1) / period);
#endif
  return 0;
}

}  // namespace

int usableThreads() {
  int threads = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) threads = CPU_COUNT(&set);
#endif
  const int limit = quota();
  if (limit > 0 && limit < threads) threads = limit;
  return threads < 1 ? 1 : threads > 256 ? 256 : threads;
}

Pool::Pool(int threads) : threads_(threads), memories_(static_cast<size_t>(threads)) {}

Pool::~Pool() {
  stop();
  for (Memory& memory : memories_) release(memory);
  release(shared_);
}

void Pool::resize(int threads) {
  stop();
  for (Memory& memory : memories_) release(memory);
  threads_ = threads;
  memories_.assign(static_cast<size_t>(threads), Memory{});
}

void Pool::start() {
  stopping_.store(false);
  workers_.reserve(static_cast<size_t>(threads_ - 1));
  try {
    for (int slot = 1; slot < threads_; slot++) workers_.emplace_back([this, slot] { loop(slot); });
  } catch (...) {
    // The system gives no more threads: those that started will do.
  }
}

void Pool::stop() {
  if (workers_.empty()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_.store(true);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void Pool::run(int64_t count, int64_t chunk, Task task, const void* context) {
  if (count <= 0) return;
  if (chunk < 1) chunk = 1;
  const int64_t began = profile ? now() : 0;
  if (threads_ == 1 || count <= chunk) {
    for (int64_t begin = 0; begin < count; begin += chunk) {
      task(context, begin, begin + chunk < count ? begin + chunk : count, 0);
    }
    if (profile) {
      const int64_t spent = now() - began;
      jobNanoseconds += spent;
      busyNanoseconds.fetch_add(spent, std::memory_order_relaxed);
    }
    return;
  }
  if (workers_.empty()) start();
  task_ = task;
  context_ = context;
  chunk_ = chunk;
  partCount_ = threads_ < mostParts ? threads_ : mostParts;
  const int64_t allChunks = (count + chunk - 1) / chunk;
  for (int part = 0; part < partCount_; part++) {
    const int64_t end = allChunks * (part + 1) / partCount_ * chunk;
    parts_[part].next.store(allChunks * part / partCount_ * chunk, std::memory_order_relaxed);
    parts_[part].end = end < count ? end : count;
  }
  state_.fetch_add(oneJob | openBit, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) > 0) {
    { std::lock_guard<std::mutex> lock(mutex_); }
    if (allChunks >= threads_) {
      wake_.notify_all();
    } else {
      for (int64_t each = 1; each < allChunks; each++) wake_.notify_one();
    }
  }
  take(0);
  state_.fetch_and(~openBit, std::memory_order_acq_rel);
  int spins = 0;
  while ((state_.load(std::memory_order_acquire) & atWorkMask) != 0) {
    relax();
    // Whoever still computes may be waiting for this very processor.
    if (++spins > 20000) {
      std::this_thread::yield();
      spins = 0;
    }
  }
  if (profile) jobNanoseconds += now() - began;
}

void Pool::take(int slot) {
  const int64_t began = profile ? now() : 0;
  const int own = static_cast<int>(int64_t{slot} * partCount_ / threads_);
  for (int each = 0; each < partCount_; each++) {
    Part& part = parts_[(own + each) % partCount_];
    while (part.next.load(std::memory_order_relaxed) < part.end) {
      const int64_t begin = part.next.fetch_add(chunk_, std::memory_order_relaxed);
      if (begin >= part.end) break;
      const int64_t end = begin + chunk_;
      task_(context_, begin, end < part.end ? end : part.end, slot);
    }
  }
  if (profile) busyNanoseconds.fetch_add(now() - began, std::memory_order_relaxed);
}

void Pool::loop(int slot) {
  uint64_t seen = state_.load(std::memory_order_acquire) / oneJob - 1;
  auto idleSince = std::chrono::steady_clock::now();
  int spins = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    uint64_t state = state_.load(std::memory_order_acquire);
    if ((state & openBit) != 0 && state / oneJob != seen) {
      // Joining fails when the job closes meanwhile or another thread joins first.
      if (!state_.compare_exchange_weak(state, state + oneAtWork, std::memory_order_acq_rel)) continue;
      seen = state / oneJob;
      take(slot);
      state_.fetch_sub(oneAtWork, std::memory_order_acq_rel);
      idleSince = std::chrono::steady_clock::now();
      spins = 0;
      continue;
    }
    relax();
    if (++spins % 64 != 0 || std::chrono::steady_clock::now() - idleSince < spinTime) continue;
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [this, seen] {
      const uint64_t current = state_.load(std::memory_order_seq_cst);
      return stopping_.load() || ((current & openBit) != 0 && current / oneJob != seen);
    });
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    idleSince = std::chrono::steady_clock::now();
    spins = 0;
  }
}

void* Pool::grow(Memory& memory, size_t bytes) {
  if (memory.bytes >= bytes) return memory.data;
  release(memory);
  const size_t rounded = (bytes + hugePage / 2 > hugePage) ? (bytes + hugePage - 1) / hugePage * hugePage : bytes;
  memory.data = ::operator new(rounded, std::align_val_t{alignmentOf(rounded)});
  memory.bytes = rounded;
#if defined(__linux__)
  // One entry of the translation buffer instead of 512; where the system refuses, it stays as it is.
  if (rounded >= hugePage) madvise(memory.data, rounded, MADV_HUGEPAGE);
#endif
  return memory.data;
}

void Pool::release(Memory& memory) {
  if (memory.data != nullptr) ::operator delete(memory.data, std::align_val_t{alignmentOf(memory.bytes)});
  memory = Memory{};
}

void Pool::reserve(size_t bytes) {
  for (Memory& memory : memories_) grow(memory, bytes);
}

void* Pool::scratch(int slot) const { return memories_[static_cast<size_t>(slot)].data; }

int Pool::threads() const { return threads_; }

void* Pool::shared(size_t bytes) { return grow(shared_, bytes); }

void Pool::trim(size_t bytes) {
  for (Memory& memory : memories_) {
    if (memory.bytes > bytes) release(memory);
  }
  if (shared_.bytes > bytes) release(shared_);
}

size_t Pool::scratchBytes() const {
  size_t total = shared_.bytes;
  for (const Memory& memory : memories_) total += memory.bytes;
  return total;
}

}  // namespace nacre
