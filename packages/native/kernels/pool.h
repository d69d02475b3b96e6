// Threads of one environment. A job is cut into chunks that whoever is free takes next; the caller takes part, and at the end
// waits only for chunks that were started. Each thread begins with its own part of the job, the same in every job of that size,
// for what it wrote in the last one is still in its cache; whoever has done with it helps the others. A thread that the operating system holds back costs nothing but its share.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace nacre {

class Pool {
 public:
  /** Computes [begin, end) on the thread of number `slot`; the caller's is 0. Must not throw. */
  using Task = void (*)(const void* context, int64_t begin, int64_t end, int slot);

  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;

  int threads() const;
  /** Threads start at the first job that needs them; this only sets how many. Between jobs only. */
  void resize(int threads);
  /** Cuts [0, count) into chunks of `chunk`, the last may be shorter, and returns when all are done. */
  void run(int64_t count, int64_t chunk, Task task, const void* context);
  /** Makes room for `bytes` of memory for each thread, 64-byte aligned; before the job that uses it. May throw bad_alloc. */
  void reserve(size_t bytes);
  /** What `reserve` made for one thread. */
  void* scratch(int slot) const;
  /** A second such memory that all threads of a job may use: the caller asks for it before the job. */
  void* shared(size_t bytes);
  /** Frees each of these memories that holds more than `bytes`. */
  void trim(size_t bytes);
  size_t scratchBytes() const;

  /** Measured only while true: nanoseconds in `run`, and nanoseconds in which threads of a job computed. */
  bool profile = false;
  int64_t jobNanoseconds = 0;
  std::atomic<int64_t> busyNanoseconds{0};

 private:
  struct alignas(64) Memory {
    void* data = nullptr;
    size_t bytes = 0;
  };
  void start();
  void stop();
  void loop(int slot);
  void take(int slot);
  static void* grow(Memory& memory, size_t bytes);
  static void release(Memory& memory);

  int threads_;
  std::vector<std::thread> workers_;
  std::vector<Memory> memories_;
  Memory shared_;

  // The job at hand. Written by the caller before `state_` opens it.
  Task task_ = nullptr;
  const void* context_ = nullptr;
  int64_t chunk_ = 1;
  /** First chunk that nobody took, of each part. */
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  static constexpr int mostParts = 16;
  Part parts_[mostParts];
  int partCount_ = 1;
  /** Bit 0: open. Bits 1–15: threads at work. Above: number of the job. */
  alignas(64) std::atomic<uint64_t> state_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

/** Processors that this process may use: its affinity, its control group's quota, or what NACRE_THREADS says. */
int usableThreads();

}  // namespace nacre
