//===- c_api_build.cpp - the C API's object files -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/api/object.h"

using namespace ricci;
using namespace ricci::detail;

struct ricci_object {
  BuiltObject built;
};

static Expected<BuildOptions> readBuildOptions(const ricci_build_options *given,
                                               const ricci_options *options) {
  if (Status s = notNull(given, "build"); !s)
    return std::move(s.error());
  if (given->struct_size < sizeof(size_t) || given->struct_size > 4096)
    return usageError(
        fmt::format("the build options have a struct_size of {}; RICCI_BUILD_OPTIONS_INIT sets it",
                    given->struct_size));
  ricci_build_options known = RICCI_BUILD_OPTIONS_INIT; // older callers have fewer fields
  std::memcpy(&known, given, std::min(given->struct_size, sizeof known));
  if (Status s = notNull(known.name, "name"); !s)
    return std::move(s.error());
  if (Status s = notNull(known.cpus, "cpus"); !s && known.cpu_count > 0)
    return std::move(s.error());
  if (Status s = checkCount(known.cpu_count, "cpus"); !s)
    return std::move(s.error());
  Expected<EinsumOptions> compile = readOptions(options, false);
  if (!compile)
    return std::move(compile.error());
  BuildOptions build;
  static_cast<ProgramOptions &>(build) = *compile;
  build.name = known.name;
  for (size_t i = 0; i < known.cpu_count; ++i) {
    if (!known.cpus[i])
      return usageError(fmt::format("'cpus[{}]' is null", i));
    build.cpus.emplace_back(known.cpus[i]);
  }
  build.parallel = known.parallel != 0;
  return build;
}

ricci_status ricci_build(const char *program, const ricci_object_parameter *parameters,
                         size_t count, const ricci_options *options,
                         const ricci_build_options *build, ricci_object **object,
                         ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(program, "program"); !s)
      return s;
    if (Status s = notNull(parameters, "parameters"); !s && count > 0)
      return s;
    if (Status s = notNull(object, "object"); !s)
      return s;
    if (Status s = checkCount(count, "parameters"); !s)
      return s;
    Expected<BuildOptions> read = readBuildOptions(build, options);
    if (!read)
      return std::move(read.error());
    std::vector<ObjectParameter> list;
    for (size_t i = 0; i < count; ++i) {
      if (!parameters[i].name || !parameters[i].spec)
        return usageError(fmt::format("the name or spec of parameter {} is null", i + 1));
      Expected<ObjectParameter> parameter =
          parseObjectParameter(parameters[i].name, parameters[i].spec, read->size);
      if (!parameter)
        return std::move(parameter.error());
      list.push_back(std::move(*parameter));
    }
    return give(try_build(program, list, *read), object);
  });
}

const void *ricci_object_bytes(const ricci_object *object, size_t *size) {
  if (size)
    *size = object ? object->built.object.size() : 0;
  return object ? object->built.object.data() : nullptr;
}
const char *ricci_object_header(const ricci_object *object) {
  return object ? object->built.header.c_str() : nullptr;
}
const char *ricci_object_declaration(const ricci_object *object) {
  return object ? object->built.declaration.c_str() : nullptr;
}
int64_t ricci_object_arena_bytes(const ricci_object *object, int64_t n) {
  return object ? object->built.arenaBytes.at(n) : 0;
}
int64_t ricci_object_worker_bytes(const ricci_object *object, int64_t n) {
  return object ? object->built.workerBytes.at(n) : 0;
}

ricci_status ricci_object_save(const ricci_object *object, const char *prefix,
                               ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (Status s = notNull(object, "object"); !s)
      return s;
    if (Status s = notNull(prefix, "prefix"); !s)
      return s;
    return try_save_object(prefix, object->built);
  });
}

void ricci_object_free(ricci_object *object) { delete object; }
