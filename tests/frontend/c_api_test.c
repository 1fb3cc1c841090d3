//===- c_api_test.c - the C API, from C99 --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <ricci/c_api.h>
#include <ricci/dlpack_abi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
      ++failures;                                                                                  \
    }                                                                                              \
  } while (0)

/* The call went well; its error, where it did not, is shown. `error` is in scope. */
#define FINE(call)                                                                                 \
  do {                                                                                             \
    if ((call) != RICCI_OK) {                                                                      \
      printf("%s:%d: %s\n", __FILE__, __LINE__, ricci_error_text(error));                          \
      exit(1);                                                                                     \
    }                                                                                              \
    CHECK(error == NULL);                                                                          \
  } while (0)

/* The call fails with this status and a message that holds `part`. */
#define FAILS(call, status, part)                                                                  \
  do {                                                                                             \
    CHECK((call) == (status));                                                                     \
    CHECK(ricci_error_status(error) == (status));                                                  \
    if (!strstr(ricci_error_message(error), part)) {                                               \
      printf("%s:%d: the message is: %s\n", __FILE__, __LINE__, ricci_error_message(error));       \
      ++failures;                                                                                  \
    }                                                                                              \
    ricci_error_free(error);                                                                       \
    error = NULL;                                                                                  \
  } while (0)

static ricci_error *error = NULL;

static ricci_tensor *matrix(float *data, int64_t rows, int64_t columns) {
  int64_t shape[2];
  ricci_tensor *tensor = NULL;
  shape[0] = rows;
  shape[1] = columns;
  FINE(ricci_tensor_borrow(RICCI_F32, 2, shape, NULL, data, &tensor, &error));
  return tensor;
}

static float at(const ricci_tensor *tensor, int64_t index) {
  return ((const float *)ricci_tensor_data(tensor))[index];
}

/* What asks a null handle gets nothing; memory is looked at when it is given. */
static void nothing(void) {
  const int64_t shape[1] = {2};
  double data[3] = {0, 0, 0};
  ricci_tensor *tensor = NULL;
  CHECK(ricci_tensor_dtype(NULL) == RICCI_B1 && ricci_tensor_rank(NULL) == 0);
  CHECK(!ricci_tensor_shape(NULL) && !ricci_tensor_strides(NULL) && !ricci_tensor_data(NULL));
  CHECK(ricci_tensor_size(NULL) == 0 && ricci_tensor_gpu(NULL) == -1);
  CHECK(!ricci_tensor_is_read_only(NULL) && !ricci_tensor_is_contiguous(NULL));
  CHECK(ricci_function_parameter_count(NULL) == 0 && ricci_function_result_count(NULL) == 0);
  FAILS(ricci_tensor_borrow(RICCI_F64, 1, shape, NULL, NULL, &tensor, &error), RICCI_ERROR_USAGE,
        "'data' is null");
  FAILS(ricci_tensor_borrow(RICCI_F64, 1, shape, NULL, (char *)data + 4, &tensor, &error),
        RICCI_ERROR_USAGE, "not aligned to the 8 bytes");
  CHECK(tensor == NULL);
}

