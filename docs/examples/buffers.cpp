// An einsum over the program's own arrays.
#include <ricci/ricci.h>

#include <cstdio>
#include <vector>

int main() {
  constexpr int64_t batch = 2, rows = 3, inner = 4, columns = 2;
  std::vector<float> x(batch * rows * inner, 1.0f), y(inner * columns), z(batch * rows * columns);
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = float(i);

  // Nothing is copied. Strides count elements: y is stored column by column.
  ricci::Tensor a = ricci::Tensor::borrow(x.data(), {batch, rows, inner});
  ricci::Tensor b = ricci::Tensor::borrow(y.data(), {inner, columns}, {1, inner});
  ricci::Tensor out = ricci::Tensor::borrow(z.data(), {batch, rows, columns});

  ricci::einsum_into("bij,jk->bik", {a, b}, out); // compiled now, found in the cache next time
  std::printf("%g %g\n", z[0], z[1]);

  ricci::EinsumOptions add;
  add.accumulate = true;
  ricci::einsum_into("bij,jk->bik", {a, b}, out, add); // out += …
  std::printf("%g %g\n", z[0], z[1]);

  ricci::Tensor sums = ricci::einsum("bik->k", {out}); // a new tensor, whose memory it owns
  std::printf("%g %g\n", sums.data<float>()[0], sums.data<float>()[1]);
}
