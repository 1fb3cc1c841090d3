//===- c_api.h - the C API ---------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
/**
 * \file
 * `#include <ricci/c_api.h>`; C99 and C++. What ricci.h does, for every language that calls C.
 *
 *     ricci_tensor *a, *b, *c;
 *     ricci_error *error = NULL;
 *     int64_t shape[2] = {2, 2};
 *     ricci_tensor_borrow(RICCI_F32, 2, shape, NULL, x, &a, NULL);  // zero copy, any strides
 *     ricci_tensor_borrow(RICCI_F32, 2, shape, NULL, y, &b, NULL);
 *     const ricci_tensor *operands[2] = {a, b};
 *     if (ricci_einsum("ij,jk->ik", operands, 2, NULL, &c, &error) != RICCI_OK) {
 *       fprintf(stderr, "%s\n", ricci_error_text(error));
 *       ricci_error_free(error);
 *     }
 *
 * **Errors.** A function that can fail returns a status. Where that is not RICCI_OK, it changed
 * nothing that its arguments point to but `*error`: a new error that the caller frees. `error` may
 * be null; the status alone tells then. (Should even the error find no memory, `*error` is null.)
 * A null pointer that is not allowed is RICCI_ERROR_USAGE. No exception leaves a function.
 *
 * **Lifetime.** What a function gives through a `**` is the caller's, who frees it by the function
 * that its type names. Handles that are given in are only read; the functions keep none of them.
 * A tensor's memory lives as long as a tensor that shares it: freeing `a` does not harm its views.
 *
 * **Threads.** Every function may be called from any number of threads at once. One handle may be
 * used by several; only freeing it needs that nobody else uses it.
 *
 * **Counts.** Shapes and strides are in elements, one entry for each axis; a pointer to them may be
 * null where there are no axes.
 */
#ifndef RICCI_C_API_H
#define RICCI_C_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The values are those of the driver's exit codes. */
typedef enum ricci_status {
  RICCI_OK = 0,
  RICCI_ERROR_INPUT = 1,   /**< the equation, the program or an operand is wrong */
  RICCI_ERROR_USAGE = 2,   /**< the call is wrong: an unknown option, a null pointer */
  RICCI_ERROR_MACHINE = 3, /**< the machine lacks something: memory, libricci_compiler */
  RICCI_ERROR_INTERNAL = 4 /**< a defect in Ricci */
} ricci_status;

/** Element types. A bool is a byte, 0 or 1; complex numbers are two floats, real part first. */
typedef enum ricci_dtype {
  RICCI_B1 = 0,
  RICCI_I8 = 1,
  RICCI_I16 = 2,
  RICCI_I32 = 3,
  RICCI_I64 = 4,
  RICCI_U8 = 5,
  RICCI_U16 = 6,
  RICCI_U32 = 7,
  RICCI_U64 = 8,
  RICCI_F16 = 9,
  RICCI_BF16 = 10,
  RICCI_F32 = 11,
  RICCI_F64 = 12,
  RICCI_C64 = 13,
  RICCI_C128 = 14
} ricci_dtype;

/** What is wrong and where. */
typedef struct ricci_error ricci_error;
/** A strided view of memory that it shares or borrows. */
typedef struct ricci_tensor ricci_tensor;
/** A compiled program. */
typedef struct ricci_function ricci_function;

/** The version of the library, "0.1.0". */
const char *ricci_version(void);

/* ---- Errors ------------------------------------------------------------------------------- */

ricci_status ricci_error_status(const ricci_error *error);
/** One line without the place, UTF-8; the texts live as long as the error. */
const char *ricci_error_message(const ricci_error *error);
/** The message, the line of the program with carets below the place, and notes. */
const char *ricci_error_text(const ricci_error *error);
/** The equation or program that the spans point into; "" where there is none. */
const char *ricci_error_source(const ricci_error *error);
/** How many places the error points at; often one, or none. */
size_t ricci_error_span_count(const ricci_error *error);
/** Place `index`: bytes [*begin, *end) of the source; both 0 where there is no such place. */
void ricci_error_span(const ricci_error *error, size_t index, size_t *begin, size_t *end);
/** Null is fine. */
void ricci_error_free(ricci_error *error);

