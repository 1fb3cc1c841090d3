//===- programs.cpp - ricci.evaluate and ricci.compile ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "frontend/lexer.h"
#include "frontend/spec.h"
#include "tools/python/arguments.h"
#include "tools/python/arrays.h"
#include "tools/python/errors.h"
#include "tools/python/module.h"
#include "tools/python/plan.h"

#include <fmt/format.h>
#include <nanobind/stl/string.h>

#include <algorithm>

namespace ricci::python {

namespace {

bool isNone(PyObject *object) { return !object || object == Py_None; }

/// What `out=` says: an array, or a tuple or list of them.
class Outputs {
public:
  explicit Outputs(PyObject *object) {
    isSequence_ = PyTuple_Check(object) || PyList_Check(object);
    if (isSequence_)
      for (nb::handle item : nb::handle(object))
        arrays_.emplace_back(item.ptr());
    else
      arrays_.emplace_back(object);
    for (const OutArray &array : arrays_)
      tensors_.push_back(array.tensor());
  }

  const std::vector<Tensor> &tensors() const { return tensors_; }

  nb::object finish() {
    nb::list all;
    for (OutArray &array : arrays_)
      all.append(array.finish());
    return isSequence_ ? nb::object(nb::tuple(all)) : nb::object(all[0]);
  }

private:
  std::vector<OutArray> arrays_;
  std::vector<Tensor> tensors_;
  bool isSequence_;
};

nb::object resultObject(std::vector<Tensor> results, bool isTuple) {
  if (!isTuple)
    return toNumpy(std::move(results.front()));
  nb::object tuple = stealOrRaise(PyTuple_New(Py_ssize_t(results.size())));
  for (size_t i = 0; i < results.size(); ++i)
    PyTuple_SET_ITEM(tuple.ptr(), Py_ssize_t(i), toNumpy(std::move(results[i])).release().ptr());
  return tuple;
}

/// `expected`'s value. A name that the program has and nobody defines may be one that `function`
/// took for itself.
template <typename T>
T valueOrExplain(Expected<T> expected, const char *function,
                 std::initializer_list<std::string_view> keywords) {
  if (expected)
    return std::move(*expected);
  Diagnostic &error = expected.error();
  if (error.message.rfind("name '", 0) == 0 && !error.spans.empty()) {
    const Span span = error.spans.front();
    const std::string name = error.source.substr(span.begin, span.end - span.begin);
    if (std::find(keywords.begin(), keywords.end(), name) != keywords.end())
      error.notes.push_back(fmt::format(
          "{}= is a keyword of {} itself: the program needs another name", name, function));
  }
  raise(error);
}

/// Where a program has a name first; nothing where it does not have it.
std::vector<Span> placeOf(std::string_view name, std::string_view program) {
  Expected<Tokens> tokens = tokenize(program);
  if (tokens)
    for (const Token &token : tokens->tokens)
      if (token.kind == TokenKind::Name &&
          program.substr(token.span.begin, token.span.end - token.span.begin) == name)
        return {token.span};
  return {};
}

std::string_view programText(PyObject *object) {
  if (!PyUnicode_Check(object))
    raise(PyExc_TypeError,
          fmt::format("the program must be a str, not {}", Py_TYPE(object)->tp_name));
  return utf8(object);
}

//===----------------------------------------------------------------------===//
// evaluate: a plain CPython function, as einsum is
//===----------------------------------------------------------------------===//

nb::object evaluate(PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  static PyObject *const outName = PyUnicode_InternFromString("out");
  static PyObject *const deviceName = PyUnicode_InternFromString("device");
  if (count != 1)
    raise(PyExc_TypeError,
          fmt::format("evaluate() takes the program, and arrays by name: {} positional arguments "
                      "are given",
                      count));
  const std::string_view program = programText(arguments[0]);
  static PyObject *const tf32Name = PyUnicode_InternFromString("allow_tf32");
  PyObject *out = nullptr, *device = nullptr, *allowTf32 = nullptr;
  const Py_ssize_t keywords = names ? PyTuple_GET_SIZE(names) : 0;
  std::vector<NamedTensor> operands;
  std::vector<nb::object> owners;
  operands.reserve(size_t(keywords));
  owners.reserve(size_t(keywords));
  for (Py_ssize_t i = 0; i < keywords; ++i) {
    PyObject *name = PyTuple_GET_ITEM(names, i), *value = arguments[count + i];
    if (name == outName || PyUnicode_Compare(name, outName) == 0) {
      out = value;
    } else if (name == deviceName || PyUnicode_Compare(name, deviceName) == 0) {
      device = value;
    } else if (name == tf32Name || PyUnicode_Compare(name, tf32Name) == 0) {
      allowTf32 = value;
    } else {
      std::string text(utf8(name));
      owners.push_back(asArray(value));
      Tensor tensor = operandTensor(owners.back(), text.c_str());
      operands.push_back({std::move(text), std::move(tensor)});
    }
  }
  ProgramOptions options;
  setDevice(options, device);
  options.allowTf32 = parseFlag(allowTf32);
  auto explained = [](auto expected) {
    return valueOrExplain(std::move(expected), "evaluate", {"out", "device", "allow_tf32"});
  };
  if (!isNone(out)) {
    Outputs outputs(out);
    explained(withoutGil(
        [&] { return try_evaluate_into(program, operands, outputs.tensors(), options); }));
    return outputs.finish();
  }
  bool isTuple = false;
  std::vector<Tensor> results =
      explained(withoutGil([&] { return try_evaluate(program, operands, options, &isTuple); }));
  return resultObject(std::move(results), isTuple);
}

PyObject *evaluateEntry(PyObject *, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  return guarded([&] { return evaluate(arguments, count, names); });
}

constexpr const char *kEvaluateDoc =
    R"doc(evaluate($module, program, /, *, out=None, device=None, allow_tf32=False, **arrays)
--

What NumPy computes when it runs the program, by machine code made for these arrays' types.

