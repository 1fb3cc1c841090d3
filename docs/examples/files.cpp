// Tensors in NumPy's files.
#include <ricci/ricci.h>

#include <cstdio>

int main() {
  float x[] = {1, 2, 3, 4, 5, 6};
  ricci::save("x.npy", ricci::Tensor::borrow(x, {2, 3}));
  ricci::Tensor a = ricci::load("x.npy"); // numpy.load reads it too
  ricci::Tensor squares = ricci::einsum("ij,kj->ik", {a, a});

  ricci::save_npz("result.npz", {{"input", a}, {"squares", squares}});
  for (const ricci::NamedTensor &array : ricci::load_npz("result.npz"))
    std::printf("%s: %s\n", array.name.c_str(), array.tensor.type().str().c_str());

  ricci::Expected<ricci::Tensor> missing = ricci::try_load_npz_member("result.npz", "cubes");
  if (!missing)
    std::printf("%s\n", missing.error().message.c_str());
}