/* ---- Tensors ------------------------------------------------------------------------------ */

/** Wraps memory that stays the caller's and must outlive the tensor and its views. `data` is the
 * element at index 0 of every axis, aligned for its type; strides may be of any sign, and null for
 * C order. Input errors: a negative extent, sizes that exceed 63 bits; usage errors: data for
 * elements that are null, or not aligned for their type (a complex number as its parts). */
ricci_status ricci_tensor_borrow(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                 const int64_t *strides, void *data, ricci_tensor **tensor,
                                 ricci_error **error);
/** The same, read-only. */
ricci_status ricci_tensor_borrow_const(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                       const int64_t *strides, const void *data,
                                       ricci_tensor **tensor, ricci_error **error);
/** The same as ricci_tensor_borrow, but calls `release(context)` once no tensor shares the memory,
 * from the thread that frees the last. After an error `release` is not called. */
ricci_status ricci_tensor_share(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                const int64_t *strides, void *data, void (*release)(void *context),
                                void *context, ricci_tensor **tensor, ricci_error **error);
/** New memory in C order, aligned to 64 bytes; its contents are undefined. */
ricci_status ricci_tensor_allocate(ricci_dtype dtype, int32_t rank, const int64_t *shape,
                                   ricci_tensor **tensor, ricci_error **error);
/** The tensor on a device, "cpu", "cuda" or "cuda:N": where it is there already a handle of the
 * same memory, else a copy in C order. */
ricci_status ricci_tensor_to(const ricci_tensor *tensor, const char *device, ricci_tensor **result,
                             ricci_error **error);
/** The same as ricci_tensor_share, of memory of a device: `data` is an address of it. Other work on
 * it must be in the order of CUDA's legacy default stream. `release` may be null. */
ricci_status ricci_tensor_share_on(const char *device, ricci_dtype dtype, int32_t rank,
                                   const int64_t *shape, const int64_t *strides, void *data,
                                   void (*release)(void *context), void *context,
                                   ricci_tensor **tensor, ricci_error **error);
/** Null is fine. */
void ricci_tensor_free(ricci_tensor *tensor);

/* Of a null tensor the next nine give 0 or null, and as its GPU -1. */
ricci_dtype ricci_tensor_dtype(const ricci_tensor *tensor);
int32_t ricci_tensor_rank(const ricci_tensor *tensor);
/** Arrays of `rank` entries that live as long as the handle. */
const int64_t *ricci_tensor_shape(const ricci_tensor *tensor);
const int64_t *ricci_tensor_strides(const ricci_tensor *tensor);
/** The number of elements. */
int64_t ricci_tensor_size(const ricci_tensor *tensor);
/** The element at index 0 of every axis. Not to be written to where the tensor is read-only, and
 * not to be touched by the CPU where it is in a GPU's memory. */
void *ricci_tensor_data(const ricci_tensor *tensor);
int ricci_tensor_is_read_only(const ricci_tensor *tensor);
/** The GPU whose memory it is in, as the driver counts them; -1: the CPU's memory. */
int32_t ricci_tensor_gpu(const ricci_tensor *tensor);
/** Whether the elements lie in C order without gaps. */
int ricci_tensor_is_contiguous(const ricci_tensor *tensor);

/** What a slice leaves out: `start`, `stop` or `step` as in x[:]. */
#define RICCI_NONE INT64_MIN

/** New handles for views of the same memory, read-only where the tensor is. Negative axes count
 * from the end. Input errors: there is no such axis or index, the step is 0. */
/** x[..., start:stop:step, ...] along one axis, with Python's rules. */
ricci_status ricci_tensor_slice(const ricci_tensor *tensor, int64_t axis, int64_t start,
                                int64_t stop, int64_t step, ricci_tensor **view,
                                ricci_error **error);
/** x[..., index, ...] without the axis. */
ricci_status ricci_tensor_select(const ricci_tensor *tensor, int64_t axis, int64_t index,
                                 ricci_tensor **view, ricci_error **error);