static void einsums(void) {
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 0, 0, 1, 1, 1}, z[4] = {100, 100, 100, 100};
  ricci_tensor *a = matrix(x, 2, 3), *b = matrix(y, 3, 2), *out = matrix(z, 2, 2), *c = NULL;
  const ricci_tensor *operands[2];
  ricci_options options = RICCI_OPTIONS_INIT;
  operands[0] = a;
  operands[1] = b;
  FINE(ricci_einsum("ij,jk->ik", operands, 2, NULL, &c, &error));
  CHECK(ricci_tensor_dtype(c) == RICCI_F32 && ricci_tensor_rank(c) == 2);
  CHECK(ricci_tensor_shape(c)[0] == 2 && ricci_tensor_strides(c)[0] == 2);
  CHECK(ricci_tensor_size(c) == 4 && ricci_tensor_is_contiguous(c));
  CHECK(at(c, 0) == 4 && at(c, 1) == 5 && at(c, 2) == 10 && at(c, 3) == 11);
  ricci_tensor_free(c);

  options.accumulate = 1;
  FINE(ricci_einsum_into("ij,jk->ik", operands, 2, &options, out, &error));
  CHECK(z[0] == 104 && z[3] == 111);
  c = NULL;
  FAILS(ricci_einsum("ij,jk->ik", operands, 2, &options, &c, &error), RICCI_ERROR_USAGE,
        "accumulate");
  options.accumulate = 0;
  options.device = "reference";
  FINE(ricci_einsum_into("ij,jk->ik", operands, 2, &options, out, &error));
  CHECK(z[0] == 4 && z[3] == 11);
  options.device = "gpu";
  FAILS(ricci_einsum("ij,jk->ik", operands, 2, &options, &c, &error), RICCI_ERROR_USAGE,
        "no device 'gpu'");
  options.device = NULL;
  options.memory_limit = 8;
  FAILS(ricci_einsum("ij,jk->ik", operands, 2, &options, &c, &error), RICCI_ERROR_INPUT,
        "memory limit");
  options.struct_size = 0;
  FAILS(ricci_einsum("ij,jk->ik", operands, 2, &options, &c, &error), RICCI_ERROR_USAGE,
        "struct_size");
  options.struct_size = offsetof(ricci_options, memory_limit); /* a caller without that field */
  FINE(ricci_einsum_into("ij,jk->ik", operands, 2, &options, out, &error));
  CHECK(c == NULL);

  operands[1] = NULL;
  FAILS(ricci_einsum("ij,jk->ik", operands, 2, NULL, &c, &error), RICCI_ERROR_USAGE,
        "'operands[1]' is null");
  FAILS(ricci_einsum(NULL, operands, 1, NULL, &c, &error), RICCI_ERROR_USAGE, "'equation' is null");
  FAILS(ricci_einsum("ij->j", operands, 1, NULL, NULL, &error), RICCI_ERROR_USAGE, "null");
  CHECK(ricci_einsum("ij->k", operands, 1, NULL, &c, NULL) == RICCI_ERROR_INPUT);
  FAILS(ricci_einsum("ij->ji", operands, (size_t)-1, NULL, &c, &error), RICCI_ERROR_USAGE,
        "18446744073709551615 operands are more than can be given");
  ricci_tensor_free(a);
  ricci_tensor_free(b);
  ricci_tensor_free(out);
}

static void errors(void) {
  float x[6] = {0};
  ricci_tensor *a = matrix(x, 2, 3), *c = NULL;
  const ricci_tensor *operands[2];
  size_t begin = 9, end = 9;
  operands[0] = a;
  operands[1] = a;
  CHECK(ricci_einsum("ij,jk->ik", operands, 2, NULL, &c, &error) == RICCI_ERROR_INPUT);
  CHECK(strcmp(ricci_error_message(error), "label 'j' is 3 in operand 1 and 2 in operand 2") == 0);
  CHECK(strcmp(ricci_error_source(error), "ij,jk->ik") == 0);
  CHECK(strstr(ricci_error_text(error), "\n   ^ ^\n") != NULL);
  CHECK(ricci_error_span_count(error) == 2);
  ricci_error_span(error, 1, &begin, &end);
  CHECK(begin == 3 && end == 4);
  ricci_error_span(error, 2, &begin, &end);
  CHECK(begin == 0 && end == 0);
  ricci_error_free(error);
  ricci_error_free(NULL);
  error = NULL;
  ricci_tensor_free(a);
}

static void programs(void) {
  float q[8], k[12], s[6];
  int64_t qShape[2] = {2, 4}, kShape[2] = {3, 4};
  const int64_t *shape = NULL;
  ricci_parameter parameters[2] = {{"q", RICCI_F32, 2, NULL, NULL},
                                   {"k", RICCI_F32, 2, NULL, NULL}};
  ricci_function *f = NULL;
  ricci_tensor *a = matrix(q, 2, 4), *b = matrix(k, 3, 4), *out = matrix(s, 2, 3);
  ricci_tensor *results[2] = {NULL, NULL};
  const ricci_tensor *arguments[2], *outputs[1];
  ricci_dtype dtype;
  int32_t rank;
  char *text = NULL;
  size_t size = 0;
  int i;
  for (i = 0; i < 12; ++i) {
    q[i % 8] = (float)i;
    k[i] = 1;
  }
  parameters[0].shape = qShape;
  parameters[1].shape = kShape;
  arguments[0] = a;
  arguments[1] = b;
  outputs[0] = out;
  FINE(ricci_compile("softmax(q @ k.T, axis=-1)", parameters, 2, NULL, &f, &error));
  CHECK(ricci_function_parameter_count(f) == 2 && ricci_function_result_count(f) == 1);
  FINE(ricci_function_result_type(f, 0, &dtype, &rank, &shape, &error));
  CHECK(dtype == RICCI_F32 && rank == 2 && shape[0] == 2 && shape[1] == 3);
  FAILS(ricci_function_result_type(f, 1, &dtype, &rank, &shape, &error), RICCI_ERROR_USAGE,
        "no result 1");
  FINE(ricci_function_into(f, arguments, 2, outputs, 1, &error));
  for (i = 0; i < 6; ++i)
    CHECK(s[i] > 0.333f && s[i] < 0.334f);
  FINE(ricci_function_call(f, arguments, 2, results, 1, &error));
  CHECK(memcmp(ricci_tensor_data(results[0]), s, sizeof s) == 0);
  ricci_tensor_free(results[0]);
  results[0] = NULL;
  FAILS(ricci_function_call(f, arguments, 2, results, 2, &error), RICCI_ERROR_USAGE,
        "room for 2 results");
  FAILS(ricci_function_call(f, arguments, 1, results, 1, &error), RICCI_ERROR_INPUT,
        "takes 2 arguments (q, k), not 1");
  FAILS(ricci_function_into(f, arguments, 2, arguments, 1, &error), RICCI_ERROR_INPUT, "out is");
  CHECK(results[0] == NULL);

  FINE(ricci_function_emit(f, "ast", &text, &size, &error));
  CHECK(strlen(text) == size && strstr(text, "exp") != NULL);
  ricci_text_free(text);
  FINE(ricci_function_plan(f, &text, &error));
  CHECK(strstr(text, "kernel") != NULL);
  ricci_text_free(text);
  FAILS(ricci_function_emit(f, "wasm", &text, NULL, &error), RICCI_ERROR_USAGE, "no stage 'wasm'");
  ricci_function_free(f);
  ricci_function_free(NULL);

  FAILS(ricci_compile("q @ k", parameters, 2, NULL, &f, &error), RICCI_ERROR_INPUT, "");
  FAILS(ricci_compile("q", parameters, 2, NULL, NULL, &error), RICCI_ERROR_USAGE, "'function'");
  qShape[0] = -2;
  FAILS(ricci_compile("q", parameters, 1, NULL, &f, &error), RICCI_ERROR_INPUT,
        "argument 'q': axis 0 has the negative size -2");
  ricci_tensor_free(a);
  ricci_tensor_free(b);
  ricci_tensor_free(out);
}

