//===- build.cpp - ricci build -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/options.h"
#include "tools/ricci/output.h"
#include "tools/ricci/run.h"

#include "frontend/api/object.h"
#include "runtime/format.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci::driver {
namespace {

struct Arguments {
  std::string program;            ///< the text, @FILE, or "-"
  std::vector<std::string> specs; ///< NAME=SPEC
  std::string prefix;
  BuildOptions options;
  CompileFlags flags;
};

std::vector<std::string> splitAtCommas(const std::string &text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Expected<std::vector<ObjectParameter>> parseSpecs(const std::vector<std::string> &specs,
                                                  std::optional<SizeArgument> &size) {
  std::vector<ObjectParameter> parameters;
  for (const std::string &argument : specs) {
    size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      return usageError(
          fmt::format("'{}' is not NAME=SPEC, such as x=f32[64,32] or x=f32[N,32]", argument));
    std::string name = argument.substr(0, equals);
    if (std::any_of(parameters.begin(), parameters.end(),
                    [&](const ObjectParameter &given) { return given.name == name; }))
      return usageError(fmt::format("'{}' is given twice", name));
    Expected<ObjectParameter> parameter =
        parseObjectParameter(std::move(name), argument.substr(equals + 1), size);
    if (!parameter)
      return std::move(parameter.error());
    parameters.push_back(std::move(*parameter));
  }
  return parameters;
}

std::string describe(const Arguments &arguments, const BuiltObject &built) {
  std::string header = arguments.prefix + ".h", object = arguments.prefix + ".o";
  if (arguments.flags.json) {
    JsonWriter json;
    json.beginObject();
    json.key("object").string(object);
    json.key("header").string(header);
    json.key("function").string(arguments.options.name);
    json.key("declaration").string(built.declaration);
    json.key("object_bytes").integer(int64_t(built.object.size()));
    for (auto [name, bytes] : {std::pair("arena_bytes", built.arenaBytes),
                               std::pair("worker_bytes", built.workerBytes)}) {
      json.key(name).beginObject();
      json.key("constant").integer(bytes.constant);
      json.key("per_size").integer(bytes.factor);
      json.endObject();
    }
    json.endObject();
    return json.finish();
  }
  return fmt::format("{}, {}, {}\n{}\n", object, formatBytes(double(built.object.size())), header,
                     built.declaration);
}

int runBuild(Arguments arguments) {
  BuildOptions &options = arguments.options;
  static_cast<ProgramOptions &>(options) = arguments.flags.options;
  if (arguments.flags.options.cpu != "native")
    options.cpus = splitAtCommas(arguments.flags.options.cpu);
  if (options.name.empty()) {
    Expected<std::string> name = objectName(arguments.prefix);
    if (!name) {
      name.error().notes.push_back("choose one with --name=NAME");
      return report(name.error());
    }
    options.name = std::move(*name);
  }
  for (const char *extension : {".o", ".h"})
    if (Status s = checkWritable(arguments.prefix + extension); !s)
      return report(s.error());
  Expected<std::string> text = readProgram(arguments.program);
  if (!text)
    return report(text.error());
  auto parameters = parseSpecs(arguments.specs, options.size);
  if (!parameters)
    return report(parameters.error());
  Expected<BuiltObject> built = [&] {
    Progress progress("compiling");
    return try_build(*text, *parameters, options);
  }();
  if (!built)
    return report(built.error());
  if (Status s = writeFiles(
          {{arguments.prefix + ".o", built->object}, {arguments.prefix + ".h", built->header}});
      !s)
    return report(s.error());
  Status s = writeStdout(describe(arguments, *built));
  return s ? int(kFine) : report(s.error());
}

} // namespace

Command addBuildCommand(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command =
      app.add_subcommand("build", "Compile a program to an object file and a C header");
  command->footer(R"help(Examples:
  ricci build "softmax(q @ k.T / 8.0, axis=-1)" "q=f32[128,64]" "k=f32[256,64]" -o scores
  ricci build 'einsum("ij,jk->ik", a, b)' "a=f32[64,32]" "b=f32[32,16]" -o product
  ricci build @layer.txt "x=f32[N,768]" "w=f32[768,768]" -o layer        N is an argument
  ricci build "gelu(x @ w)" "x=f32[N=4096,64]" "w=f32[64,64]" -o layer   tuned for about 4096
  ricci build "x @ w" "x=f32[512,512]" "w=f32[512,512]" -o product --parallel
  ricci build "exp(x)" "x=f32[1000]" -o fast_exp --cpu=x86-64,x86-64-v3,x86-64-v4
)help");
  command
      ->add_option_function<std::string>(
          "PROGRAM",
          [arguments](const std::string &text) { arguments->program = withoutGuards(text); },
          "What NumPy would compute: statements, by newline or ;, the last one the result. "
          "@FILE reads a file, - standard input")
      ->required()
      ->type_name("");
  command
      ->add_option("NAME=SPEC", arguments->specs,
                   "The type of each name of the program: \"x=f32[64,32]\". A name in place of the "
                   "first extent is an argument of the function: \"x=f32[N,32]\"")
      ->type_name("");
  command->add_option("-o,--output", arguments->prefix, "Write PREFIX.o and PREFIX.h")
      ->required()
      ->type_name("PREFIX")
      ->check([](const std::string &path) {
        return path.empty() || path.back() == '/' ? "the name is empty" : "";
      });
  command
      ->add_option("--name", arguments->options.name,
                   "The name of the function (default: PREFIX without its folder)")
      ->type_name("NAME")
      ->check([](const std::string &name) {
        Status s = checkFunctionName(name);
        return s ? std::string() : s.error().message;
      });
  command->add_flag("--parallel", arguments->options.parallel,
                    "The function takes a parallel_for, which runs its tasks on threads");
  arguments->flags.addPlanOptions(*command);
  command->get_option("--cpu")->description(
      "Compile for native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows; for several, by "
      "commas, the function chooses when it runs");
  return {command, [arguments] { return runBuild(*arguments); }};
}

} // namespace ricci::driver