/** Axis i of the view is axis `axes[i]`, of `rank` entries; null: all in reverse. */
ricci_status ricci_tensor_transpose(const ricci_tensor *tensor, const int64_t *axes,
                                    ricci_tensor **view, ricci_error **error);
/** The elements in C order under another shape; one extent may be -1. An input error where no
 * strides give that view: ricci_tensor_contiguous makes the copy that it takes. */
ricci_status ricci_tensor_reshape(const ricci_tensor *tensor, int32_t rank, const int64_t *shape,
                                  ricci_tensor **view, ricci_error **error);
/** A copy in C order, in new memory of the same device. */
ricci_status ricci_tensor_contiguous(const ricci_tensor *tensor, ricci_tensor **copy,
                                     ricci_error **error);

/* ---- Files of NumPy: .npy and .npz (no compiler is loaded for them) ----------------------------
 */

/** How files are read, or'ed. */
typedef enum ricci_load_flags {
  RICCI_LOAD_DEFAULT = 0,
  /** The file's two-byte void elements ('<V2') are bfloat16, as ricci_tensor_save writes them. */
  RICCI_LOAD_BF16 = 1,
  /** Of a .npy file: the tensor refers to the file instead of memory, and is read-only. The file
   * may be replaced or removed, but must keep its size while a tensor shares it. */
  RICCI_LOAD_MAP = 2
} ricci_load_flags;

/** The array of a .npy file, in new memory; in the file's order, so one in Fortran order has such
 * strides. Paths and names are UTF-8 or whatever bytes the system has. Input errors name the path:
 * the file is missing, no regular file or no .npy; cut off; of a dtype that Ricci lacks; of more
 * than 63 bits in bytes. RICCI_ERROR_MACHINE where memory lacks. */
ricci_status ricci_tensor_load(const char *path, int flags, ricci_tensor **tensor,
                               ricci_error **error);
/** Writes what numpy.save would, in C order, also of a tensor in a GPU's memory. A file of that
 * name is replaced once the new one is whole, else it stays as it was. Input errors name the path:
 * its folder is missing or read-only, it is a folder or a pipe, the disk is full. */
ricci_status ricci_tensor_save(const char *path, const ricci_tensor *tensor, ricci_error **error);

/** The arrays of an .npz file, with their names. */
typedef struct ricci_npz ricci_npz;

/** Reads all of them, stored or compressed, as ricci_tensor_load reads one; for an archive that is
 * damaged or has a member that is no array, the error names the member. */
ricci_status ricci_npz_load(const char *path, int flags, ricci_npz **npz, ricci_error **error);
/** Of a null archive there are none. */
size_t ricci_npz_count(const ricci_npz *npz);
/** That of numpy.load, without ".npy"; it lives as long as the archive. Null where there is no such
 * array. */
const char *ricci_npz_name(const ricci_npz *npz, size_t index);
/** A new handle, which outlives the archive. A usage error where there is no such array. */
ricci_status ricci_npz_tensor(const ricci_npz *npz, size_t index, ricci_tensor **tensor,
                              ricci_error **error);
/** Null is fine. */
void ricci_npz_free(ricci_npz *npz);

/** One array of an .npz file; the others are not read. Where there is none of the name, the error
 * lists them. */
ricci_status ricci_tensor_load_npz(const char *path, const char *name, int flags,
                                   ricci_tensor **tensor, ricci_error **error);
/** Writes what numpy.savez would, not compressed, under the rules of ricci_tensor_save. A usage
 * error where two of the `count` tensors have one name. */
ricci_status ricci_tensor_save_npz(const char *path, const char *const *names,
                                   const ricci_tensor *const *tensors, size_t count,
                                   ricci_error **error);

/* ---- DLPack 1 (<ricci/dlpack_abi.h> or <dlpack/dlpack.h> declares the structures) ----------- */

struct DLManagedTensor;
struct DLManagedTensorVersioned;

/** Takes over a tensor in the memory of the CPU or a GPU, without a copy: its deleter is called
 * once no tensor shares the memory. After an error it is still the caller's. Input errors: another
 * device or major version, a type that Ricci lacks, data that are not aligned. */
