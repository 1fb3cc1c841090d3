//===- plan_json.cpp - a plan as JSON -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/plan_json.h"

namespace ricci {

void writePlan(JsonWriter &json, const Plan &plan) {
  json.beginObject();
  json.key("equation").string(plan.equation);
  json.key("path").beginArray();
  for (const std::vector<int64_t> &step : plan.path)
    json.integers(step);
  json.endArray();
  json.key("ordered_by").string(plan.orderedBy);
  json.key("naive_scaling").integer(plan.naiveScaling);
  json.key("optimized_scaling").integer(plan.optimizedScaling);
  json.key("naive_flops").number(plan.naiveFlops);
  json.key("flops").number(plan.optimizedFlops);
  json.key("largest_intermediate").number(plan.largestIntermediate);
  json.key("peak_bytes").integer(plan.peakBytes);
  json.key("workspace_bytes").integer(plan.workspaceBytes);
  json.key("steps").beginArray();
  for (const PlanStep &step : plan.steps) {
    json.beginObject();
    json.key("contraction").string(step.contraction);
    json.key("kernel").string(step.kernel);
    json.key("flops").number(step.flops);
    json.key("bytes").number(step.bytes);
    json.key("predicted_seconds").number(step.predictedSeconds);
    json.key("remaining").string(step.remaining);
    json.key("block_rows").integer(step.blockRows);
    json.endObject();
  }
  json.endArray();
  json.endObject();
}

std::string plan_json(const Plan &plan) {
  JsonWriter json;
  writePlan(json, plan);
  return json.finish();
}

} // namespace ricci
