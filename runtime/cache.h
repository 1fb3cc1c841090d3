//===- cache.h - least-recently-used cache that computes each value once -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "runtime/fork.h"

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace ricci {

/// A thread-safe map from strings to shared immutable values, bounded by entries and bytes, that
/// drops the least recently used. Values live on in whoever holds them. Threads that want the same
/// missing value compute it once: one computes, the others wait.
template <typename V> class LruCache {
public:
  using Value = std::shared_ptr<const V>;
  struct Stats {
    size_t entries = 0;
    int64_t bytes = 0;
    uint64_t hits = 0, misses = 0; ///< one miss for each computation
  };

  LruCache(size_t maxEntries, int64_t maxBytes) : maxEntries_(maxEntries), maxBytes_(maxBytes) {}

  /// Null where absent. Allocates nothing.
  Value find(std::string_view key) {
    std::lock_guard lock(mutex_);
    return findLocked(key);
  }

  /// The value of `key`; where absent `compute()`, an Expected<Value>, and `bytesOf(*value)` is
  /// what it counts for. An error goes to everybody who waits for it and is not kept. An exception
  /// goes to the caller whose `compute` threw, and another waiting thread tries.
  template <typename Compute, typename BytesOf>
  Expected<Value> getOrCompute(std::string_view key, Compute compute, BytesOf bytesOf) {
    std::unique_lock<std::mutex> lock(mutex_);
    std::shared_ptr<Flight> flight;
    for (;;) {
      if (Value value = findLocked(key))
        return value;
      auto it = flights_.find(key);
      if (it == flights_.end())
        break;
      flight = it->second;
      if (flight->forks != forkCount() && flight->owner != std::this_thread::get_id()) {
        // Its thread is in the parent process, and so are those that wait for it: never destroyed.
        new std::shared_ptr<Flight>(std::move(flight));
        flights_.erase(it);
        break;
      }
      if (flight->owner == std::this_thread::get_id())
        return internalError("computing a cache entry asks for the same entry");
      flight->landed.wait(lock, [&] { return flight->done; });
      if (flight->result)
        return *flight->result;
    }

    flight = std::make_shared<Flight>();
    flight->owner = std::this_thread::get_id();
    flights_.emplace(std::string(key), flight);
    ++misses_;
    lock.unlock();
    Landing landing{*this, key, flight};
    Expected<Value> result = compute();
    const int64_t bytes = result ? int64_t(bytesOf(**result)) : 0;
    lock.lock();
    flight->result.emplace(result);
    if (result)
      insertLocked(std::string(key), *result, bytes);
    lock.unlock();
    return result;
  }

  /// Forgets everything.
  void clear() {
    std::list<Entry> dropped; // destroyed outside the lock
    std::lock_guard lock(mutex_);
    index_.clear();
    dropped.swap(entries_);
    bytes_ = 0;
  }

  /// Forgets what nobody else holds.
  void dropUnused() {
    std::list<Entry> dropped;
    std::lock_guard lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end();) {
      auto next = std::next(it);
      if (it->value.use_count() == 1)
        moveOut(it, dropped);
      it = next;
    }
  }

  Stats stats() const {
    std::lock_guard lock(mutex_);
    return {entries_.size(), bytes_, hits_, misses_};
  }

private:
  struct Entry {
    std::string key;
    Value value;
    int64_t bytes;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  /// A computation under way.
  struct Flight {
    std::thread::id owner;
    uint64_t forks = forkCount(); ///< of the process where it began
    std::condition_variable landed;
    bool done = false;
    std::optional<Expected<Value>> result; ///< absent after an exception
  };
  /// Ends a flight, also when the computation throws.
  struct Landing {
    LruCache &cache;
    std::string_view key;
    std::shared_ptr<Flight> flight;
    ~Landing() {
      std::lock_guard lock(cache.mutex_);
      flight->done = true;
      cache.flights_.erase(cache.flights_.find(key));
      flight->landed.notify_all();
    }
  };

  Value findLocked(std::string_view key) {
    auto it = index_.find(key);
    if (it == index_.end())
      return nullptr;
    ++hits_;
    entries_.splice(entries_.begin(), entries_, it->second);
    return it->second->value;
  }

  void moveOut(typename std::list<Entry>::iterator it, std::list<Entry> &to) {
    index_.erase(index_.find(std::string_view(it->key)));
    bytes_ -= it->bytes;
    to.splice(to.end(), entries_, it);
  }

  void insertLocked(std::string key, Value value, int64_t bytes) {
    std::list<Entry> dropped;
    if (bytes > maxBytes_ || maxEntries_ == 0)
      return;
    entries_.push_front({std::move(key), std::move(value), bytes});
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += bytes;
    while (entries_.size() > maxEntries_ || bytes_ > maxBytes_)
      moveOut(std::prev(entries_.end()), dropped);
  }

  mutable ForkMutex mutex_;
  std::list<Entry> entries_; ///< most recently used first
  /// Keys are views into the entries.
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> index_;
  std::unordered_map<std::string, std::shared_ptr<Flight>, Hash, std::equal_to<>> flights_;
  size_t maxEntries_;
  int64_t maxBytes_, bytes_ = 0;
  uint64_t hits_ = 0, misses_ = 0;
};

} // namespace ricci
