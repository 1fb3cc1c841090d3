//===- c_api.cpp - the C API ---------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/api/ricci.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace ricci;
using namespace ricci::detail;

struct ricci_function {
  Function function;
};

namespace {

/// The time for the search and the explicit path, of which there is at most one.
Status readSearch(const ricci_options &known, OrderOptions &order) {
  const bool seconds = known.search_seconds != 0, path = known.path_steps != 0;
  if (!seconds && !path)
    return success();
  if (order.method != OrderOptions::Method::Auto || (seconds && path))
    return usageError("'order', 'search_seconds' and 'path' exclude each other");
  if (seconds) {
    if (!(known.search_seconds > 0) || !std::isfinite(known.search_seconds))
      return usageError(
          fmt::format("'search_seconds' is {}, not a positive number", known.search_seconds));
    order.seconds = known.search_seconds;
    return success();
  }
  if (!known.path || !known.path_lengths)
    return usageError("'path' or 'path_lengths' is null");
  if (Status s = checkCount(known.path_steps, "steps of a path"); !s)
    return s;
  order.method = OrderOptions::Method::Path;
  const int64_t *next = known.path;
  for (size_t step = 0; step < known.path_steps; ++step) {
    order.path.emplace_back(next, next + known.path_lengths[step]);
    next += known.path_lengths[step];
  }
  return success();
}

} // namespace

Expected<EinsumOptions> ricci::detail::readOptions(const ricci_options *given, bool mayAccumulate) {
  EinsumOptions options;
  if (!given)
    return options;
  if (given->struct_size < sizeof(size_t) || given->struct_size > 4096)
    return usageError(fmt::format(
        "the options have a struct_size of {}; RICCI_OPTIONS_INIT sets it", given->struct_size));
  ricci_options known = RICCI_OPTIONS_INIT; // older callers have fewer fields
  std::memcpy(&known, given, std::min(given->struct_size, sizeof known));
  Expected<Device> device = parseDevice(known.device ? known.device : "cpu");
  if (!device)
    return std::move(device.error());
  options.device = *device;
  options.deviceIsFixed = known.device != nullptr;
  if (known.cpu)
    options.cpu = known.cpu;
  if (known.arch)
    options.arch = known.arch;
  const std::string_view order = known.order ? known.order : "auto";
  if (order == "greedy")
    options.order.method = OrderOptions::Method::Greedy;
  else if (order == "optimal")
    options.order.method = OrderOptions::Method::Optimal;
  else if (order != "auto")
    return usageError(
        fmt::format("there is no order '{}'; the orders are auto, greedy and optimal", order));
  if (known.memory_limit != 0)
    options.memoryLimit = known.memory_limit;
  if (known.accumulate && !mayAccumulate)
    return usageError("'accumulate' is for ricci_einsum_into and ricci_einsum_scaled_into alone");
  options.accumulate = known.accumulate != 0;
  options.diskCache = !known.no_disk_cache;
  options.fuse = !known.no_fusion;
  options.allowTf32 = known.allow_tf32 != 0;
  if (Status s = readSearch(known, options.order); !s)
    return std::move(s.error());
  return options;
}