static void count(void *context) { ++*(int *)context; }

static void tensors(void) {
  float x[6] = {0, 1, 2, 3, 4, 5};
  int64_t shape[2] = {2, 3}, strides[2] = {1, 2}, axes[2] = {1, 0}, flat[1] = {-1};
  int released = 0;
  ricci_tensor *t = NULL, *view = NULL, *other = NULL;
  FINE(ricci_tensor_share(RICCI_F32, 2, shape, strides, x, count, &released, &t, &error));
  FINE(ricci_tensor_transpose(t, axes, &view, &error)); /* now in C order */
  FINE(ricci_tensor_transpose(t, NULL, &other, &error));
  CHECK(ricci_tensor_is_contiguous(view) && ricci_tensor_strides(other)[0] == 2);
  FAILS(ricci_tensor_reshape(t, 1, flat, &t, &error), RICCI_ERROR_INPUT, "cannot be viewed");
  ricci_tensor_free(other);
  ricci_tensor_free(t);
  FINE(ricci_tensor_reshape(view, 1, flat, &t, &error));
  FINE(ricci_tensor_slice(t, 0, RICCI_NONE, RICCI_NONE, -2, &other, &error));
  CHECK(ricci_tensor_shape(other)[0] == 3 && at(other, 0) == 5);
  ricci_tensor_free(t);
  FINE(ricci_tensor_contiguous(other, &t, &error));
  CHECK(at(t, 0) == 5 && at(t, 1) == 3 && at(t, 2) == 1);
  ricci_tensor_free(t);
  FINE(ricci_tensor_select(other, 0, -1, &t, &error));
  CHECK(ricci_tensor_rank(t) == 0 && ricci_tensor_size(t) == 1 && at(t, 0) == 1);
  ricci_tensor_free(view);
  ricci_tensor_free(other);
  CHECK(released == 0);
  ricci_tensor_free(t);
  CHECK(released == 1);
  ricci_tensor_free(NULL);

  FINE(ricci_tensor_borrow_const(RICCI_F32, 2, shape, NULL, x, &t, &error));
  CHECK(ricci_tensor_is_read_only(t));
  FAILS(ricci_einsum_into("i->i", NULL, 1, NULL, t, &error), RICCI_ERROR_USAGE,
        "'operands' is null");
  ricci_tensor_free(t);
  FINE(ricci_tensor_allocate(RICCI_C128, 0, NULL, &t, &error));
  CHECK(ricci_tensor_size(t) == 1 && !ricci_tensor_is_read_only(t));
  ricci_tensor_free(t);

  t = NULL;
  FAILS(ricci_tensor_share((ricci_dtype)15, 2, shape, NULL, x, count, &released, &t, &error),
        RICCI_ERROR_USAGE, "no dtype 15");
  FAILS(ricci_tensor_share(RICCI_F32, 2, shape, NULL, NULL, count, &released, &t, &error),
        RICCI_ERROR_USAGE, "'data' is null");
  FAILS(ricci_tensor_borrow(RICCI_F32, -1, shape, NULL, x, &t, &error), RICCI_ERROR_USAGE,
        "rank -1 is negative");
  FAILS(ricci_tensor_borrow(RICCI_F32, 2, NULL, NULL, x, &t, &error), RICCI_ERROR_USAGE,
        "'shape' is null");
  FAILS(ricci_tensor_allocate(RICCI_F32, 2, shape, NULL, &error), RICCI_ERROR_USAGE, "null");
  shape[0] = INT64_MAX;
  FAILS(ricci_tensor_allocate(RICCI_F32, 2, shape, &t, &error), RICCI_ERROR_INPUT, "2**63");
  CHECK(t == NULL && released == 1);
}

