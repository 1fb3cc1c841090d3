//===- options.cpp - what the subcommands' options have in common -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/options.h"

#include "runtime/format.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace ricci::driver {

std::vector<Stage> parseStages(const std::string &text) {
  std::vector<Stage> stages;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string name = text.substr(begin, end - begin);
    std::optional<Stage> stage = parseStage(name);
    if (!stage)
      throw CLI::ValidationError(
          "--emit", fmt::format("there is no stage '{}'; the stages are {}", name, stageNames()));
    stages.push_back(*stage);
    begin = end + 1;
  }
  for (Stage stage : stages)
    if (isBinary(stage) && stages.size() > 1)
      throw CLI::ValidationError(
          "--emit",
          fmt::format("{} is not text and cannot be combined with other stages", stageName(stage)));
  return stages;
}

namespace {

/// A cursor over "(0,1),(0,1)", with or without brackets around it.
class PathParser {
public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::vector<int64_t>>> parse() {
    bool bracket = take('[');
    std::vector<std::vector<int64_t>> path;
    do {
      std::optional<std::vector<int64_t>> step = parseStep();
      if (!step)
        return std::nullopt;
      path.push_back(std::move(*step));
    } while (take(','));
    if (bracket && !take(']'))
      return std::nullopt;
    skipSpace();
    if (position_ != text_.size())
      return std::nullopt;
    return path;
  }

private:
  void skipSpace() {
    while (position_ < text_.size() && text_[position_] == ' ')
      ++position_;
  }
  bool take(char c) {
    skipSpace();
    if (position_ == text_.size() || text_[position_] != c)
      return false;
    ++position_;
    return true;
  }
  std::optional<std::vector<int64_t>> parseStep() {
    if (!take('('))
      return std::nullopt;
    std::vector<int64_t> step;
    do {
      skipSpace();
      if (!step.empty() && take(')'))
        return step;
      int64_t operand = 0;
      const char *end = text_.data() + text_.size();
      auto [rest, error] = std::from_chars(text_.data() + position_, end, operand);
      if (error != std::errc() || operand < 0)
        return std::nullopt;
      position_ = size_t(rest - text_.data());
      step.push_back(operand);
    } while (take(','));
    if (!take(')'))
      return std::nullopt;
    return step;
  }

  std::string_view text_;
  size_t position_ = 0;
};

} // namespace

OrderOptions parseOrder(const std::string &text) {
  OrderOptions order;
  if (text == "auto")
    return order;
  if (text == "greedy" || text == "optimal") {
    order.method = text == "greedy" ? OrderOptions::Method::Greedy : OrderOptions::Method::Optimal;
    return order;
  }
  double seconds = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && rest == text.data() + text.size() && seconds > 0 &&
      std::isfinite(seconds)) {
    order.seconds = seconds;
    return order;
  }
  std::optional<std::vector<std::vector<int64_t>>> path = PathParser(text).parse();
  if (!path)
    throw CLI::ValidationError("--optimize",
                               fmt::format("'{}' is none of auto, greedy, optimal, a number of "
                                           "seconds, and a path such as \"(0,1),(0,1)\"",
                                           text));
  order.method = OrderOptions::Method::Path;
  order.path = std::move(*path);
  return order;
}

static int64_t parseInteger(const std::string &option, const std::string &text, int64_t low,
                            int64_t high) {
  int64_t value = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || value < low || value > high)
    throw CLI::ValidationError(
        option, fmt::format("'{}' is not a whole number from {} to {}", text, low, high));
  return value;
}

void CompileFlags::addPlanOptions(CLI::App &app) {
  using Text = const std::string &;
  app.add_option_function<std::string>(
         "--optimize", [this](Text text) { options.order = parseOrder(text); },
         "Order of contractions: auto, greedy, optimal, seconds to search, or a path "
         "\"(0,1),(0,1)\"")
      ->type_name("HOW");
  app.add_option_function<std::string>(
         "--memory-limit",
         [this](Text text) {
           options.memoryLimit = parseByteCount(text);
           if (!options.memoryLimit)
             throw CLI::ValidationError(
                 "--memory-limit", fmt::format("'{}' is not a number of bytes, such as 1000000, "
                                               "512K, 64M or 2G",
                                               text));
         },
         "Refuse what needs more memory; K, M and G are powers of 1024")
      ->type_name("BYTES");
  app.add_option("--cpu", options.cpu,
                 "Compile for native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows")
      ->type_name("NAME");
  app.add_flag("--json", json, "Print the same facts as JSON");
}