namespace {

const Alpha kOne = int64_t(1);

Expected<Alpha> readAlpha(ricci_dtype dtype, const void *alpha) {
  if (Status s = notNull(alpha, "alpha"); !s)
    return std::move(s.error());
  auto read = [&](auto number) {
    std::memcpy(&number, alpha, sizeof number); // the caller's may be aligned for less
    return Alpha(number);
  };
  switch (dtype) {
  case RICCI_I64:
    return read(int64_t());
  case RICCI_F64:
    return read(double());
  case RICCI_C128:
    return read(std::complex<double>());
  default:
    return usageError("'alpha_dtype' is none of RICCI_I64, RICCI_F64 and RICCI_C128");
  }
}

Status einsumNew(const char *equation, const ricci_tensor *const *operands, size_t count,
                 const Alpha &alpha, const ricci_options *options, ricci_tensor **result) {
  if (Status s = notNull(equation, "equation"); !s)
    return s;
  if (Status s = notNull(result, "result"); !s)
    return s;
  Expected<std::vector<Tensor>> inputs = tensors(operands, count, "operands");
  if (!inputs)
    return std::move(inputs.error());
  Expected<EinsumOptions> read = readOptions(options, false);
  if (!read)
    return std::move(read.error());
  read->alpha = alpha;
  return give(try_einsum(equation, *inputs, *read), result);
}

Status einsumInto(const char *equation, const ricci_tensor *const *operands, size_t count,
                  const Alpha &alpha, const ricci_options *options, const ricci_tensor *out) {
  if (Status s = notNull(equation, "equation"); !s)
    return s;
  if (Status s = notNull(out, "out"); !s)
    return s;
  Expected<std::vector<Tensor>> inputs = tensors(operands, count, "operands");
  if (!inputs)
    return std::move(inputs.error());
  Expected<EinsumOptions> read = readOptions(options, true);
  if (!read)
    return std::move(read.error());
  read->alpha = alpha;
  Tensor output = out->tensor;
  return try_einsum_into(equation, *inputs, output, *read);
}

Expected<std::vector<Parameter>> readParameters(const ricci_parameter *parameters, size_t count) {
  if (Status s = notNull(parameters, "parameters"); !s && count > 0)
    return std::move(s.error());
  if (Status s = checkCount(count, "parameters"); !s)
    return std::move(s.error());
  std::vector<Parameter> list;
  for (size_t i = 0; i < count; ++i) {
    const ricci_parameter &given = parameters[i];
    if (!given.name)
      return usageError(fmt::format("the name of parameter {} is null", i + 1));
    Expected<TensorType> type = makeType(given.dtype, given.rank, given.shape, given.strides);
    if (!type) {
      type.error().message = fmt::format("argument '{}': {}", given.name, type.error().message);
      return std::move(type.error());
    }
    list.push_back({given.name, std::move(*type)});
  }
  return list;
}

struct EinsumTypes {
  std::vector<TensorType> operands;
  EinsumOptions options;
};

/// What plans and stages of an einsum take.
Expected<EinsumTypes> readEinsumTypes(const char *equation, const ricci_parameter *operands,
                                      size_t count, const ricci_options *options) {
  if (Status s = notNull(equation, "equation"); !s)
    return std::move(s.error());
  if (Status s = notNull(operands, "operands"); !s && count > 0)
    return std::move(s.error());
  if (Status s = checkCount(count, "operands"); !s)
    return std::move(s.error());
  EinsumTypes read;
  for (size_t i = 0; i < count; ++i) {
    const ricci_parameter &given = operands[i];
    Expected<TensorType> type = makeType(given.dtype, given.rank, given.shape, given.strides);
    if (!type) {
      type.error().message = fmt::format("operand {}: {}", i + 1, type.error().message);
      return std::move(type.error());
    }
    read.operands.push_back(std::move(*type));
  }
  Expected<EinsumOptions> given = readOptions(options, false);
  if (!given)
    return std::move(given.error());
  read.options = std::move(*given);
  return read;
}

/// A plan as one of its two texts.
Status givePlan(Expected<Plan> plan, std::string (*write)(const Plan &), char **text) {
  if (Status s = notNull(text, "text"); !s)
    return s;
  if (!plan)
    return std::move(plan.error());
  return giveText(write(*plan), text, nullptr);
}

std::string planText(const Plan &plan) { return plan.str(); }

Status planFunction(const ricci_function *function, std::string (*write)(const Plan &),
                    char **text) {
  if (Status s = notNull(function, "function"); !s)
    return s;
  if (Status s = notNull(text, "text"); !s)
    return s;
  return givePlan(function->function.try_plan(), write, text);
}

Status planEinsum(const char *equation, const ricci_parameter *operands, size_t count,
                  const ricci_options *options, std::string (*write)(const Plan &), char **text) {
  Expected<EinsumTypes> read = readEinsumTypes(equation, operands, count, options);
  if (!read)
    return std::move(read.error());
  if (Status s = notNull(text, "text"); !s)
    return s;
  return givePlan(plan_einsum(equation, read->operands, read->options), write, text);
}

Status checkFunction(const ricci_function *function) { return notNull(function, "function"); }

} // namespace

