/* The C API: an einsum, a program, an error. C99. */
#include <ricci/c_api.h>

#include <stdio.h>

/* Prints and frees the error of a call that failed. */
static int failed(ricci_error *error) {
  fprintf(stderr, "%s\n", ricci_error_text(error));
  ricci_error_free(error);
  return 1;
}

int main(void) {
  float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, y[3][2] = {{1, 0}, {0, 1}, {1, 1}}, z[2];
  const int64_t xShape[] = {2, 3}, yShape[] = {3, 2}, zShape[] = {2};
  ricci_tensor *a = NULL, *b = NULL, *c = NULL, *out = NULL;
  ricci_error *error = NULL;

  if (ricci_tensor_borrow(RICCI_F32, 2, xShape, NULL, x, &a, &error) != RICCI_OK ||
      ricci_tensor_borrow(RICCI_F32, 2, yShape, NULL, y, &b, &error) != RICCI_OK ||
      ricci_tensor_borrow(RICCI_F32, 1, zShape, NULL, z, &out, &error) != RICCI_OK)
    return failed(error);

  const ricci_tensor *operands[] = {a, b};
  if (ricci_einsum("ij,jk->ik", operands, 2, NULL, &c, &error) != RICCI_OK)
    return failed(error);
  const float *data = ricci_tensor_data(c);
  printf("%g %g %g %g\n", data[0], data[1], data[2], data[3]);

  const ricci_parameter parameters[] = {{"x", RICCI_F32, 2, xShape, NULL},
                                        {"y", RICCI_F32, 2, yShape, NULL}};
  ricci_function *f = NULL;
  if (ricci_compile("(x @ y).sum(axis=0) / 2", parameters, 2, NULL, &f, &error) != RICCI_OK)
    return failed(error);
  const ricci_tensor *outputs[] = {out};
  if (ricci_function_into(f, operands, 2, outputs, 1, &error) != RICCI_OK)
    return failed(error);
  printf("%g %g\n", z[0], z[1]);

  operands[1] = a; /* wrong on purpose */
  ricci_tensor *none = NULL;
  if (ricci_einsum("ij,jk->ik", operands, 2, NULL, &none, &error) == RICCI_ERROR_INPUT) {
    size_t begin = 0, end = 0;
    ricci_error_span(error, 0, &begin, &end);
    printf("bytes %zu to %zu: %s\n", begin, end, ricci_error_message(error));
    ricci_error_free(error);
  }

  ricci_function_free(f);
  ricci_tensor_free(out);
  ricci_tensor_free(c);
  ricci_tensor_free(b);
  ricci_tensor_free(a);
  return 0;
}
