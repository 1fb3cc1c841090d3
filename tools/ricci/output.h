//===- output.h - exit codes, diagnostics and files of the driver -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/file_replacement.h"
#include "runtime/npy.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ricci::driver {

enum ExitCode : int {
  kFine = 0,
  kInputWrong = 1,
  kUsageWrong = 2,
  kMachineLacks = 3,
  kCheckDiffers = 4,
  kDefect = 70, ///< an internal error; not one of the documented codes
};

/// Opens /dev/null on any of the descriptors 0, 1 and 2 that is closed, so that no file opened
/// later is taken for standard output, and turns a closed pipe into an error of write().
void prepareStandardStreams();

/// Prints "error: …" on stderr and returns the exit code of its kind.
int report(const Diagnostic &diagnostic);

/// Writes all of it to stdout. When the reader has gone away the process ends quietly with code 0.
Status writeStdout(std::string_view text);

/// Writes a whole file (runtime/file_replacement.h). An interrupt takes the temporary file away. A
/// device is written to as it is.
Status writeFile(const std::string &path, std::initializer_list<std::string_view> parts);

/// Writes several files, or none: all are whole before the first takes its place.
Status writeFiles(const std::vector<std::pair<std::string, std::string_view>> &files);

/// The same for an .npz.
Status writeArchive(const std::string &path, const std::vector<NpzMember> &members);

bool isTerminal(int descriptor);

/// One line of progress on stderr once a second has passed, when stderr is a terminal.
class Progress {
public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

private:
  struct State;
  State *state_ = nullptr;
};

} // namespace ricci::driver