ricci_status ricci_tensor_from_dlpack(struct DLManagedTensorVersioned *managed,
                                      ricci_tensor **tensor, ricci_error **error);
/** Of the form without a version; the tensor is writable. */
ricci_status ricci_tensor_from_dlpack_unversioned(struct DLManagedTensor *managed,
                                                  ricci_tensor **tensor, ricci_error **error);
/** Shares a tensor: the receiver calls the deleter, from any thread, once it is done. Memory that
 * the tensor borrows must outlive that. */
ricci_status ricci_tensor_to_dlpack(const ricci_tensor *tensor,
                                    struct DLManagedTensorVersioned **managed, ricci_error **error);
/** In the form without a version; an input error for a read-only tensor. */
ricci_status ricci_tensor_to_dlpack_unversioned(const ricci_tensor *tensor,
                                                struct DLManagedTensor **managed,
                                                ricci_error **error);

/* ---- Compiling and running ------------------------------------------------------------------ */

/** How to compile and where to run. Begin with RICCI_OPTIONS_INIT; where a function takes options,
 * null stands for these. */
typedef struct ricci_options {
  size_t struct_size;    /**< sizeof(ricci_options) of the caller: later versions add fields */
  const char *device;    /**< "cpu", "cuda" or "cuda:N", a GPU, or "reference", a naive interpreter;
                              null: that of the operands, which is the CPU where there are none */
  const char *cpu;       /**< native, x86-64, x86-64-v2 to v4, or a name LLVM knows; null: RICCI_CPU
                              or native */
  const char *order;     /**< of contractions: auto, greedy or optimal; null: auto */
  int64_t memory_limit;  /**< bytes that results and intermediates may take together; 0: any */
  int accumulate;        /**< out += the result; for the functions that end in _into */
  int no_disk_cache;     /**< neither reads nor writes the cache on disk (docs/caching.md) */
  int no_fusion;         /**< every operation is a kernel of its own */
  double search_seconds; /**< to spend on the search for an order; with order null or auto. 0: none
                              given */
  /** The order itself, with order null: `path_steps` steps, of which step i joins the operands at
   * the next `path_lengths[i]` positions of `path`. What it joins leaves the list, and its result
   * goes to the end, as in opt_einsum and numpy.einsum_path. */
  const int64_t *path;
  const size_t *path_lengths;
  size_t path_steps;
  const char *arch; /**< of a GPU, such as sm_90a; null: that of the GPU it runs on */
  int allow_tf32;   /**< on a GPU, contractions of f32 may round their operands to 11 bits */
} ricci_options;

#define RICCI_OPTIONS_INIT                                                                         \
  {sizeof(ricci_options), NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0}

/** The einsum of `count` operands as numpy.einsum computes it, in new memory in C order. Compiled
 * once for each equation, signature (dtypes, shapes, strides) and options, then cached. */
ricci_status ricci_einsum(const char *equation, const ricci_tensor *const *operands, size_t count,
                          const ricci_options *options, ricci_tensor **result, ricci_error **error);
/** The same into `out`, of the result's dtype and shape, with any strides that give every element
 * its own place, and writable. An operand that overlaps `out` is copied first. */
ricci_status ricci_einsum_into(const char *equation, const ricci_tensor *const *operands,
                               size_t count, const ricci_options *options, const ricci_tensor *out,
                               ricci_error **error);

/** `alpha` times the einsum: one number of the type `alpha_dtype`, which is RICCI_I64, RICCI_F64 or
 * RICCI_C128. It may not change the result's dtype: an integer scales all but bools, a double
 * floats and complex numbers, a complex number those alone. Another alpha compiles nothing, and it
 * is multiplied where that takes least, so its rounding may be an operand's. */
ricci_status ricci_einsum_scaled(const char *equation, const ricci_tensor *const *operands,
                                 size_t count, ricci_dtype alpha_dtype, const void *alpha,
                                 const ricci_options *options, ricci_tensor **result,
                                 ricci_error **error);
