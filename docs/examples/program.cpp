// A program, compiled once for its types and run many times.
#include <ricci/ricci.h>

#include <cstdio>
#include <iostream>
#include <vector>

int main() {
  ricci::Function layer = ricci::compile(
      "relu(x @ w + b)",
      {{"x", ricci::f32, {4, 8}}, {"w", ricci::f32, {8, 2}}, {"b", ricci::f32, {2}}});

  std::vector<float> x(4 * 8, 1.0f), w(8 * 2, 0.5f), b = {-1.0f, -10.0f}, y(4 * 2);
  ricci::Tensor out = ricci::Tensor::borrow(y.data(), {4, 2});
  for (int step = 0; step < 3; ++step) { // no memory is allocated for tensors in here
    layer.into({ricci::Tensor::borrow(x.data(), {4, 8}), ricci::Tensor::borrow(w.data(), {8, 2}),
                ricci::Tensor::borrow(b.data(), {2})},
               {out});
    x[0] += 1;
  }
  std::printf("%g %g\n", y[0], y[1]);
  std::printf("%s\n", layer.results().front().str().c_str()); // plan() and emit() tell more

  // Wrong input is an exception that tells the place …
  try {
    ricci::compile("x @ w", {{"x", ricci::f32, {4, 8}}, {"w", ricci::f32, {7, 2}}});
  } catch (const ricci::Error &error) {
    std::cout << error.what() << '\n';
  }
  // … or a value.
  if (auto result = ricci::try_compile("x +", {{"x", ricci::f32, {4}}}); !result)
    std::cout << result.error().message << " at byte " << result.error().spans.front().begin
              << '\n';
}
