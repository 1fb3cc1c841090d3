//===- log.cpp - warnings on stderr -------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/log.h"

#include "runtime/utf8.h"

#include <cstdlib>
#include <string>
#include <unistd.h>

namespace ricci {

void warn(std::string_view message) {
  const char *log = std::getenv("RICCI_LOG");
  if (log && std::string_view(log) == "off")
    return;
  std::string line = "ricci: warning: " + printable(message) + "\n";
  // A warning that cannot be written is lost.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace ricci
