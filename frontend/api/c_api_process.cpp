//===- c_api_process.cpp - the C API's settings of the process ---------- -===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api_detail.h"
#include "frontend/api/ricci.h"

#include <fmt/format.h>

using namespace ricci;
using namespace ricci::detail;

/// Null: not even the memory for it is there.
static const std::vector<std::string> *deviceNames() noexcept {
  try {
    // For the life of the process, also while others end it.
    static const auto *names = [] {
      auto *list = new std::vector<std::string>;
      for (Device device : devices())
        list->push_back(device.str());
      return list;
    }();
    return names;
  } catch (...) {
    return nullptr;
  }
}

size_t ricci_device_count(void) {
  const auto *names = deviceNames();
  return names ? names->size() : 0;
}

const char *ricci_device_name(size_t index) {
  const auto *names = deviceNames();
  return names && index < names->size() ? (*names)[index].c_str() : nullptr;
}

ricci_status ricci_set_num_threads(int count, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    set_num_threads(count);
    return success();
  });
}

ricci_status ricci_set_thread_pool(ricci_thread_pool run, void *pool, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    set_thread_pool(run, pool);
    return success();
  });
}

ricci_status ricci_clear_cache(ricci_error **error) {
  return guarded(error, [&]() -> Status {
    clear_cache();
    return success();
  });
}

ricci_status ricci_release_memory(ricci_error **error) {
  return guarded(error, [&]() -> Status {
    release_memory();
    return success();
  });
}

ricci_status ricci_set_cache_folder(const char *path, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    set_cache_folder(path ? path : "");
    return success();
  });
}

ricci_status ricci_set_log_callback(void (*callback)(void *context, ricci_log_level level,
                                                     const char *message),
                                    void *context, ricci_log_level most, ricci_error **error) {
  return guarded(error, [&]() -> Status {
    if (most < RICCI_LOG_OFF || most > RICCI_LOG_INFO)
      return usageError(fmt::format("there is no log level {}", int(most)));
    // One for each that was ever set: another thread may be about to call the one before.
    struct Receiver {
      void (*callback)(void *context, ricci_log_level level, const char *message);
      void *context;
    };
    auto forward = [](void *to, LogLevel level, std::string_view message) {
      const auto *receiver = static_cast<const Receiver *>(to);
      receiver->callback(receiver->context, ricci_log_level(level), std::string(message).c_str());
    };
    if (callback)
      set_log_callback(forward, new Receiver{callback, context}, LogLevel(most));
    else
      set_log_callback(nullptr, nullptr);
    return success();
  });
}