/** The same into `out`, under the rules of ricci_einsum_into; with `accumulate`,
 * out += alpha * the einsum. */
ricci_status ricci_einsum_scaled_into(const char *equation, const ricci_tensor *const *operands,
                                      size_t count, ricci_dtype alpha_dtype, const void *alpha,
                                      const ricci_options *options, const ricci_tensor *out,
                                      ricci_error **error);

/** A parameter of a program: the name that the program has for it, and the type of the tensors
 * that are passed. */
typedef struct ricci_parameter {
  const char *name;
  ricci_dtype dtype;
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides; /**< null: C order */
} ricci_parameter;

/** Compiles a program, a text such as "softmax(q @ k.T / 8.0, axis=-1)": what it computes is what
 * NumPy computes when it runs the same text. */
ricci_status ricci_compile(const char *program, const ricci_parameter *parameters, size_t count,
                           const ricci_options *options, ricci_function **function,
                           ricci_error **error);
/** Null is fine. */
void ricci_function_free(ricci_function *function);

/** Of a null function there are none. */
size_t ricci_function_parameter_count(const ricci_function *function);
size_t ricci_function_result_count(const ricci_function *function);
/** The type of a result, for allocating it: the shape, of `*rank` entries, lives as long as the
 * function. A usage error where there is no such result. */
ricci_status ricci_function_result_type(const ricci_function *function, size_t index,
                                        ricci_dtype *dtype, int32_t *rank, const int64_t **shape,
                                        ricci_error **error);

/** Runs the function on as many arguments as it has parameters, of their dtypes and shapes; for
 * strides that it was not compiled for, code is compiled once and cached. `results` has
 * `result_count` entries, as many as the function has results; each receives a new tensor in C
 * order. */
ricci_status ricci_function_call(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 ricci_tensor **results, size_t result_count, ricci_error **error);
/** The same into `outputs`, under the rules of ricci_einsum_into; no tensor memory is allocated.
 * Outputs may not overlap. */
ricci_status ricci_function_into(const ricci_function *function,
                                 const ricci_tensor *const *arguments, size_t argument_count,
                                 const ricci_tensor *const *outputs, size_t output_count,
                                 ricci_error **error);

/** One stage of the compilation: ast, tensor, ordered, kernels, loops, llvm, asm as text, or obj,
 * the bytes of an object file; cuda, ptx and cubin as for a GPU. `*text` is freed by
 * ricci_text_free; a zero byte stands behind its `*size` bytes. `size` may be null. */
ricci_status ricci_function_emit(const ricci_function *function, const char *stage, char **text,
                                 size_t *size, ricci_error **error);
/** What the compiler decided, as a table for people, and as one JSON object with the names of
 * `ricci plan --json`. Both texts are freed by ricci_text_free. */
ricci_status ricci_function_plan(const ricci_function *function, char **text, ricci_error **error);
ricci_status ricci_function_plan_json(const ricci_function *function, char **json,
                                      ricci_error **error);

/** The same of an einsum over `count` operands of these types, whose names are not read. Nothing is
 * run, and no memory for tensors is needed. */
ricci_status ricci_einsum_plan(const char *equation, const ricci_parameter *operands, size_t count,
                               const ricci_options *options, char **text, ricci_error **error);
ricci_status ricci_einsum_plan_json(const char *equation, const ricci_parameter *operands,
                                    size_t count, const ricci_options *options, char **json,
                                    ricci_error **error);
ricci_status ricci_einsum_emit(const char *equation, const ricci_parameter *operands, size_t count,
                               const ricci_options *options, const char *stage, char **text,
                               size_t *size, ricci_error **error);
/** Null is fine. */
void ricci_text_free(char *text);

/* ---- Programs as object files (docs/ahead_of_time.md) ------------------------------------------
 */

/** An object file with one C function, which needs no library, and the header that declares it. */
typedef struct ricci_object ricci_object;

/** A parameter of the function: "f32[64,32]", or with a name in place of the first extent,
 * "f32[N,32]" or "f32[N=1000,32]", which is an argument of the function then. */
typedef struct ricci_object_parameter {
  const char *name;
  const char *spec;
} ricci_object_parameter;

