//===- cache_test.cpp - the cache ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

using namespace ricci;

namespace {
using Cache = LruCache<std::string>;
int64_t bytesOf(const std::string &s) { return int64_t(s.size()); }

Cache::Value get(Cache &cache, const std::string &key, const std::string &value) {
  return *cache.getOrCompute(
      key, [&]() -> Expected<Cache::Value> { return std::make_shared<const std::string>(value); },
      bytesOf);
}
} // namespace

TEST(Cache, ComputesOnce) {
  Cache cache(10, 1000);
  EXPECT_EQ(cache.find("a"), nullptr);
  Cache::Value a = get(cache, "a", "1");
  EXPECT_EQ(get(cache, "a", "2"), a);
  EXPECT_EQ(cache.find("a"), a);
  EXPECT_EQ(cache.stats().misses, 1u);
  EXPECT_EQ(cache.stats().hits, 2u);
}

TEST(Cache, DropsTheLeastRecentlyUsed) {
  Cache cache(2, 1000);
  get(cache, "a", "1");
  get(cache, "b", "2");
  cache.find("a");
  get(cache, "c", "3");
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));

  Cache byBytes(100, 10);
  get(byBytes, "a", "123456");
  Cache::Value big = get(byBytes, "b", "12345678901"); // too big to keep, but given
  EXPECT_EQ(big->size(), 11u);
  EXPECT_TRUE(byBytes.find("a"));
  get(byBytes, "c", "12345");
  EXPECT_FALSE(byBytes.find("a"));
  EXPECT_EQ(byBytes.stats().bytes, 5);
}

TEST(Cache, ErrorsAreNotKept) {
  Cache cache(10, 1000);
  Expected<Cache::Value> bad =
      cache.getOrCompute("a", []() -> Expected<Cache::Value> { return inputError("no"); }, bytesOf);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "no");
  EXPECT_EQ(*get(cache, "a", "1"), "1");
}

TEST(Cache, ExceptionsEndTheFlight) {
  Cache cache(10, 1000);
  EXPECT_THROW((void)cache.getOrCompute(
                   "a", []() -> Expected<Cache::Value> { throw std::runtime_error("x"); }, bytesOf),
               std::runtime_error);
  EXPECT_EQ(*get(cache, "a", "1"), "1");
}

TEST(Cache, AskingForItselfIsAnError) {
  Cache cache(10, 1000);
  Expected<Cache::Value> result = cache.getOrCompute(
      "a",
      [&] {
        return cache.getOrCompute(
            "a", []() -> Expected<Cache::Value> { return inputError("not reached"); }, bytesOf);
      },
      bytesOf);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Internal);
}

TEST(Cache, ManyThreadsComputeOnce) {
  Cache cache(10, 1000);
  std::atomic<int> computed{0}, started{0};
  std::vector<std::thread> threads;
  std::vector<Cache::Value> values(8);
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      ++started;
      values[t] = *cache.getOrCompute(
          "key",
          [&]() -> Expected<Cache::Value> {
            // Others get the time to arrive and wait.
            for (int i = 0; i < 2000 && started < 8; ++i)
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            return std::make_shared<const std::string>(std::to_string(++computed));
          },
          bytesOf);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(computed, 1);
  for (const Cache::Value &value : values)
    EXPECT_EQ(value, values[0]);
}

TEST(Cache, Clears) {
  Cache cache(10, 1000);
  Cache::Value a = get(cache, "a", "1");
  get(cache, "b", "22");
  cache.dropUnused();
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_EQ(cache.stats().bytes, 1);
  cache.clear();
  EXPECT_FALSE(cache.find("a"));
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_EQ(*a, "1"); // lives on in its holder
}
