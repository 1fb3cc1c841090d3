//===- unicode.h - which characters are labels and names --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>

namespace ricci {

/// `value` must be a Unicode scalar value.
std::string encodeUtf8(char32_t value);

/// Whether the general category is L: Lu, Ll, Lt, Lm or Lo.
bool isLetter(char32_t value);

/// Whether a character beyond ASCII that is no letter may stand inside a name, as in Python.
bool continuesName(char32_t value);

/// How a message shows one character of a source text: `'$'`, `'\t'`, `'\x01'`, `U+2192`. Only
/// ASCII is shown as itself, so no message holds a control character or changes a terminal's
/// direction.
std::string quoteCharacter(char32_t value);

} // namespace ricci
