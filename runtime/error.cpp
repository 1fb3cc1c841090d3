//===- error.cpp - how diagnostics look ----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/error.h"

#include "runtime/utf8.h"

#include <algorithm>
#include <string_view>

namespace ricci {
namespace {

constexpr size_t kWindow = 96;  ///< columns of source that are shown
constexpr size_t kContext = 32; ///< of these, before the first span when the line is cut
constexpr size_t kMaxLines = 8; ///< source lines that are shown

/// A piece of a line as it is shown. Positions are bytes of the whole source.
struct Cell {
  size_t begin, end; ///< bytes
  std::string text;
  size_t width; ///< columns
  char mark = ' ';
};

struct Line {
  size_t begin, end; ///< bytes, without the line feed
};

Line lineAt(std::string_view source, size_t at) {
  size_t begin = at == 0 ? std::string_view::npos : source.rfind('\n', at - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  size_t end = source.find('\n', at);
  if (end == std::string_view::npos)
    end = source.size();
  if (end > begin && source[end - 1] == '\r' && end - 1 >= at)
    --end;
  return {begin, end};
}

/// The code points of [begin, end) as cells, each with what combines with it, and one empty cell at
/// the end for a caret there.
std::vector<Cell> makeCells(std::string_view source, size_t begin, size_t end) {
  std::vector<Cell> cells;
  const std::string_view text = source.substr(0, end);
  for (size_t at = begin; at < end;) {
    const Utf8Char c = decodeUtf8(text, at);
    // A tab keeps its one column instead of being escaped.
    std::string shown = c.code == '\t' ? " " : printableChar(text, at, c);
    const size_t width = shown[0] == '\\' ? shown.size() : size_t(displayWidth(c.code));
    at += c.bytes;
    if (width == 0 && !cells.empty()) {
      cells.back().end = at;
      cells.back().text += shown;
    } else {
      cells.push_back({at - c.bytes, at, std::move(shown), width});
    }
  }
  cells.push_back({end, end + 1, " ", 1});
  return cells;
}

void mark(std::vector<Cell> &cells, Span span) {
  char c = '^';
  for (Cell &cell : cells) {
    const bool inside = cell.begin < span.end && cell.end > span.begin;
    // The caret of an empty span goes under the character that it stands before.
    const bool atPoint =
        span.begin == span.end && cell.begin <= span.begin && span.begin < cell.end;
    if (!inside && !atPoint)
      continue;
    if (cell.mark != '^')
      cell.mark = c;
    c = '~';
  }
}

void renderLine(std::string &out, std::string_view source, Line line,
                const std::vector<Span> &spans) {
  const size_t focus = spans.empty() ? line.begin : spans.front().begin;
  // Far more bytes than the window can show; keeps the work small on a line of megabytes.
  size_t begin = focus > line.begin + 1024 ? focus - 1024 : line.begin;
  for (int i = 0; i < 3 && begin > line.begin && (source[begin] & 0xc0) == 0x80; ++i)
    ++begin;
  const size_t end = std::min(line.end, focus + 2048);

  std::vector<Cell> cells = makeCells(source, begin, end);
  for (Span span : spans)
    mark(cells, span);

  size_t first = 0, last = cells.size(); // the cells that are shown
  size_t total = 0;
  for (const Cell &cell : cells)
    total += cell.width;
  bool cutLeft = begin > line.begin, cutRight = end < line.end;
  if (cutLeft || cutRight || total > kWindow + 1) {
    size_t center = 0;
    while (center + 1 < cells.size() && cells[center].end <= focus)
      ++center;
    first = center;
    for (size_t width = 0; first > 0 && width + cells[first - 1].width <= kContext;)
      width += cells[--first].width;
    last = first;
    for (size_t width = 0; last < cells.size() && width + cells[last].width <= kWindow;)
      width += cells[last++].width;
    // Near the end of the line the room on the right goes to the left.
    if (last == cells.size() && !cutRight) {
      size_t width = 0;
      for (size_t i = first; i < last; ++i)
        width += cells[i].width;
      while (first > 0 && width + cells[first - 1].width <= kWindow)
        width += cells[--first].width;
    }
    cutLeft |= first > 0;
    cutRight |= last < cells.size();
  }

  std::string text = cutLeft ? "  …" : "  ", carets(cutLeft ? 3 : 2, ' ');
  for (size_t i = first; i < last; ++i) {
    const Cell &cell = cells[i];
    text += cell.text;
    if (cell.width > 0)
      (carets += cell.mark).append(cell.width - 1, cell.mark == ' ' ? ' ' : '~');
  }
  auto trim = [](std::string &s) { s.erase(s.find_last_not_of(' ') + 1); };
  if (cutRight)
    text += "…";
  trim(text);
  trim(carets);
  out += '\n' + text;
  if (!carets.empty())
    out += '\n' + carets;
}

} // namespace

std::string Diagnostic::render() const {
  std::string out = printable(message, /*keepLineFeeds=*/true);

  std::vector<Span> clamped;
  for (Span span : spans) {
    span.begin = std::min(span.begin, source.size());
    span.end = std::clamp(span.end, span.begin, source.size());
    clamped.push_back(span);
  }
  if (clamped.empty() && !source.empty() && source.find('\n') == std::string::npos)
    renderLine(out, source, {0, source.size()}, {});

  // One source line each, in the order in which the spans name them. A span over several lines is
  // underlined to the end of its first.
  std::vector<Line> lines;
  for (Span span : clamped) {
    const Line line = lineAt(source, span.begin);
    auto same = [&](const Line &l) { return l.begin == line.begin; };
    if (!source.empty() && std::none_of(lines.begin(), lines.end(), same) &&
        lines.size() < kMaxLines)
      lines.push_back(line);
  }
  for (const Line &line : lines) {
    std::vector<Span> here;
    for (Span span : clamped)
      if (lineAt(source, span.begin).begin == line.begin)
        here.push_back({span.begin, std::max(span.begin, std::min(span.end, line.end))});
    renderLine(out, source, line, here);
  }
  for (const std::string &note : notes)
    out += "\n  " + printable(note);
  return out;
}

} // namespace ricci