const char *ricci_version(void) { return RICCI_VERSION; }

// Errors

ricci_status ricci_error_status(const ricci_error *error) {
  return error ? statusOf(error->diagnostic.kind) : RICCI_OK;
}
const char *ricci_error_message(const ricci_error *error) {
  return error ? error->diagnostic.message.c_str() : "";
}
const char *ricci_error_text(const ricci_error *error) { return error ? error->text.c_str() : ""; }
const char *ricci_error_source(const ricci_error *error) {
  return error ? error->diagnostic.source.c_str() : "";
}
size_t ricci_error_span_count(const ricci_error *error) {
  return error ? error->diagnostic.spans.size() : 0;
}
void ricci_error_span(const ricci_error *error, size_t index, size_t *begin, size_t *end) {
  Span span;
  if (index < ricci_error_span_count(error))
    span = error->diagnostic.spans[index];
  if (begin)
    *begin = span.begin;
  if (end)
    *end = span.end;
}
void ricci_error_free(ricci_error *error) { delete error; }

// Compiling and running

ricci_status ricci_einsum(const char *equation, const ricci_tensor *const *operands, size_t count,
                          const ricci_options *options, ricci_tensor **result,
                          ricci_error **error) {
  return guarded(error,
                 [&] { return einsumNew(equation, operands, count, kOne, options, result); });
}

ricci_status ricci_einsum_scaled(const char *equation, const ricci_tensor *const *operands,
                                 size_t count, ricci_dtype alpha_dtype, const void *alpha,
                                 const ricci_options *options, ricci_tensor **result,
                                 ricci_error **error) {
  return guarded(error, [&]() -> Status {
    Expected<Alpha> factor = readAlpha(alpha_dtype, alpha);
    if (!factor)
      return std::move(factor.error());
    return einsumNew(equation, operands, count, *factor, options, result);
  });
}

ricci_status ricci_einsum_into(const char *equation, const ricci_tensor *const *operands,
                               size_t count, const ricci_options *options, const ricci_tensor *out,
                               ricci_error **error) {
  return guarded(error, [&] { return einsumInto(equation, operands, count, kOne, options, out); });
}

ricci_status ricci_einsum_scaled_into(const char *equation, const ricci_tensor *const *operands,
                                      size_t count, ricci_dtype alpha_dtype, const void *alpha,
                                      const ricci_options *options, const ricci_tensor *out,
                                      ricci_error **error) {
  return guarded(error, [&]() -> Status {
    Expected<Alpha> factor = readAlpha(alpha_dtype, alpha);
    if (!factor)
      return std::move(factor.error());
    return einsumInto(equation, operands, count, *factor, options, out);
  });
}

ricci_status ricci_compile(const char *program, const ricci_parameter *parameters, size_t count,
                           const ricci_options *options, ricci_function **function,
                           ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(program, "program"); !s)
      return s;
    if (Status s = notNull(function, "function"); !s)
      return s;
    Expected<std::vector<Parameter>> list = readParameters(parameters, count);
    if (!list)
      return std::move(list.error());
    Expected<EinsumOptions> read = readOptions(options, false);
    if (!read)
      return std::move(read.error());
    return give(try_compile(program, *list, *read), function);
  });
}

void ricci_function_free(ricci_function *function) { delete function; }

size_t ricci_function_parameter_count(const ricci_function *function) {
  return function ? function->function.parameters().size() : 0;
}
size_t ricci_function_result_count(const ricci_function *function) {
  return function ? function->function.results().size() : 0;
}