    evaluate("x**2 + 3*x + exp(-x*x) * tanh(x)", x=x)
    evaluate("softmax(q @ k.T / 8.0, axis=-1)", q=q, k=k)
    evaluate("(x.mean(axis=0), x.std(axis=0))", x=x)

program: statements, by newline or ";": assignments, `def`, and at last an expression or a tuple of
    them. Functions of NumPy are known by their names (`exp` or `np.exp`), as are those of the
    prelude (softmax, layer_norm, gelu …).
arrays: what the program's names stand for: NumPy arrays, objects with __dlpack__, and what np.asarray
    takes; a Python number is a 0-d array of NumPy's default dtype. They are read in place, as
    einsum's operands are. None can be called out, device or allow_tf32.
out: an array of the result's dtype and shape, or a tuple of them for a program with several results,
    that receives the result and is returned. It may share memory with arrays: those are copied first.
device: "cpu", "cuda" or "cuda:N", a GPU, or "reference", a naive interpreter; None: that of the
    arrays, where `out` must be then. Arrays in the CPU's memory are copied to a GPU that is named;
    others that are elsewhere are an error.
allow_tf32: on a GPU, contractions of float32 may round their operands to 11 bits.

Returns a new C-contiguous array, a NumPy scalar where there are no axes, or a tuple where the
program ends in one.

Raises Error (a ValueError) for a wrong program or types that it can't be run on, with the place in
the text; TypeError for arguments of wrong types. When it raises, `out` is unchanged, except that an
index found to be out of range during the run leaves it undefined.

Thread-safe; the GIL is released. Each program, with the arrays' dtypes, shapes and strides, is
compiled once.)doc";

PyMethodDef evaluateMethod = {
    "evaluate", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&evaluateEntry)),
    METH_FASTCALL | METH_KEYWORDS, kEvaluateDoc};

//===----------------------------------------------------------------------===//
// compile and Function
//===----------------------------------------------------------------------===//

nb::object specClass() { return nb::module_::import_("ricci._spec").attr("Spec"); }

