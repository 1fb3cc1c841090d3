//===- mappings.h - what this process maps ------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

/// The lines of /proc/self/maps for which `wanted(mode, path)` holds.
inline std::vector<std::string>
mappings(const std::function<bool(const std::string &mode, const std::string &path)> &wanted) {
  std::vector<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, mode, offset, device, inode, path;
    words >> range >> mode >> offset >> device >> inode >> path;
    if (wanted(mode, path))
      found.push_back(line);
  }
  return found;
}

/// Memory that can be written to and run; there should never be any.
inline std::vector<std::string> writableCode() {
  return mappings([](const std::string &mode, const std::string &) {
    return mode.find('w') != std::string::npos && mode.find('x') != std::string::npos;
  });
}

inline bool mapsCompiler() {
  return !mappings([](const std::string &, const std::string &path) {
            return path.find("libricci_compiler") != std::string::npos;
          }).empty();
}
