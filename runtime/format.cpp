//===- format.cpp - sizes, times and counts for people -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/format.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace ricci {

/// `digits` significant digits, but never fewer than the integer part has.
static std::string significant(double value, int digits) {
  int before = value < 1 ? 1 : int(std::floor(std::log10(value))) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - before));
  // 9.97 with two digits rounds to "10.0", one digit too many.
  if (value >= 1 && std::stod(text) >= std::pow(10.0, before))
    text = fmt::format("{:.{}f}", value, std::max(0, digits - before - 1));
  return text;
}

std::string formatBytes(double bytes) {
  if (!std::isfinite(bytes))
    return fmt::format("{} B", bytes);
  static constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (std::fabs(bytes) >= 1023.5 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  const bool whole = unit == 0 || std::fabs(bytes) >= 99.95;
  return fmt::format("{:.{}f} {}", bytes, whole ? 0 : 1, units[unit]);
}

std::string formatSeconds(double seconds, int digits) {
  if (!std::isfinite(seconds) || seconds < 0)
    return fmt::format("{} s", seconds);
  if (seconds >= 120)
    return significant(seconds / 60, digits) + " min";
  struct Unit {
    double scale;
    const char *name;
  };
  static constexpr Unit units[] = {{1e9, " ns"}, {1e6, " us"}, {1e3, " ms"}};
  for (const Unit &unit : units)
    if (seconds * unit.scale < 999.5)
      return significant(seconds * unit.scale, digits) + unit.name;
  return significant(seconds, digits) + " s";
}

std::string formatFlops(double flops) { return fmt::format("{:.1e}", flops); }

std::optional<int64_t> parseByteCount(std::string_view text) {
  int64_t count = 0;
  const char *end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || count < 0 || text.front() == '-')
    return std::nullopt;
  std::string suffix(rest, end);
  for (char &c : suffix)
    c = c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  if (suffix.empty() || suffix == "B")
    return count;
  const size_t power = std::string_view("KMGT").find(suffix[0]);
  const std::string unit = suffix.substr(1);
  if (power == std::string_view::npos || (!unit.empty() && unit != "B" && unit != "IB"))
    return std::nullopt;
  if (__builtin_mul_overflow(count, int64_t(1) << (10 * (power + 1)), &count))
    return std::nullopt;
  return count;
}

} // namespace ricci