static void dlpack(void) {
  float x[6] = {0, 1, 2, 3, 4, 5};
  ricci_tensor *t = matrix(x, 2, 3), *back = NULL;
  struct DLManagedTensorVersioned *managed = NULL;
  struct DLManagedTensor *old = NULL;
  FINE(ricci_tensor_to_dlpack(t, &managed, &error));
  CHECK(managed->dl_tensor.ndim == 2 && managed->dl_tensor.data == x);
  managed->version.major = 7;
  FAILS(ricci_tensor_from_dlpack(managed, &back, &error), RICCI_ERROR_INPUT, "DLPack 7");
  managed->version.major = 1;
  FINE(ricci_tensor_from_dlpack(managed, &back, &error));
  CHECK(at(back, 5) == 5);
  ricci_tensor_free(back);
  FINE(ricci_tensor_to_dlpack_unversioned(t, &old, &error));
  FINE(ricci_tensor_from_dlpack_unversioned(old, &back, &error));
  CHECK(ricci_tensor_shape(back)[1] == 3);
  ricci_tensor_free(back);
  FAILS(ricci_tensor_from_dlpack(NULL, &back, &error), RICCI_ERROR_USAGE, "'managed' is null");
  ricci_tensor_free(t);
}

/* ((x0 x1) x2), then the other way round, by an explicit path. */
static void paths(void) {
  float x[4] = {1, 2, 3, 4};
  const int64_t path[] = {1, 2, 0, 1}, wrong[] = {0, 5};
  const size_t lengths[] = {2, 2};
  ricci_options options = RICCI_OPTIONS_INIT;
  ricci_tensor *t = matrix(x, 2, 2), *result = NULL;
  const ricci_tensor *operands[3];
  operands[0] = operands[1] = operands[2] = t;
  options.path = path, options.path_lengths = lengths, options.path_steps = 2;
  options.no_disk_cache = 1, options.no_fusion = 1;
  FINE(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error));
  CHECK(at(result, 0) == 37 && at(result, 3) == 118);
  ricci_tensor_free(result);
  options.order = "greedy";
  FAILS(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error), RICCI_ERROR_USAGE,
        "exclude each other");
  options.order = NULL, options.search_seconds = 1;
  FAILS(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error), RICCI_ERROR_USAGE,
        "exclude each other");
  options.path_steps = 0, options.search_seconds = -1;
  FAILS(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error), RICCI_ERROR_USAGE,
        "'search_seconds' is -1");
  options.search_seconds = 0.01;
  FINE(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error));
  CHECK(at(result, 3) == 118);
  ricci_tensor_free(result);
  options.search_seconds = 0, options.path_steps = 1, options.path = wrong;
  CHECK(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error) != RICCI_OK);
  ricci_error_free(error);
  error = NULL;
  options.path = NULL;
  FAILS(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error), RICCI_ERROR_USAGE,
        "'path' or 'path_lengths' is null");
  /* What an older caller has, whose options end before the fields that came later. */
  options.struct_size = offsetof(ricci_options, no_disk_cache);
  FINE(ricci_einsum("ij,jk,kl->il", operands, 3, &options, &result, &error));
  ricci_tensor_free(result);
  ricci_tensor_free(t);
}