void CompileFlags::addRunOptions(CLI::App &app) {
  using Text = const std::string &;
  addPlanOptions(app);
  app.add_option_function<std::string>(
         "--device",
         [this](Text text) {
           Expected<Device> device = parseDevice(text);
           if (!device)
             throw CLI::ValidationError("--device", device.error().message);
           options.device = *device;
         },
         "Where to run: cpu, cuda, cuda:N, or reference (a naive interpreter)")
      ->type_name("NAME");
  app.add_option("--arch", options.arch,
                 "Compile for this GPU, such as sm_90a (default: that of the GPU, else sm_80)")
      ->type_name("NAME");
  app.add_flag("--tf32", options.allowTf32,
               "On a GPU, let contractions of f32 round their operands to 11 bits");
  app.add_option_function<std::string>(
         "--threads",
         [this](Text text) { threads = int(parseInteger("--threads", text, 1, 4096)); },
         "Threads to run on (default: RICCI_THREADS, else every CPU)")
      ->type_name("N");
  app.add_option_function<std::string>(
         "--seed",
         [this](Text text) { seed = uint64_t(parseInteger("--seed", text, 0, INT64_MAX)); },
         "Seed of the data of SPEC operands (default 0)")
      ->type_name("N");
  app.add_option("--print-ir-after", options.printIrAfter,
                 "Print the IR after this pass, or after all of them, to stderr")
      ->type_name("PASS|all");
  app.add_flag_function(
      "--no-cache", [this](int64_t) { options.diskCache = false; },
      "Compile anew, without the cache on disk");
}

std::string guardText(const std::string &argument, bool mayBeProgram) {
  constexpr char kGuard = '\x1f';
  if (argument.starts_with("->"))
    return kGuard + argument;
  if (!mayBeProgram || !argument.starts_with('-') || argument.starts_with("--"))
    return argument;
  // "-o" and "-h" are options, "-o * 2" is none.
  bool isOption = argument.size() > 1 && (argument[1] == 'o' || argument[1] == 'h') &&
                  argument.find_first_of(" (") == std::string::npos;
  return isOption ? argument : kGuard + argument;
}

std::string withoutGuards(std::string text) {
  size_t at = 0;
  while ((at = text.find("\x1f-", at)) != std::string::npos)
    text.erase(at, 1);
  return text;
}

void EinsumArguments::add(CLI::App &app) {
  using Text = const std::string &;
  app.add_option_function<std::string>(
         "EQUATION", [this](Text text) { equation = withoutGuards(text); },
         "Einsum equation, as in NumPy: \"ij,jk->ik\"")
      ->required()
      ->type_name("");
  app.add_option_function<std::vector<std::string>>(
         "OPERAND",
         [this](const std::vector<std::string> &texts) {
           for (Text text : texts)
             operands.push_back(withoutGuards(text));
         },
         "x.npy, x.npz:name, bf16:x.npy (its items are bfloat16), or a type with "
         "random data: \"f32[64,32]\"")
      ->required()
      ->type_name("");
}

namespace {
class ExamplesFirst : public CLI::Formatter {
public:
  std::string make_help(const CLI::App *app, std::string name,
                        CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub)
      return CLI::Formatter::make_help(app, name, mode);
    return app->get_footer() + "\n" + CLI::Formatter::make_help(app, name, mode);
  }

  std::string make_footer(const CLI::App *app) const override {
    if (app->get_parent())
      return "";
    return "Exit codes: 0 fine, 1 the input is wrong, 2 wrong usage, 3 the machine lacks "
           "something, 4 "
           "--check\nfound a difference.\n";
  }

  /// The value's name alone; CLI11 adds what an option requires and excludes.
  std::string make_option_opts(const CLI::Option *option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }
};
} // namespace

std::shared_ptr<CLI::Formatter> helpFormatter() {
  auto formatter = std::make_shared<ExamplesFirst>();
  formatter->column_width(28);
  return formatter;
}

} // namespace ricci::driver
