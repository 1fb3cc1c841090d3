//===- interrupt.h - ending a call early ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

namespace ricci {

/// Whether the call that this thread makes is to end. Once true, it stays so until the call has
/// returned its error.
using InterruptCheck = bool (*)();

/// Asks `check` from now on, several times a second while something is compiled or runs, on the
/// thread that has made the call; null: nobody. The Python module's looks for signals.
void setInterruptCheck(InterruptCheck check);
/// Whether there is a check.
bool interruptible();
/// Asks it, unless this thread has just done so.
bool interrupted();
/// What an interrupted call returns.
Diagnostic interruptedError();

} // namespace ricci