ricci_status ricci_function_result_type(const ricci_function *function, size_t index,
                                        ricci_dtype *dtype, int32_t *rank, const int64_t **shape,
                                        ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    const std::vector<TensorType> &results = function->function.results();
    if (index >= results.size())
      return usageError(
          fmt::format("there is no result {}; the function has {}", index, results.size()));
    if (dtype)
      *dtype = ricci_dtype(results[index].dtype);
    if (rank)
      *rank = int32_t(results[index].rank());
    if (shape)
      *shape = results[index].shape.data();
    return success();
  });
}

ricci_status ricci_function_call(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 ricci_tensor **results, size_t result_count, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    if (Status s = notNull(results, "results"); !s)
      return s;
    const size_t count = function->function.results().size();
    if (result_count != count)
      return usageError(fmt::format("there is room for {} result{}; the function has {}",
                                    result_count, result_count == 1 ? "" : "s", count));
    Expected<std::vector<Tensor>> inputs = tensors(arguments, argument_count, "arguments");
    if (!inputs)
      return std::move(inputs.error());
    Expected<std::vector<Tensor>> outputs = function->function.try_call(*inputs);
    if (!outputs)
      return std::move(outputs.error());
    std::vector<std::unique_ptr<ricci_tensor>> handles;
    for (Tensor &output : *outputs)
      handles.push_back(std::make_unique<ricci_tensor>(ricci_tensor{std::move(output)}));
    for (size_t i = 0; i < count; ++i)
      results[i] = handles[i].release();
    return success();
  });
}

ricci_status ricci_function_into(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 const ricci_tensor *const *outputs, size_t output_count,
                                 ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    Expected<std::vector<Tensor>> inputs = tensors(arguments, argument_count, "arguments");
    if (!inputs)
      return std::move(inputs.error());
    Expected<std::vector<Tensor>> written = tensors(outputs, output_count, "outputs");
    if (!written)
      return std::move(written.error());
    return function->function.try_into(*inputs, *written);
  });
}

ricci_status ricci_function_emit(const ricci_function *function, const char *stage, char **text,
                                 size_t *size, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = checkFunction(function); !s)
      return s;
    if (Status s = notNull(stage, "stage"); !s)
      return s;
    if (Status s = notNull(text, "text"); !s)
      return s;
    return giveText(function->function.emit(stage), text, size);
  });
}

ricci_status ricci_function_plan(const ricci_function *function, char **text, ricci_error **error) {
  return guarded(error, [&] { return planFunction(function, planText, text); });
}

ricci_status ricci_function_plan_json(const ricci_function *function, char **json,
                                      ricci_error **error) {
  return guarded(error, [&] { return planFunction(function, plan_json, json); });
}

ricci_status ricci_einsum_plan(const char *equation, const ricci_parameter *operands, size_t count,
                               const ricci_options *options, char **text, ricci_error **error) {
  return guarded(error,
                 [&] { return planEinsum(equation, operands, count, options, planText, text); });
}

ricci_status ricci_einsum_plan_json(const char *equation, const ricci_parameter *operands,
                                    size_t count, const ricci_options *options, char **json,
                                    ricci_error **error) {
  return guarded(error,
                 [&] { return planEinsum(equation, operands, count, options, plan_json, json); });
}

ricci_status ricci_einsum_emit(const char *equation, const ricci_parameter *operands, size_t count,
                               const ricci_options *options, const char *stage, char **text,
                               size_t *size, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    Expected<EinsumTypes> read = readEinsumTypes(equation, operands, count, options);
    if (!read)
      return std::move(read.error());
    if (Status s = notNull(stage, "stage"); !s)
      return s;
    if (Status s = notNull(text, "text"); !s)
      return s;
    const std::optional<Stage> known = parseStage(stage);
    if (!known)
      return usageError(
          fmt::format("there is no stage '{}'; the stages are {}", stage, stageNames()));
    Expected<std::string> emitted = emit_einsum(equation, read->operands, read->options, *known);
    if (!emitted)
      return std::move(emitted.error());
    return giveText(*emitted, text, size);
  });
}

void ricci_text_free(char *text) { std::free(text); }