nb::object specObject(const TensorType &type) { return specClass()(type.str()); }

/// A Spec or a str is a type, the rest an array that has one.
TensorType argumentType(nb::handle object, const char *name) {
  if (nb::isinstance<nb::str>(object) || nb::isinstance(object, specClass()))
    return valueOrRaise(parseSpec(nb::str(object).c_str()));
  return operandType(asArray(object), name);
}

/// A Function with what Python needs of it at every call.
class PyFunction {
public:
  explicit PyFunction(Function function) : function(std::move(function)) {
    for (const Parameter &parameter : this->function.parameters())
      names.push_back(nb::steal(PyUnicode_InternFromString(parameter.name.c_str())));
  }

  nb::object call(const nb::args &args, const nb::kwargs &keywords) const {
    PyObject *out = PyDict_GetItemString(keywords.ptr(), "out");
    const size_t given = args.size() + keywords.size() - (out ? 1 : 0);
    std::vector<nb::object> owners;
    std::vector<Tensor> tensors;
    owners.reserve(names.size());
    tensors.reserve(names.size());
    if (args.size() > names.size())
      raise(PyExc_TypeError,
            fmt::format("the function takes {} arguments, not {}", names.size(), args.size()));
    for (size_t i = 0; i < names.size(); ++i) {
      PyObject *named = PyDict_GetItemWithError(keywords.ptr(), names[i].ptr());
      if ((i < args.size()) == (named != nullptr))
        raise(PyExc_TypeError,
              fmt::format("argument '{}' is {}", nameOf(i), named ? "given twice" : "missing"));
      owners.push_back(asArray(named ? nb::handle(named) : nb::handle(args[i])));
      tensors.push_back(operandTensor(owners.back(), nameOf(i)));
    }
    if (given != names.size())
      raiseUnexpected(keywords);
    if (!isNone(out)) {
      Outputs outputs(out);
      valueOrRaise(withoutGil([&] { return function.try_into(tensors, outputs.tensors()); }));
      return outputs.finish();
    }
    return resultObject(valueOrRaise(withoutGil([&] { return function.try_call(tensors); })),
                        function.returnsTuple());
  }

  nb::object emit(const std::string &stage) const {
    const Stage parsed = stageOf(stage);
    return stageObject(parsed, valueOrRaise(withoutGil([&] { return function.try_emit(parsed); })));
  }

  nb::object plan() const {
    return planObject(valueOrRaise(withoutGil([&] { return function.try_plan(); })));
  }

  nb::dict parameters() const {
    nb::dict result;
    for (const Parameter &parameter : function.parameters())
      result[parameter.name.c_str()] = specObject(parameter.type);
    return result;
  }

  nb::object results() const {
    nb::list result;
    for (const TensorType &type : function.results())
      result.append(specObject(type));
    return nb::tuple(result);
  }

  nb::str repr() const {
    std::string parameters, results;
    for (const Parameter &parameter : function.parameters())
      parameters += fmt::format("{}{}: {}", parameters.empty() ? "" : ", ", parameter.name,
                                parameter.type.str());
    for (const TensorType &type : function.results())
      results += (results.empty() ? "" : ", ") + type.str();
    if (function.returnsTuple())
      results = "(" + results + (function.results().size() == 1 ? ",)" : ")");
    nb::str source = nb::repr(nb::str(function.source().c_str()));
    return nb::str(
        fmt::format("<ricci.Function {}: ({}) -> {}>", source.c_str(), parameters, results)
            .c_str());
  }

private:
  const char *nameOf(size_t i) const { return function.parameters()[i].name.c_str(); }

  [[noreturn]] void raiseUnexpected(const nb::kwargs &keywords) const {
    for (auto [name, value] : keywords) {
      std::string text = nb::cast<std::string>(name);
      bool known = text == "out";
      for (size_t i = 0; i < names.size(); ++i)
        known |= text == nameOf(i);
      if (!known)
        raise(PyExc_TypeError, fmt::format("the function has no argument '{}'", text));
    }
    raise(PyExc_TypeError, "an argument is given twice");
  }

public:
  const Function function;

private:
  std::vector<nb::object> names; ///< of the parameters, interned
};

