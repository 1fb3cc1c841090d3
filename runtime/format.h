//===- format.h - sizes, times and counts for people ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <optional>

#include <string>
#include <string_view>

namespace ricci {

/// "512 B", "39.1 KiB", "340 KiB", "6.0 MiB".
std::string formatBytes(double bytes);
/// "72 us", "3.9 ms", "2.42 ms" (three digits); from 120 s on in minutes.
std::string formatSeconds(double seconds, int digits = 2);
/// "6.0e+06".
std::string formatFlops(double flops);
/// A byte count, optionally with one of K, M, G, T (powers of 1024; "KiB" and "KB" mean the same).
/// Null where the text is anything else or the count exceeds 63 bits.
std::optional<int64_t> parseByteCount(std::string_view text);

} // namespace ricci
