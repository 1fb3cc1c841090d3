// Views of tensors. They share memory; nothing is copied, and nothing is compiled.
#include <ricci/ricci.h>

#include <cstdio>
#include <numeric>
#include <vector>

int main() {
  std::vector<int32_t> data(24);
  std::iota(data.begin(), data.end(), 0);
  ricci::Tensor t = ricci::Tensor::borrow(data.data(), {2, 3, 4});

  ricci::Tensor row = t.select(0, 1).select(0, -1);              // t[1, -1]
  ricci::Tensor reversed = row.slice(0, {std::nullopt, {}, -1}); // [::-1]
  std::printf("%d %d\n", *row.data<int32_t>(), *reversed.data<int32_t>());

  ricci::Tensor matrix = t.reshape({6, -1}).transpose(); // of shape (4, 6)
  ricci::Expected<ricci::Tensor> flat = matrix.try_reshape({24});
  std::printf("%s\n", flat ? "a view" : flat.error().message.c_str());

  ricci::Tensor owned = ricci::Tensor::allocate(ricci::f64, {2, 2}).value();
  std::printf("%s %s\n", owned.type().str().c_str(),
              owned.asReadOnly().readOnly() ? "read-only" : "");
}
