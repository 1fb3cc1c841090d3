//===- build.cpp - ricci.build: programs as object files ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/object.h"
#include "tools/python/arguments.h"
#include "tools/python/arrays.h"
#include "tools/python/errors.h"
#include "tools/python/module.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace ricci::python {
namespace {

/// The texts of the two files and what `ricci.build` tells besides.
nb::object buildObject(const std::string &program, const std::string &prefix,
                       const std::optional<std::string> &name, const std::vector<std::string> &cpus,
                       bool parallel, nb::handle optimize, nb::handle memoryLimit,
                       const std::vector<std::pair<std::string, std::string>> &specs) {
  Keywords keywords;
  keywords.optimize = optimize.ptr();
  keywords.memoryLimit = memoryLimit.ptr();
  BuildOptions options;
  static_cast<ProgramOptions &>(options) = parseOptions(keywords);
  options.name = name ? *name : valueOrRaise(objectName(prefix));
  options.cpus = cpus;
  options.parallel = parallel;
  std::vector<ObjectParameter> parameters;
  for (const auto &[parameter, spec] : specs)
    parameters.push_back(valueOrRaise(parseObjectParameter(parameter, spec, options.size)));
  const BuiltObject built =
      valueOrRaise(withoutGil([&] { return try_build(program, parameters, options); }));
  auto formula = [](const SizeFormula &bytes) {
    return nb::make_tuple(bytes.constant, bytes.factor);
  };
  return nb::make_tuple(nb::bytes(built.object.data(), built.object.size()), built.header,
                        options.name, built.declaration, formula(built.arenaBytes),
                        formula(built.workerBytes));
}

} // namespace

void addBuild(nb::module_ &module) {
  using namespace nb::literals;
  module.def("build_object", &buildObject, "program"_a, "prefix"_a, "name"_a.none(), "cpus"_a,
             "parallel"_a, "optimize"_a.none(), "memory_limit"_a.none(), "specs"_a);
}

} // namespace ricci::python
