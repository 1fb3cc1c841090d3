//===- shapes.cpp - ricci shapes --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/json.h"
#include "tools/ricci/commands.h"
#include "tools/ricci/output.h"

#include "frontend/shapes.h"

namespace ricci::driver {
namespace {

struct ShapesArguments {
  std::string left, right;
  bool json = false;
};

std::string_view axisName(BroadcastReport::Axis axis) {
  switch (axis) {
  case BroadcastReport::Axis::Equal:
    return "equal";
  case BroadcastReport::Axis::Stretch:
    return "stretch";
  case BroadcastReport::Axis::Conflict:
    return "conflict";
  }
  return "";
}

std::string shapesJson(const BroadcastReport &report) {
  JsonWriter json;
  json.beginObject();
  json.key("left").integers(report.left);
  json.key("right").integers(report.right);
  json.key("axes").beginArray();
  for (BroadcastReport::Axis axis : report.axes)
    json.string(axisName(axis));
  json.endArray();
  json.key("broadcasts").boolean(report.broadcasts());
  if (report.broadcasts())
    json.key("result").integers(report.result);
  else
    json.key("result").null();
  json.endObject();
  return json.finish();
}

int runShapes(const ShapesArguments &arguments) {
  Expected<Shape> left = parseShape(arguments.left);
  if (!left)
    return report(left.error());
  Expected<Shape> right = parseShape(arguments.right);
  if (!right)
    return report(right.error());
  BroadcastReport broadcast = broadcastShapes(*left, *right);
  if (Status s = writeStdout(arguments.json ? shapesJson(broadcast) : broadcast.str()); !s)
    return report(s.error());
  return broadcast.broadcasts() ? kFine : report(broadcast.error());
}

} // namespace

Command addShapesCommand(CLI::App &app) {
  auto arguments = std::make_shared<ShapesArguments>();
  CLI::App *command = app.add_subcommand("shapes", "Show how two shapes broadcast, axis by axis");
  command->footer(R"help(Examples:
  ricci shapes "(32,512)" "(512,)"       32 rows, each with the same 512 numbers
  ricci shapes "(8,1,6)" "(7,1)"         both are stretched, to (8, 7, 6)
  ricci shapes "(3,4)" "(3,5)"           does not broadcast: the error says where
)help");
  command->add_option("LEFT", arguments->left, "A shape as Python writes it")
      ->required()
      ->type_name("");
  command->add_option("RIGHT", arguments->right, "Another")->required()->type_name("");
  command->add_flag("--json", arguments->json, "Print the same facts as JSON");
  return {command, [arguments] { return runShapes(*arguments); }};
}

} // namespace ricci::driver
