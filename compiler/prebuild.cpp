//===- prebuild.cpp - compiles shared functions when the project is built -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   ricci_prebuild FOLDER    writes prebuilt.bin, the code, and prebuilt.inc, the table of it
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/shared_functions.h"
#include "compiler/ir/context.h"

#include <fmt/format.h>

#include <fstream>
#include <map>

using namespace ricci;

namespace {

Expected<Image> compile(mlir::MLIRContext &context, const SharedFunction &function,
                        const Target &target) {
  mlir::OwningOpRef<mlir::ModuleOp> module = emitShared(context, function, target);
  if (failed(lowerLoopsToLLVM(*module, target)))
    return internalError("it cannot be lowered");
  auto optimized = translateAndOptimize(*module, target);
  if (!optimized)
    return std::move(optimized.error());
  auto object = emitObject(*optimized->module, target);
  if (!object)
    return std::move(object.error());
  return linkImage(*object);
}

Status prebuild(const std::string &folder) {
  std::map<std::pair<std::string, std::string>, Image> images; // by level and name
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  for (const char *level : kPrebuiltLevels) {
    auto target = resolveTarget(level);
    if (!target)
      return std::move(target.error());
    for (const SharedFunction &function : sharedFunctions(**target)) {
      auto image = compile(*context, function, **target);
      if (!image)
        return internalError(
            fmt::format("{} for {}: {}", function.name, level, image.error().message));
      images.emplace(std::pair(level, function.name), std::move(*image));
    }
  }
  std::ofstream code(folder + "/prebuilt.bin", std::ios::binary);
  std::ofstream table(folder + "/prebuilt.inc");
  size_t at = 0;
  for (const auto &[key, image] : images) {
    table << fmt::format("{{\"{}\", \"{}\", {}, {}, {}}},\n", key.second, key.first, at,
                         image.bytes.size(), image.entry);
    code.write(reinterpret_cast<const char *>(image.bytes.data()),
               std::streamsize(image.bytes.size()));
    at += image.bytes.size();
  }
  code.close(), table.close();
  return code && table ? success() : inputError("cannot write to " + folder);
}

} // namespace

int main(int argc, char **argv) {
  Status status = argc == 2 ? prebuild(argv[1]) : usageError("usage: ricci_prebuild FOLDER");
  if (!status)
    fmt::print(stderr, "ricci_prebuild: {}\n", status.error().message);
  return status ? 0 : 1;
}