/* out += alpha * the einsum, and what alpha may be. */
static void scaled(void) {
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 0, 0, 1, 1, 1}, z[4] = {100, 100, 100, 100};
  int64_t n[3] = {1, 2, 3}, length[1] = {3};
  const int64_t two = 2;
  const double half = 0.5, imaginary[2] = {0, 1};
  ricci_tensor *a = matrix(x, 2, 3), *b = matrix(y, 3, 2), *out = matrix(z, 2, 2), *c = NULL;
  ricci_tensor *integers = NULL;
  const ricci_tensor *operands[2];
  ricci_options options = RICCI_OPTIONS_INIT;
  operands[0] = a;
  operands[1] = b;
  FINE(ricci_einsum_scaled("ij,jk->ik", operands, 2, RICCI_F64, &half, NULL, &c, &error));
  CHECK(at(c, 0) == 2 && at(c, 1) == 2.5f && at(c, 2) == 5 && at(c, 3) == 5.5f);
  ricci_tensor_free(c);
  options.accumulate = 1;
  FINE(ricci_einsum_scaled_into("ij,jk->ik", operands, 2, RICCI_I64, &two, &options, out, &error));
  CHECK(z[0] == 108 && z[1] == 110 && z[2] == 120 && z[3] == 122);
  options.device = "reference";
  FINE(ricci_einsum_scaled_into("ij,jk->ik", operands, 2, RICCI_F64, &half, &options, out, &error));
  CHECK(z[0] == 110 && z[3] == 127.5f);
  c = NULL;
  FAILS(ricci_einsum_scaled("ij,jk->ik", operands, 2, RICCI_I64, &two, &options, &c, &error),
        RICCI_ERROR_USAGE, "accumulate");
  options.accumulate = 0;
  FINE(ricci_einsum_scaled_into("ij,jk->ik", operands, 2, RICCI_I64, &two, &options, out, &error));
  CHECK(z[0] == 8 && z[3] == 22);

  FINE(ricci_tensor_borrow(RICCI_I64, 1, length, NULL, n, &integers, &error));
  operands[0] = integers;
  FINE(ricci_einsum_scaled("i->", operands, 1, RICCI_I64, &two, NULL, &c, &error));
  CHECK(*(const int64_t *)ricci_tensor_data(c) == 12);
  ricci_tensor_free(c);
  c = NULL;
  FAILS(ricci_einsum_scaled("i->", operands, 1, RICCI_F64, &half, NULL, &c, &error),
        RICCI_ERROR_INPUT, "alpha of type f64 does not scale a result of type i64");
  operands[0] = a;
  FAILS(ricci_einsum_scaled("ij->", operands, 1, RICCI_C128, imaginary, NULL, &c, &error),
        RICCI_ERROR_INPUT, "alpha of type c128 does not scale a result of type f32");
  FAILS(ricci_einsum_scaled("ij->", operands, 1, RICCI_F32, x, NULL, &c, &error), RICCI_ERROR_USAGE,
        "'alpha_dtype' is none of");
  FAILS(ricci_einsum_scaled("ij->", operands, 1, RICCI_F64, NULL, NULL, &c, &error),
        RICCI_ERROR_USAGE, "'alpha' is null");
  FAILS(ricci_einsum_scaled_into("ij->", operands, 1, RICCI_F64, NULL, NULL, out, &error),
        RICCI_ERROR_USAGE, "'alpha' is null");
  CHECK(c == NULL);
  ricci_tensor_free(integers);
  ricci_tensor_free(a);
  ricci_tensor_free(b);
  ricci_tensor_free(out);
}

/* Where tensors are. The GPU is one that no machine has. */
static void devices(void) {
  float x[2] = {1, 2};
  const int64_t shape[2] = {1, 2};
  ricci_parameter parameter = {"x", RICCI_F32, 2, NULL, NULL};
  ricci_options options = RICCI_OPTIONS_INIT;
  ricci_tensor *t = matrix(x, 1, 2), *same = NULL;
  ricci_function *f = NULL;
  char *text = NULL;
  CHECK(ricci_tensor_gpu(t) == -1);
  CHECK(ricci_device_count() >= 2 && strcmp(ricci_device_name(0), "cpu") == 0);
  CHECK(strcmp(ricci_device_name(1), "reference") == 0);
  CHECK(ricci_device_name(ricci_device_count()) == NULL);
  FINE(ricci_tensor_to(t, "cpu", &same, &error));
  CHECK(ricci_tensor_data(same) == x && ricci_tensor_gpu(same) == -1);
  ricci_tensor_free(same);
  same = NULL;
  FAILS(ricci_tensor_to(t, "cuda:99", &same, &error), RICCI_ERROR_MACHINE, "");
  FAILS(ricci_tensor_to(t, "gpu", &same, &error), RICCI_ERROR_USAGE, "no device 'gpu'");
  FAILS(ricci_tensor_to(t, NULL, &same, &error), RICCI_ERROR_USAGE, "'device' is null");
  CHECK(same == NULL);
  parameter.shape = shape;
  options.arch = "sm_1";
  FINE(ricci_compile("x + 1", &parameter, 1, &options, &f, &error));
  FAILS(ricci_function_emit(f, "cuda", &text, NULL, &error), RICCI_ERROR_USAGE, "sm_1");
  ricci_function_free(f);
  ricci_tensor_free(t);
}

