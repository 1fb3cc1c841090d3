//===- cache.cpp - ricci cache ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/cache_text.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"

#include "runtime/format.h"
#include "runtime/utf8.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace ricci::driver {

std::string cacheSummary(const CacheState &state) {
  if (state.location.path.empty())
    return fmt::format("off: {}", state.location.whyOff);
  if (state.problem)
    return fmt::format("not used: {}", state.problem->message);
  auto isProgram = [](const CacheEntry &entry) { return entry.isProgram; };
  const size_t all = state.entries.size();
  const size_t programs =
      size_t(std::count_if(state.entries.begin(), state.entries.end(), isProgram));
  auto count = [](size_t n, std::string_view what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  return fmt::format("{} and {}, {} of {}, in {}", count(programs, "program"),
                     count(all - programs, "kernel"), formatBytes(double(state.bytes)),
                     formatBytes(double(state.location.limit)), state.location.path);
}

namespace {

struct CacheArguments {
  std::string action = "list";
  bool json = false;
};

std::string timeText(int64_t nanoseconds, const char *format) {
  const std::time_t seconds = std::time_t(nanoseconds / 1'000'000'000);
  return fmt::format(fmt::runtime(format), fmt::gmtime(seconds));
}

std::string listText(const CacheState &state) {
  std::string text;
  if (!state.entries.empty())
    text = "kind     last use (UTC)            size  what\n";
  for (const CacheEntry &entry : state.entries)
    text += fmt::format("{:<7}  {}  {:>9}  {}\n", entry.isProgram ? "program" : "kernel",
                        timeText(entry.lastUse, "{:%Y-%m-%d %H:%M:%S}"),
                        formatBytes(double(entry.bytes)), elide(printable(entry.title), 70));
  return text + printable(cacheSummary(state)) + "\n";
}

void writePlace(JsonWriter &json, const CacheState &state) {
  json.key("folder");
  if (state.location.path.empty())
    json.null();
  else
    json.string(state.location.path);
  json.key("limit_bytes").integer(state.location.limit);
}

std::string listJson(const CacheState &state) {
  JsonWriter json;
  json.beginObject();
  writePlace(json, state);
  json.key("bytes").integer(state.bytes);
  json.key("entries").beginArray();
  for (const CacheEntry &entry : state.entries) {
    json.beginObject();
    json.key("kind").string(entry.isProgram ? "program" : "kernel");
    json.key("file").string(entry.file);
    json.key("bytes").integer(entry.bytes);
    json.key("last_use").string(timeText(entry.lastUse, "{:%Y-%m-%dT%H:%M:%SZ}"));
    json.key("what").string(entry.title);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.finish();
}

Expected<std::string> list(bool asJson) {
  const CacheState state = inspectDiskCache();
  if (state.problem)
    return *state.problem;
  return asJson ? listJson(state) : listText(state);
}

Expected<std::string> clear(bool asJson) {
  Expected<std::vector<CacheFile>> removed = clearDiskCache();
  if (!removed)
    return std::move(removed.error());
  int64_t bytes = 0;
  for (const CacheFile &file : *removed)
    bytes += file.bytes;
  const size_t count = removed->size();
  const CacheLocation location = cacheLocation();
  if (!asJson)
    return location.path.empty()
               ? fmt::format("off: {}\n", location.whyOff)
               : fmt::format("removed {} file{}, {}, from {}\n", count, count == 1 ? "" : "s",
                             formatBytes(double(bytes)), printable(location.path));
  JsonWriter json;
  json.beginObject();
  writePlace(json, {location, {}, {}, 0});
  json.key("removed").integer(int64_t(count));
  json.key("removed_bytes").integer(bytes);
  json.endObject();
  return json.finish();
}

Expected<std::string> path(bool asJson) {
  const CacheLocation location = cacheLocation();
  if (asJson) {
    JsonWriter json;
    json.beginObject();
    writePlace(json, {location, {}, {}, 0});
    json.endObject();
    return json.finish();
  }
  if (location.path.empty())
    return machineError(fmt::format("there is no cache on disk: {}", location.whyOff));
  return location.path + "\n";
}

int runCache(const CacheArguments &arguments) {
  Expected<std::string> text = arguments.action == "list"    ? list(arguments.json)
                               : arguments.action == "clear" ? clear(arguments.json)
                                                             : path(arguments.json);
  if (!text)
    return report(text.error());
  Status s = writeStdout(*text);
  return s ? int(kFine) : report(s.error());
}

} // namespace

Command addCacheCommand(CLI::App &app) {
  auto arguments = std::make_shared<CacheArguments>();
  CLI::App *command = app.add_subcommand("cache", "Show or empty the cache of compiled programs");
  command->footer(R"help(Examples:
  ricci cache               what is in it, the last used first
  ricci cache clear         remove all of it
  ricci cache path          the folder: RICCI_CACHE_DIR, else $XDG_CACHE_HOME/ricci or ~/.cache/ricci
  RICCI_CACHE_DIR=off ricci einsum "ij,jk->ik" a.npy b.npy      neither read nor write it
)help");
  command
      ->add_option_function<std::string>(
          "ACTION",
          [arguments](const std::string &text) {
            if (text != "list" && text != "clear" && text != "path")
              throw CLI::ValidationError("ACTION",
                                         fmt::format("'{}' is none of list, clear and path", text));
            arguments->action = text;
          },
          "list (as without it), clear or path")
      ->type_name("");
  command->add_flag("--json", arguments->json, "Print the same facts as JSON");
  return {command, [arguments] { return runCache(*arguments); }};
}

} // namespace ricci::driver
