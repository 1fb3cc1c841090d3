//===- outcome.cpp - what a run has to show ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/outcome.h"

#include "runtime/plan_json.h"
#include "tools/ricci/array_json.h"
#include "tools/ricci/array_text.h"

#include "runtime/format.h"
#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci::driver {

bool Outcome::agrees() const {
  return std::all_of(checks.begin(), checks.end(),
                     [](const CheckResult &check) { return check.agrees(); });
}

std::string Outcome::resultName(size_t i) const {
  return results.size() == 1 ? "" : fmt::format("result {}", i + 1);
}

int64_t bytesOf(const TensorType &type) {
  int64_t elements = 1;
  for (int64_t extent : type.shape)
    elements *= extent; // the frontend has checked that the bytes fit
  return elements * int64_t(itemSize(type.dtype));
}

/// Where a result was written, as an operand names it, or which of several it is.
static std::string placeOf(const RunFlags &run, const Outcome &outcome, size_t i) {
  if (run.output.empty())
    return outcome.resultName(i);
  std::string path = printable(run.output);
  return path.ends_with(".npz") ? fmt::format("{}:arr_{}", path, i) : path;
}

std::string outcomeText(const RunFlags &run, const Outcome &outcome) {
  std::string text;
  for (size_t i = 0; i < outcome.results.size(); ++i) {
    const Tensor &result = outcome.results[i];
    std::string place = placeOf(run, outcome, i);
    if (!place.empty())
      place += ": ";
    if (!place.empty() || !run.print)
      text += fmt::format("{}{}, C order, {}\n", place, result.type().str(),
                          formatBytes(double(bytesOf(result.type()))));
    if (run.print)
      text += arrayText(result) + "\n";
  }
  if (outcome.time)
    text += outcome.time->str();
  if (run.timePasses)
    text += passTable(outcome.executable->times);
  if (outcome.agrees())
    for (size_t i = 0; i < outcome.checks.size(); ++i)
      text += outcome.checks[i].summary(outcome.resultName(i)) + "\n";
  return text;
}

static void writeCheck(JsonWriter &json, const CheckResult &check) {
  json.beginObject();
  json.key("agrees").boolean(check.agrees());
  json.key("exact").boolean(check.exact);
  json.key("elements").integer(check.elements);
  json.key("wrong").integer(check.wrong);
  json.key("worst_index").integers(check.index);
  json.key("worst_value").string(check.got);
  json.key("worst_expected").string(check.expected);
  json.key("worst_difference").number(check.difference);
  json.key("worst_bound").number(check.bound);
  json.endObject();
}

static void writeResult(JsonWriter &json, const RunFlags &run, const Outcome &outcome, size_t i) {
  const TensorType &type = outcome.results[i].type();
  json.key("dtype").string(shortName(type.dtype));
  json.key("shape").integers(type.shape);
  json.key("order").string("C");
  json.key("bytes").integer(bytesOf(type));
  if (run.print)
    json.key("data").raw(arrayJson(outcome.results[i]));
}

static void writeCheckOf(JsonWriter &json, const Outcome &outcome, size_t i) {
  if (i >= outcome.checks.size())
    return;
  json.key("check");
  writeCheck(json, outcome.checks[i]);
}

std::string outcomeJson(const Job &job, const RunFlags &run, const Outcome &outcome) {
  JsonWriter json;
  json.beginObject();
  json.key(job.kind).string(job.text);
  json.key("output");
  if (run.output.empty())
    json.null();
  else
    json.string(run.output);
  const bool isList = job.kind != "equation";
  if (isList) {
    json.key("results").beginArray();
    for (size_t i = 0; i < outcome.results.size(); ++i) {
      json.beginObject();
      writeResult(json, run, outcome, i);
      writeCheckOf(json, outcome, i);
      json.endObject();
    }
    json.endArray();
  } else {
    writeResult(json, run, outcome, 0);
  }
  if (outcome.time) {
    json.key("time");
    outcome.time->write(json);
  }
  if (run.timePasses) {
    json.key("passes_ms").beginObject();
    for (auto &[name, milliseconds] : outcome.executable->times.stages)
      json.key(name).number(milliseconds);
    json.endObject();
  }
  if (!isList)
    writeCheckOf(json, outcome, 0);
  json.key("plan");
  writePlan(json, outcome.executable->plan);
  json.endObject();
  return json.finish();
}

} // namespace ricci::driver