/* What the compiler decides for types alone, and stages of an einsum. */
static void plans(void) {
  const int64_t shape[2] = {8, 8}, negative[1] = {-1};
  ricci_parameter operands[3] = {{NULL, RICCI_F32, 2, NULL, NULL},
                                 {NULL, RICCI_F32, 2, NULL, NULL},
                                 {NULL, RICCI_F32, 2, NULL, NULL}};
  ricci_parameter wrong = {NULL, RICCI_F32, 1, NULL, NULL}, x = {"x", RICCI_F32, 2, NULL, NULL};
  ricci_options options = RICCI_OPTIONS_INIT;
  ricci_function *f = NULL;
  char *text = NULL;
  size_t size = 0;
  operands[0].shape = operands[1].shape = operands[2].shape = x.shape = shape;
  wrong.shape = negative;
  FINE(ricci_einsum_plan("ij,jk,kl->il", operands, 3, NULL, &text, &error));
  CHECK(strstr(text, "ij,jk,kl->il") != NULL && strstr(text, "kernel") != NULL);
  ricci_text_free(text);
  options.order = "greedy";
  FINE(ricci_einsum_plan_json("ij,jk,kl->il", operands, 3, &options, &text, &error));
  CHECK(text[0] == '{' && strstr(text, "\"equation\": \"ij,jk,kl->il\"") != NULL);
  CHECK(strstr(text, "\"ordered_by\": \"greedy\"") != NULL && strstr(text, "\"steps\": [") != NULL);
  ricci_text_free(text);
  options.order = NULL;
  FINE(ricci_einsum_emit("ij,jk->ik", operands, 2, NULL, "ast", &text, &size, &error));
  CHECK(strlen(text) == size && size > 0);
  ricci_text_free(text);
  FINE(ricci_einsum_emit("ij,jk->ik", operands, 2, NULL, "obj", &text, &size, &error));
  CHECK(size > 4 && memcmp(text, "\177ELF", 4) == 0);
  ricci_text_free(text);
  FINE(ricci_compile("x + 1", &x, 1, NULL, &f, &error));
  FINE(ricci_function_plan_json(f, &text, &error));
  CHECK(text[0] == '{' && strstr(text, "\"flops\": ") != NULL);
  ricci_text_free(text);
  text = NULL;
  FAILS(ricci_function_plan_json(f, NULL, &error), RICCI_ERROR_USAGE, "'text' is null");
  ricci_function_free(f);
  FAILS(ricci_function_plan_json(NULL, &text, &error), RICCI_ERROR_USAGE, "'function' is null");
  FAILS(ricci_einsum_plan("ij,jk->ik", operands, 3, NULL, &text, &error), RICCI_ERROR_INPUT, "");
  FAILS(ricci_einsum_plan(NULL, operands, 3, NULL, &text, &error), RICCI_ERROR_USAGE,
        "'equation' is null");
  FAILS(ricci_einsum_plan("ij->i", NULL, 1, NULL, &text, &error), RICCI_ERROR_USAGE,
        "'operands' is null");
  FAILS(ricci_einsum_plan("i->", &wrong, 1, NULL, &text, &error), RICCI_ERROR_INPUT,
        "operand 1: axis 0 has the negative size -1");
  FAILS(ricci_einsum_plan("ij->i", operands, 1, NULL, NULL, &error), RICCI_ERROR_USAGE,
        "'text' is null");
  FAILS(ricci_einsum_emit("ij->i", operands, 1, NULL, "wasm", &text, NULL, &error),
        RICCI_ERROR_USAGE, "no stage 'wasm'");
  FAILS(ricci_einsum_emit("ij->i", operands, 1, NULL, NULL, &text, NULL, &error), RICCI_ERROR_USAGE,
        "'stage' is null");
  options.device = "gpu";
  FAILS(ricci_einsum_plan("ij->i", operands, 1, &options, &text, &error), RICCI_ERROR_USAGE,
        "no device 'gpu'");
  CHECK(text == NULL);
}

