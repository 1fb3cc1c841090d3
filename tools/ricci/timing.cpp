//===- timing.cpp - --time --------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/timing.h"

#include "runtime/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace ricci::driver {

using Clock = std::chrono::steady_clock;

Expected<RunTimes> timeRuns(const Executable &executable, const std::vector<Tensor> &inputs,
                            const std::vector<Tensor> &outputs, double seconds) {
  auto runOnce = [&]() -> Expected<double> {
    Clock::time_point begin = Clock::now();
    if (Status s = executable.run(inputs, outputs); !s)
      return s.error();
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  RunTimes times;
  Expected<double> first = runOnce();
  if (!first)
    return first.error();
  times.first = *first;
  double total = 0;
  while (times.rest.size() < 50 && (total < seconds || times.rest.size() < 3)) {
    Expected<double> run = runOnce();
    if (!run)
      return run.error();
    times.rest.push_back(*run);
    total += *run;
  }
  std::sort(times.rest.begin(), times.rest.end());
  return times;
}

std::string TimeReport::str() const {
  std::string stages;
  for (auto &[name, milliseconds] : compile.stages)
    stages += fmt::format("{}{} {:.1f}", stages.empty() ? "" : ", ", name, milliseconds);
  std::string text = fmt::format("compile {:.1f} ms", compile.total());
  if (!stages.empty())
    text += " (" + stages + ")";
  text +=
      fmt::format(" · first run {} · then min {}, median {} of {}\n", formatSeconds(runs.first, 3),
                  formatSeconds(runs.min(), 3), formatSeconds(runs.median(), 3), runs.rest.size());
  if (flops > 0 && runs.min() > 0)
    text += fmt::format("{:.3g} Gflop/s, ", flops / runs.min() * 1e-9);
  text += fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
  if (!target.empty())
    text += ", " + target;
  if (predictedSeconds > 0)
    text += fmt::format(" · the plan predicts {} on one core", formatSeconds(predictedSeconds, 3));
  return text + "\n";
}

void TimeReport::write(JsonWriter &json) const {
  json.beginObject();
  json.key("compile_ms").number(compile.total());
  json.key("stages_ms").beginObject();
  for (auto &[name, milliseconds] : compile.stages)
    json.key(name).number(milliseconds);
  json.endObject();
  json.key("first_run_seconds").number(runs.first);
  json.key("min_seconds").number(runs.min());
  json.key("median_seconds").number(runs.median());
  json.key("runs").integer(int64_t(runs.rest.size()));
  json.key("flops").number(flops);
  json.key("flops_per_second").number(runs.min() > 0 ? flops / runs.min() : 0);
  json.key("predicted_seconds").number(predictedSeconds);
  json.key("threads").integer(threads);
  json.key("target").string(target);
  json.endObject();
}

std::string passTable(const CompileTimes &times) {
  const double total = times.total();
  std::string text = "      ms       %  stage\n";
  auto row = [&](double milliseconds, std::string_view name) {
    double share = total > 0 ? 100 * milliseconds / total : 0;
    text += fmt::format("{:8.3f}  {:6.1f}  {}\n", milliseconds, share, name);
  };
  for (auto &[name, milliseconds] : times.stages)
    row(milliseconds, name);
  row(total, "total");
  return text;
}

} // namespace ricci::driver
