//===- tensors_only.cpp - a program that makes tensors maps no LLVM ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the names of Ricci's and LLVM's libraries that the process maps; with an argument, after
// an einsum was compiled.
//
//===----------------------------------------------------------------------===//
#include <ricci/c_api.h>
#include <ricci/dlpack.h>
#include <ricci/ricci.h>

#include <fstream>
#include <iostream>
#include <set>
#include <string>

int main(int argc, char **) {
  ricci::Tensor t = ricci::Tensor::allocate(ricci::f32, {4, 4}).value();
  ricci::Tensor back = ricci::from_dlpack(ricci::to_dlpack(t.transpose()));
  for (int i = 0; i < 16; ++i)
    t.data<float>()[i] = 1;
  ricci::save("tensors_only.npy", t);
  if (ricci::load("tensors_only.npy").size() != 16)
    return 1;
  if (argc > 1)
    ricci::einsum("ij,jk->ik", {back, t});

  std::set<std::string> names;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::string name = line.substr(line.rfind('/') + 1);
    if (name.find("ricci") != std::string::npos && name.rfind("lib", 0) == 0)
      names.insert(name);
    if (name.find("LLVM") != std::string::npos || name.find("MLIR") != std::string::npos)
      names.insert(name);
  }
  for (const std::string &name : names)
    std::cout << name << '\n';
}