static void objects(void) {
  ricci_object_parameter parameters[2] = {{"x", "f32[N,8]"}, {"w", "f32[8,4]"}};
  const char *cpus[2] = {"x86-64", "x86-64-v3"};
  ricci_build_options build = RICCI_BUILD_OPTIONS_INIT;
  ricci_object *object = NULL;
  size_t size = 0;
  char head[4] = {0};
  FILE *file;
  build.name = "layer";
  build.cpus = cpus, build.cpu_count = 2;
  FINE(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error));
  CHECK(memcmp(ricci_object_bytes(object, &size), "\177ELF", 4) == 0 && size > 64);
  CHECK(strstr(ricci_object_header(object), "layer(") != NULL);
  CHECK(strstr(ricci_object_declaration(object), "layer(") != NULL);
  CHECK(ricci_object_arena_bytes(object, 10) >= 0 && ricci_object_worker_bytes(object, 10) >= 0);
  FINE(ricci_object_save(object, "c_api_test_object", &error));
  file = fopen("c_api_test_object.o", "rb");
  CHECK(file && fread(head, 1, 4, file) == 4 && memcmp(head, "\177ELF", 4) == 0);
  if (file)
    fclose(file);
  CHECK(remove("c_api_test_object.o") == 0 && remove("c_api_test_object.h") == 0);
  FAILS(ricci_object_save(object, "no/such/object", &error), RICCI_ERROR_INPUT, "cannot write");
  ricci_object_free(object);
  object = NULL;
  build.name = "no name";
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_USAGE,
        "'no name' cannot be the name of a C function");
  build.name = "malloc";
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_USAGE,
        "the C library has one");
  build.name = "ricci_tasks";
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_USAGE,
        "a type has it");
  build.name = NULL;
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_USAGE,
        "'name' is null");
  build.name = "layer";
  FAILS(ricci_build("x @ w", parameters, 2, NULL, NULL, &object, &error), RICCI_ERROR_USAGE,
        "'build' is null");
  FAILS(ricci_build("x @", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_INPUT, "");
  parameters[1].spec = "f33[8]";
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_INPUT, "");
  parameters[1].spec = NULL;
  FAILS(ricci_build("x @ w", parameters, 2, NULL, &build, &object, &error), RICCI_ERROR_USAGE,
        "the name or spec of parameter 2 is null");
  CHECK(object == NULL && ricci_object_bytes(NULL, &size) == NULL && size == 0);
  CHECK(!ricci_object_header(NULL) && !ricci_object_declaration(NULL));
  CHECK(ricci_object_arena_bytes(NULL, 1) == 0 && ricci_object_worker_bytes(NULL, 1) == 0);
  ricci_object_free(NULL);
}

/* Files in the folder that the test runs in; it is C99, which has no other. */
static void files(void) {
  const char *npy = "c_api_test.npy", *npz = "c_api_test.npz";
  float x[6] = {1, 2, 3, 4, 5, 6};
  const char *names[2] = {"a", "b"};
  const ricci_tensor *tensors[2];
  ricci_tensor *t = matrix(x, 2, 3), *loaded = NULL;
  ricci_npz *archive = NULL;
  FILE *file;
  tensors[0] = tensors[1] = t;
  FINE(ricci_tensor_save(npy, t, &error));
  FINE(ricci_tensor_load(npy, RICCI_LOAD_DEFAULT, &loaded, &error));
  CHECK(ricci_tensor_rank(loaded) == 2 && ricci_tensor_shape(loaded)[1] == 3);
  CHECK(at(loaded, 5) == 6 && !ricci_tensor_is_read_only(loaded));
  ricci_tensor_free(loaded);
  FINE(ricci_tensor_load(npy, RICCI_LOAD_MAP, &loaded, &error));
  CHECK(at(loaded, 5) == 6 && ricci_tensor_is_read_only(loaded));
  ricci_tensor_free(loaded);

  FINE(ricci_tensor_save_npz(npz, names, tensors, 2, &error));
  FINE(ricci_npz_load(npz, 0, &archive, &error));
  CHECK(ricci_npz_count(archive) == 2 && strcmp(ricci_npz_name(archive, 1), "b") == 0);
  CHECK(ricci_npz_name(archive, 2) == NULL);
  FINE(ricci_npz_tensor(archive, 0, &loaded, &error));
  ricci_npz_free(archive);
  CHECK(at(loaded, 2) == 3); /* outlives the archive */
  ricci_tensor_free(loaded);
  FINE(ricci_tensor_load_npz(npz, "a", 0, &loaded, &error));
  CHECK(at(loaded, 2) == 3);
  ricci_tensor_free(loaded);

  loaded = NULL;
  archive = NULL;
  FAILS(ricci_tensor_load("no/such.npy", 0, &loaded, &error), RICCI_ERROR_INPUT,
        "no/such.npy: cannot read: No such file");
  FAILS(ricci_tensor_load(npz, 0, &loaded, &error), RICCI_ERROR_INPUT, "this is a zip file");
  FAILS(ricci_tensor_load(npy, 64, &loaded, &error), RICCI_ERROR_USAGE, "no load flags 0x40");
  FAILS(ricci_tensor_load(NULL, 0, &loaded, &error), RICCI_ERROR_USAGE, "'path' is null");
  FAILS(ricci_tensor_load(npy, 0, NULL, &error), RICCI_ERROR_USAGE, "'tensor' is null");
  FAILS(ricci_tensor_save("no/such.npy", t, &error), RICCI_ERROR_INPUT, "cannot write");
  FAILS(ricci_tensor_save(npy, NULL, &error), RICCI_ERROR_USAGE, "'tensor' is null");
  FAILS(ricci_tensor_load_npz(npz, "c", 0, &loaded, &error), RICCI_ERROR_INPUT, "no member 'c'");
  FAILS(ricci_npz_load(npy, 0, &archive, &error), RICCI_ERROR_INPUT, "no zip file");
  FAILS(ricci_npz_tensor(NULL, 0, &loaded, &error), RICCI_ERROR_USAGE, "'npz' is null");
  CHECK(ricci_npz_count(NULL) == 0 && ricci_npz_name(NULL, 0) == NULL);
  ricci_npz_free(NULL);
  names[1] = "a";
  FAILS(ricci_tensor_save_npz(npz, names, tensors, 2, &error), RICCI_ERROR_USAGE, "occurs twice");
  names[1] = NULL;
  FAILS(ricci_tensor_save_npz(npz, names, tensors, 2, &error), RICCI_ERROR_USAGE,
        "'names[1]' is null");
  file = fopen(npy, "wb"); /* cut off */
  if (file) {
    fputs("\x93NUMPY", file);
    fclose(file);
  }
  FAILS(ricci_tensor_load(npy, 0, &loaded, &error), RICCI_ERROR_INPUT, "ends within its header");
  CHECK(loaded == NULL && archive == NULL);
  remove(npy);
  remove(npz);
  ricci_tensor_free(t);
}

