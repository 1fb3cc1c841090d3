//===- plan.cpp - ricci.plan and ricci.emit -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/python/plan.h"
#include "frontend/spec.h"
#include "tools/python/arguments.h"
#include "tools/python/arrays.h"
#include "tools/python/errors.h"
#include "tools/python/module.h"

#include <fmt/format.h>
#include <nanobind/stl/string.h>

namespace ricci::python {

namespace {

/// A tuple is a shape (of float64), a str a type such as "f32[3,4]", the rest an operand.
TensorType typeOf(nb::handle object, size_t number) {
  if (nb::isinstance<nb::str>(object))
    return valueOrRaise(parseSpec(nb::cast<nb::str>(object).c_str()));
  if (nb::isinstance<nb::tuple>(object)) {
    TensorType type{DType::f64, {}, {}};
    for (nb::handle extent : object) {
      if (!PyIndex_Check(extent.ptr()))
        raise(PyExc_TypeError, fmt::format("operand {} is a tuple, so a shape, but holds {}",
                                           number, Py_TYPE(extent.ptr())->tp_name));
      type.shape.push_back(PyNumber_AsSsize_t(extent.ptr(), PyExc_OverflowError));
      if (PyErr_Occurred())
        nb::raise_python_error();
    }
    type.strides = contiguousStrides(type.shape);
    return type;
  }
  return operandType(asArray(object), number);
}

struct Request {
  Call call;
  std::vector<TensorType> operands;
  EinsumOptions options;
};

Request parseRequest(const nb::args &args, nb::handle optimize, nb::handle memoryLimit,
                     nb::handle device) {
  std::vector<PyObject *> arguments;
  for (nb::handle argument : args)
    arguments.push_back(argument.ptr());
  Request request{parseCall(arguments), {}, {}};
  Keywords keywords;
  keywords.optimize = optimize.ptr();
  keywords.memoryLimit = memoryLimit.ptr();
  keywords.device = device.ptr();
  request.options = parseOptions(keywords);
  checkPath(request.options.order, request.call.operands.size());
  for (nb::handle operand : request.call.operands)
    request.operands.push_back(typeOf(operand, request.operands.size() + 1));
  return request;
}

nb::object plan(const nb::args &args, nb::object optimize, nb::object memoryLimit,
                nb::object device) {
  Request request = parseRequest(args, optimize, memoryLimit, device);
  Expected<Plan> found = [&] {
    nb::gil_scoped_release release;
    return plan_einsum(request.call.equation(), request.operands, request.options);
  }();
  return planObject(valueOrRaise(std::move(found)));
}

nb::object emit(const nb::args &args, const std::string &stage, nb::object optimize,
                nb::object memoryLimit, nb::object device) {
  const Stage parsed = stageOf(stage);
  Request request = parseRequest(args, optimize, memoryLimit, device);
  Expected<std::string> found = [&] {
    nb::gil_scoped_release release;
    return emit_einsum(request.call.equation(), request.operands, request.options, parsed);
  }();
  return stageObject(parsed, valueOrRaise(std::move(found)));
}

} // namespace

nb::object planObject(const Plan &plan) {
  nb::list path, steps;
  for (const std::vector<int64_t> &step : plan.path) {
    nb::list positions;
    for (int64_t position : step)
      positions.append(position);
    path.append(nb::tuple(positions));
  }
  for (const PlanStep &step : plan.steps) {
    nb::dict row;
    row["contraction"] = step.contraction;
    row["kernel"] = step.kernel;
    row["flops"] = step.flops;
    row["bytes"] = step.bytes;
    row["predicted_seconds"] = step.predictedSeconds;
    row["remaining"] = step.remaining;
    row["block_rows"] = step.blockRows;
    steps.append(row);
  }
  nb::dict facts;
  facts["equation"] = plan.equation;
  facts["path"] = path;
  facts["ordered_by"] = plan.orderedBy;
  facts["flops"] = plan.optimizedFlops;
  facts["naive_flops"] = plan.naiveFlops;
  facts["scaling"] = plan.optimizedScaling;
  facts["naive_scaling"] = plan.naiveScaling;
  facts["largest_intermediate"] = plan.largestIntermediate;
  facts["peak_bytes"] = plan.peakBytes;
  facts["workspace_bytes"] = plan.workspaceBytes;
  facts["slices"] = 1;
  facts["steps"] = steps;
  return nb::module_::import_("ricci._plan").attr("Plan")(plan.str(), **facts);
}

Stage stageOf(const std::string &name) {
  std::optional<Stage> stage = parseStage(name);
  if (!stage)
    raise(usageError(fmt::format("there is no stage '{}'; the stages are {}", name, stageNames())));
  return *stage;
}

nb::object stageObject(Stage stage, const std::string &text) {
  if (isBinary(stage))
    return nb::bytes(text.data(), text.size());
  return nb::str(text.data(), text.size());
}

void addPlan(nb::module_ &module) {
  using namespace nb::literals;
  module.def("plan", &plan, "args"_a, "optimize"_a = "auto", "memory_limit"_a = nb::none(),
             "device"_a = nb::none(), R"(What the compiler decides for einsum(*args), as a Plan.

An operand is an array, a shape as a tuple (float64 is assumed), or a type such as "f32[128,64]".
The keywords are those of einsum. Nothing is run.)");
  module.def("emit", &emit, "args"_a, "stage"_a = "kernels", "optimize"_a = "auto",
             "memory_limit"_a = nb::none(), "device"_a = nb::none(),
             R"(The program for einsum(*args) at one stage of compilation.

stage: "ast", "tensor", "ordered", "kernels", "loops", "llvm", "asm", or "obj" (an object file, as
    bytes; the others are text); for a GPU "cuda", "ptx" or "cubin" (bytes).
Operands are those of plan.)");
}

} // namespace ricci::python