PyFunction compileProgram(nb::handle program, nb::handle device, nb::handle allowTf32,
                          const nb::kwargs &arguments) {
  const std::string_view text = programText(program.ptr());
  std::vector<Parameter> parameters;
  for (auto [name, value] : arguments) {
    std::string parameter = nb::cast<std::string>(name);
    if (parameter == "out") {
      Diagnostic error = usageError("no argument can be called 'out': a call of the function takes "
                                    "the array for the result by that name");
      error.source = std::string(text);
      error.spans = placeOf(parameter, text);
      raise(error);
    }
    TensorType type = argumentType(value, parameter.c_str());
    parameters.push_back({std::move(parameter), std::move(type)});
  }
  ProgramOptions options;
  setDevice(options, device.ptr());
  options.allowTf32 = parseFlag(allowTf32.ptr());
  return PyFunction(
      valueOrExplain(withoutGil([&] { return try_compile(text, parameters, options); }), "compile",
                     {"device", "allow_tf32"}));
}

constexpr const char *kCompileDoc =
    R"doc(compile(program, /, *, device=None, allow_tf32=False, **arguments)

Compiles a program to a Function, which `evaluate` would run.

    f = compile("softmax(q @ k.T / 8.0, axis=-1)",
                q=ricci.spec("f32", (128, 64)), k=ricci.spec("f32", (256, 64)))
    s = f(q=q, k=k)

arguments: what the program's names stand for: ricci.spec(...), a type such as "f32[128,64]", or an
    array, whose type alone counts. None can be called `out`, which a call of the function takes for
    itself, nor `device` or `allow_tf32`.
device: where it runs, as for einsum; without it on the CPU.)doc";

constexpr const char *kFunctionDoc =
    R"doc(A compiled program, as ricci.compile makes it.

f(**arrays, out=None) runs it on arrays of the dtypes and shapes of `parameters`, by name or in their
order; its results are those of ricci.evaluate. Strides may be any: for those that it was not compiled
for, code is made once. Thread-safe; the GIL is released.

parameters: a dict of ricci.Spec, by name
results: a tuple of ricci.Spec
source: the program's text)doc";

/// (canonical text, numpy.dtype, shape) of "f32[128,64]".
nb::object parseSpecObject(const std::string &text) {
  TensorType type = valueOrRaise(parseSpec(text));
  nb::list shape;
  for (int64_t extent : type.shape)
    shape.append(extent);
  return nb::make_tuple(nb::str(type.str().c_str()), dtypeObject(type.dtype), nb::tuple(shape));
}

} // namespace

void addPrograms(nb::module_ &module) {
  using namespace nb::literals;
  nb::object name = module.attr("__name__");
  module.attr("evaluate") =
      stealOrRaise(PyCFunction_NewEx(&evaluateMethod, module.ptr(), name.ptr()));
  module.def("compile", &compileProgram, "program"_a, "device"_a = nb::none(),
             "allow_tf32"_a = false, "arguments"_a, kCompileDoc);
  module.def("parse_spec", &parseSpecObject, "text"_a);
  nb::class_<PyFunction>(module, "Function", kFunctionDoc)
      .def("__call__", &PyFunction::call)
      .def("emit", &PyFunction::emit, "stage"_a = "kernels",
           "The program at one stage of compilation: \"ast\", \"tensor\", \"ordered\", "
           "\"kernels\",\n"
           "\"loops\", \"llvm\", \"asm\" as str, or \"obj\" (an object file) as bytes.")
      .def("plan", &PyFunction::plan, "What the compiler decided, as a ricci.Plan.")
      .def_prop_ro("parameters", &PyFunction::parameters)
      .def_prop_ro("results", &PyFunction::results)
      .def_prop_ro("source", [](const PyFunction &f) { return f.function.source(); })
      .def("__repr__", &PyFunction::repr);
}

} // namespace ricci::python