static void count_warning(void *context, ricci_log_level level, const char *message) {
  CHECK(level == RICCI_LOG_WARNING);
  CHECK(strstr(message, "/dev/null") != NULL && strchr(message, '\n') == NULL);
  ++*(int *)context;
}

static void count_compile(void *context, ricci_log_level level, const char *message) {
  CHECK(level == RICCI_LOG_INFO);
  CHECK(strstr(message, "compiled in ") == message && strstr(message, "'ij->i' for cpu: 1 kernel"));
  ++*(int *)context;
}

/* A cache that cannot be there is one warning, which goes to the callback. */
static void process(void) {
  int warnings = 0, compiles = 0;
  float x[3] = {1, 2, 3};
  ricci_tensor *t = matrix(x, 1, 3), *result = NULL;
  const ricci_tensor *operand = t;
  FINE(ricci_set_log_callback(count_warning, &warnings, RICCI_LOG_WARNING, &error));
  FINE(ricci_set_cache_folder("/dev/null/cache", &error));
  FINE(ricci_einsum("ij->j", &operand, 1, NULL, &result, &error));
  ricci_tensor_free(result);
  CHECK(warnings == 1);
  FINE(ricci_set_cache_folder("off", &error));
  FINE(ricci_set_log_callback(count_compile, &compiles, RICCI_LOG_INFO, &error));
  FINE(ricci_einsum("ij->i", &operand, 1, NULL, &result, &error));
  ricci_tensor_free(result);
  CHECK(compiles == 1);
  FAILS(ricci_set_log_callback(count_compile, NULL, (ricci_log_level)7, &error), RICCI_ERROR_USAGE,
        "no log level 7");
  FINE(ricci_set_log_callback(NULL, NULL, RICCI_LOG_OFF, &error));
  FINE(ricci_release_memory(&error));
  ricci_tensor_free(t);
}

/* A pool of no threads: one task after another, the last first. */
static void run_here(void *pool, int n, void (*task)(void *job, int i), void *job) {
  ++*(int *)pool;
  for (int i = n; i-- > 0;)
    task(job, i);
}

static void thread_pool(void) {
  enum { N = 600 };
  static float x[N * N];
  for (int i = 0; i < N * N; ++i)
    x[i] = 1;
  int runs = 0;
  ricci_tensor *t = matrix(x, N, N), *result = NULL;
  const ricci_tensor *operands[] = {t, t};
  FINE(ricci_set_num_threads(3, &error));
  FINE(ricci_set_thread_pool(run_here, &runs, &error));
  FINE(ricci_einsum("ij,jk->ik", operands, 2, NULL, &result, &error));
  CHECK(runs >= 1);
  CHECK(((const float *)ricci_tensor_data(result))[N * N - 1] == N);
  ricci_tensor_free(result);
  FINE(ricci_set_thread_pool(NULL, NULL, &error));
  const int before = runs;
  FINE(ricci_einsum("ij,jk->ik", operands, 2, NULL, &result, &error));
  CHECK(runs == before);
  ricci_tensor_free(result);
  ricci_tensor_free(t);
}

int main(void) {
  int major = 0;
  CHECK(sscanf(ricci_version(), "%d.", &major) == 1);
  nothing();
  einsums();
  errors();
  programs();
  tensors();
  dlpack();
  paths();
  scaled();
  devices();
  plans();
  objects();
  files();
  process();
  thread_pool();
  FINE(ricci_set_num_threads(1, &error));
  FAILS(ricci_set_num_threads(0, &error), RICCI_ERROR_USAGE, "");
  FINE(ricci_clear_cache(&error));
  printf("%d failures\n", failures);
  return failures != 0;
}
