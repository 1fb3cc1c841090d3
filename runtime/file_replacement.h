//===- file_replacement.h - files that appear whole or not at all ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace ricci {

/// Fails early where `path` can't be written as a file: a directory, a missing or read-only one
/// around it, a pipe or socket. A character device can.
Status checkWritable(const std::string &path);
/// Whether `path` is there and is a character device, such as /dev/null: written to as it is.
bool isDevice(const std::string &path);
/// "PATH: cannot write: WHY", of the text that errno `error` has.
Diagnostic cannotWrite(const std::string &path, int error);
/// Writes all of `bytes`; false with errno where that fails.
bool writeAll(int descriptor, std::string_view bytes);

/// A whole file in the making: a temporary file beside the one whose place it takes. Links are
/// followed, and the mode of a file that is there is kept. The destructor removes what was not
/// committed.
class FileReplacement {
public:
  explicit FileReplacement(std::string path) : path_(std::move(path)) {}
  FileReplacement(const FileReplacement &) = delete;
  FileReplacement &operator=(const FileReplacement &) = delete;
  ~FileReplacement();

  /// Makes the temporary file, empty.
  Status create();
  /// Its name.
  const std::string &temporary() const { return temporary_; }
  Status write(std::initializer_list<std::string_view> parts);
  /// Nothing more is written; what can still fail of that fails here.
  Status close();
  /// Gives the file its name.
  Status commit();

private:
  std::string path_, target_, temporary_;
  int descriptor_ = -1;
  bool exists_ = false; ///< a file was there
  mode_t mode_ = 0;     ///< its mode
};

/// Writes several files, or none: all are whole before the first takes its place.
Status writeWhole(const std::vector<std::pair<std::string, std::string_view>> &files);

/// Writes `parts` to `path` in this way, or straight to a device.
Status writeWhole(const std::string &path, std::initializer_list<std::string_view> parts);

} // namespace ricci