/** Begin with RICCI_BUILD_OPTIONS_INIT. */
typedef struct ricci_build_options {
  size_t struct_size;      /**< sizeof(ricci_build_options) of the caller */
  const char *name;        /**< of the function: an identifier of C; not null */
  const char *const *cpus; /**< the function runs the best of these that the machine has */
  size_t cpu_count;        /**< 0: code for the `cpu` of the other options alone */
  int parallel;            /**< the function takes a parallel_for */
} ricci_build_options;

#define RICCI_BUILD_OPTIONS_INIT {sizeof(ricci_build_options), NULL, NULL, 0, 0}

/** Compiles a program to an object. Of `options`, those count that say how to compile. Input
 * errors: the program is wrong, or its code would depend on the size; usage errors: the name cannot
 * be that of a C function, the CPU is unknown. */
ricci_status ricci_build(const char *program, const ricci_object_parameter *parameters,
                         size_t count, const ricci_options *options,
                         const ricci_build_options *build, ricci_object **object,
                         ricci_error **error);
/* What follows lives as long as the object; of a null object it is null or 0. */
/** The bytes of the object file. */
const void *ricci_object_bytes(const ricci_object *object, size_t *size);
/** The text of the header, and the function's declaration in it, on one line. */
const char *ricci_object_header(const ricci_object *object);
const char *ricci_object_declaration(const ricci_object *object);
/** The bytes of the workspace that a call takes where the size argument is `n`: `arena` once, and
 * `worker` for each worker. */
int64_t ricci_object_arena_bytes(const ricci_object *object, int64_t n);
int64_t ricci_object_worker_bytes(const ricci_object *object, int64_t n);
/** Writes PREFIX.o and PREFIX.h, both or none. */
ricci_status ricci_object_save(const ricci_object *object, const char *prefix, ricci_error **error);
/** Null is fine. */
void ricci_object_free(ricci_object *object);

/* ---- The process -------------------------------------------------------------------------- */

/** The devices of this machine: "cpu", "reference", then the GPUs that the driver knows, "cuda:0" …
 * Names live as long as the process; null where there is no such device. */
size_t ricci_device_count(void);
const char *ricci_device_name(size_t index);
/** How many threads a run may use from now on; without it RICCI_THREADS, or every CPU that the
 * process may run on. Results do not depend on it. A usage error for counts below 1. */
ricci_status ricci_set_num_threads(int count, ricci_error **error);
/** A program's own threads: calls task(job, i) for every i from 0 to n - 1, each once and on any
 * thread, and returns when all have returned. */
typedef void (*ricci_thread_pool)(void *pool, int n, void (*task)(void *job, int i), void *job);
/** Runs are done by `run` from now on, which must live while calls run; null takes that back. n is
 * at most the number of threads that a run may use. A forked process begins without it. */
ricci_status ricci_set_thread_pool(ricci_thread_pool run, void *pool, ricci_error **error);
/** Forgets every compiled program that no function holds. What lies on disk stays: `ricci cache
 * clear` removes it. */
ricci_status ricci_clear_cache(ricci_error **error);
/** Gives memory that is kept for reuse back to the system. */
ricci_status ricci_release_memory(ricci_error **error);
/** Where compiled programs are kept on disk from now on: a folder, or "off"; null is what the
 * environment says (docs/caching.md). */
ricci_status ricci_set_cache_folder(const char *path, ricci_error **error);
/** How much is told: of what a program can go on without, and of what is compiled or found on disk.
 */
typedef enum { RICCI_LOG_OFF = 0, RICCI_LOG_WARNING = 1, RICCI_LOG_INFO = 2 } ricci_log_level;
/** Hands messages up to the level `most` to `callback`, one line of UTF-8 each, instead of stderr;
 * null takes that back. It may be called from any thread that calls a function of this header. */
ricci_status ricci_set_log_callback(void (*callback)(void *context, ricci_log_level level,
                                                     const char *message),
                                    void *context, ricci_log_level most, ricci_error **error);

#ifdef __cplusplus
}
#endif

#endif
