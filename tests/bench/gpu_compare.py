#!/usr/bin/env python3
"""Runs Ricci on a GPU beside PyTorch on the same memory, and prints milliseconds and ratios.

    python tests/bench/gpu_compare.py                        all cases: under ten minutes
    python tests/bench/gpu_compare.py --only "matmul*"       some of them; --list names them
    python tests/bench/gpu_compare.py --dry-run              tiny sizes, results checked, nothing timed

Ricci is reached through its C interface alone (libricci.so, found beside `ricci` on the PATH or in build/, or given by
--library): no Python module, any Python from 3.9 on. With PyTorch operands are its tensors, shared by address; without it
Ricci runs alone on memory of its own.

Per case: `ricci` with its result in given memory, `torch` the fastest of torch's ways, which `by` names (cuBLAS without
TF32 unless the case says tf32, a hand-written operator, torch.compile). Both wait for the result in every call, so the cost
of a launch is in both; the minimum of many calls, which take turns. `x` is torch's time over Ricci's: above 1 Ricci is faster;
`eager` is the same for the program written as torch's operators, one after the other.
`rate` is TFLOP/s of contractions; `band` the share of the bandwidth that a copy reaches in the same run, each operand and
result counted once. `error` is the largest difference from float64 over the largest element; `!` marks what exceeds the
case's bound, and the exit code is then 1. `first` is Ricci's compilation and first call, without its cache on disk.
"""
import argparse
import ctypes
import fnmatch
import json
import math
import os
import pathlib
import random
import shutil
import sys
import time

DTYPES = {"bool": 0, "i32": 3, "i64": 4, "f16": 9, "bf16": 10, "f32": 11, "f64": 12}
SIZES = {"bool": 1, "i32": 4, "i64": 8, "f16": 2, "bf16": 2, "f32": 4, "f64": 8}
BOUNDS = {"f16": 4e-3, "bf16": 3e-2, "f32": 1e-4, "tf32": 4e-3, "f64": 1e-11}


class Case:
    """An einsum or a program. `text` is what Ricci runs, `torch` names other ways than the text itself."""

    def __init__(self, name, text, shapes, dtype="f32", tf32=False, **torch):
        self.name, self.text, self.dtype, self.tf32, self.torch = name, text, dtype, tf32, torch
        self.is_einsum = "->" in text
        self.shapes = dict(zip("abcdefgh", shapes)) if self.is_einsum else shapes

    def small(self):
        """The same with extents that an emulator manages: equal ones stay equal."""
        known = {}
        for extent in sorted({e for shape in self.shapes.values() for e in shape}):
            known[extent] = 1 if extent == 1 else 3 + 2 * len(known)
        case = Case(self.name, self.text, {}, self.dtype, self.tf32)
        case.shapes = {n: tuple(known[e] for e in shape) for n, shape in self.shapes.items()}
        return case

    def extents(self):
        operands = self.text.split("->")[0].split(",")
        return {label: e for term, shape in zip(operands, self.shapes.values()) for label, e in zip(term, shape)}

    def flops(self):
        return 2 * math.prod(self.extents().values()) if self.is_einsum and "," in self.text else 0


def contraction(name, text, extents, dtype="f32", tf32=False):
    sizes = dict(zip(sorted(set(text) - set(",->")), extents)) if isinstance(extents, (list, tuple)) else extents
    return Case(name, text, [tuple(sizes[label] for label in term) for term in text.split("->")[0].split(",")], dtype, tf32)


def cases():
    for dtype, n in (("f32", 4096), ("f16", 4096), ("bf16", 4096), ("f64", 4096)):
        yield contraction(f"matmul_{dtype}", "ij,jk->ik", (n, n, n), dtype)
    yield contraction("matmul_tf32", "ij,jk->ik", (4096,) * 3, tf32=True)
    yield contraction("matmul_nt_f32", "ij,kj->ik", (4096,) * 3)
    yield contraction("matmul_odd_f32", "ij,jk->ik", (2047, 2049, 2051))
    yield contraction("matmul_odd_f16", "ij,jk->ik", (2047, 2049, 2051), "f16")
    yield contraction("matmul_small_f32", "ij,jk->ik", (512,) * 3)
    yield contraction("matmul_small_f16", "ij,jk->ik", (512,) * 3, "f16")
    yield contraction("matmul_tall_f32", "ij,jk->ik", {"i": 64, "j": 1 << 20, "k": 64})
    for dtype in ("f32", "f16"):
        yield contraction(f"scores_{dtype}", "bhid,bhjd->bhij", {"b": 8, "h": 12, "i": 1024, "j": 1024, "d": 64}, dtype)
        yield contraction(f"heads_{dtype}", "bsd,dnh->bnsh", {"b": 8, "s": 1024, "d": 1024, "n": 16, "h": 64}, dtype)
    for text, extent in (("aebf,dfce->abcd", 48), ("efbad,cf->abcde", 32), ("dega,gfbc->abcdef", 20),
                         ("dfgb,geac->abcdef", 20), ("ea,ebcd->abcd", 72), ("aebf,fdec->abcd", 48)):
        yield contraction("tccg_" + text, text, [extent] * len(set(text) - set(",->")))
    yield contraction("tccg_f64", "aebf,dfce->abcd", [48] * 6, "f64")
    yield contraction("permute_dbca", "abcd->dbca", [96] * 4)
    yield contraction("permute_ji", "ij->ji", [16384] * 2)
    yield contraction("permute_f16", "abcd->acbd", {"a": 16, "b": 2048, "c": 16, "d": 128}, "f16")
    yield contraction("sum_columns", "ij->j", [16384] * 2)
    yield contraction("sum_rows", "ij->i", [16384] * 2)
    big = {"x": (1 << 26,)}
    yield Case("elementwise", "x**2 + 3*x + exp(-x*x) * tanh(x)", big)
    yield Case("gelu", "gelu(x)", big, native="functional.gelu(x)")
    yield Case("softmax", "softmax(x, axis=-1)", {"x": (16384, 4096)}, native="torch.softmax(x, -1)")
    yield Case("layer_norm", "layer_norm(x, g, b)", {"x": (16384, 4096), "g": (4096,), "b": (4096,)},
               native="functional.layer_norm(x, (4096,), g, b)")
    yield Case("variance", "x.var(axis=0)", {"x": (16384, 4096)}, native="x.var(0, correction=0)")
    for dtype in ("f32", "f16"):
        yield Case(f"linear_gelu_{dtype}", "gelu(x @ w + b)", {"x": (4096, 1024), "w": (1024, 4096), "b": (4096,)}, dtype,
                   native="functional.gelu(torch.addmm(b, x, w))", eager="gelu(x @ w + b)")
        yield Case(f"residual_{dtype}", "r + x @ w", {"x": (4096, 1024), "w": (1024, 4096), "r": (4096, 4096)}, dtype,
                   native="torch.addmm(r, x, w)", eager="r + x @ w")
        heads = {n: (4, 16, 1024, 64) for n in "qkv"}
        yield Case(f"attention_{dtype}", "softmax(q @ np.swapaxes(k, -1, -2) / 8.0, axis=-1) @ v", heads, dtype,
                   native="functional.scaled_dot_product_attention(q, k, v)",
                   eager="torch.softmax(q @ k.mT / 8.0, -1) @ v")
        yield Case(f"attention_wide_{dtype}", "softmax(q @ np.swapaxes(k, -1, -2) / 8.0, axis=-1) @ v",
                   {n: (4, 16, 2048, 128) for n in "qkv"}, dtype,
                   native="functional.scaled_dot_product_attention(q, k, v, scale=0.125)",
                   eager="torch.softmax(q @ k.mT / 8.0, -1) @ v")
        yield Case(f"relu_tall_{dtype}", "maximum(x, 0) @ w", {"x": (1 << 20, 64), "w": (64, 64)}, dtype,
                   eager="functional.relu(x) @ w")
    yield Case("distances", "((x[:, None, :] - y[None, :, :])**2).sum(axis=-1)", {"x": (1000, 512), "y": (2000, 512)})


# ---- Ricci's C interface ---------------------------------------------------------------------------------------------------


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("device", ctypes.c_char_p), ("cpu", ctypes.c_char_p),
                ("order", ctypes.c_char_p), ("memory_limit", ctypes.c_int64), ("accumulate", ctypes.c_int),
                ("no_disk_cache", ctypes.c_int), ("no_fusion", ctypes.c_int), ("search_seconds", ctypes.c_double),
                ("path", ctypes.c_void_p), ("path_lengths", ctypes.c_void_p), ("path_steps", ctypes.c_size_t),
                ("arch", ctypes.c_char_p), ("allow_tf32", ctypes.c_int)]


class Parameter(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64))]


class RicciError(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def find_library(given):
    root = pathlib.Path(__file__).resolve().parents[2]
    places = [given, os.environ.get("RICCI_LIBRARY")]
    if driver := shutil.which("ricci"):
        places.append(pathlib.Path(driver).resolve().parent.parent / "lib/libricci.so")
    places += sorted(root.glob("build/*/lib/libricci.so"), key=lambda p: -p.stat().st_mtime)
    for place in filter(None, places):
        if pathlib.Path(place).exists():
            return str(place)
    sys.exit("there is no libricci.so beside `ricci` on the PATH or in build/; --library names it")


class Ricci:
    def __init__(self, path, device):
        self.lib, self.device = ctypes.CDLL(path), device.encode()
        for name in ("shape",):
            getattr(self.lib, f"ricci_tensor_{name}").restype = ctypes.POINTER(ctypes.c_int64)
        self.lib.ricci_tensor_data.restype = ctypes.c_void_p
        self.lib.ricci_tensor_size.restype = ctypes.c_int64
        self.lib.ricci_error_message.restype = ctypes.c_char_p

    def call(self, function, *arguments):
        error = ctypes.c_void_p()
        status = getattr(self.lib, function)(*arguments, ctypes.byref(error))
        if status:
            message = self.lib.ricci_error_message(error).decode()
            self.lib.ricci_error_free(error)
            raise RicciError(status, message)

    def options(self, case, device=None):
        return Options(ctypes.sizeof(Options), device or self.device, no_disk_cache=1, allow_tf32=case.tf32)

    def tensor(self, device, dtype, shape, address):
        """A handle of memory that the caller keeps."""
        handle = ctypes.c_void_p()
        self.call("ricci_tensor_share_on", device, ctypes.c_int(DTYPES[dtype]), ctypes.c_int32(len(shape)),
                  (ctypes.c_int64 * len(shape))(*shape), None, ctypes.c_void_p(address), None, None, ctypes.byref(handle))
        return handle

    def to(self, tensor, device):
        handle = ctypes.c_void_p()
        self.call("ricci_tensor_to", tensor, device, ctypes.byref(handle))
        return handle

    def free(self, *tensors):
        for tensor in tensors:
            self.lib.ricci_tensor_free(tensor)

    def shape(self, tensor):
        return tuple(self.lib.ricci_tensor_shape(tensor)[i] for i in range(self.lib.ricci_tensor_rank(tensor)))

    def runner(self, case, operands, device=None):
        """(call(out=None) -> result, or into out)."""
        options, count = self.options(case, device), len(operands)
        handles = (ctypes.c_void_p * count)(*operands)
        if case.is_einsum:
            text = case.text.encode()

            def einsum(out=None):
                result = ctypes.c_void_p()
                if out is None:
                    self.call("ricci_einsum", text, handles, ctypes.c_size_t(count), ctypes.byref(options),
                              ctypes.byref(result))
                else:
                    self.call("ricci_einsum_into", text, handles, ctypes.c_size_t(count), ctypes.byref(options), out)
                return result
            return einsum
        parameters, function = (Parameter * count)(), ctypes.c_void_p()
        for parameter, (name, shape) in zip(parameters, case.shapes.items()):
            extents = (ctypes.c_int64 * len(shape))(*shape)
            parameter.name, parameter.dtype, parameter.rank, parameter.shape = name.encode(), DTYPES[case.dtype], len(shape), extents
        self.call("ricci_compile", case.text.encode(), parameters, ctypes.c_size_t(count), ctypes.byref(options),
                  ctypes.byref(function))

        def program(out=None):
            results = (ctypes.c_void_p * 1)(out)
            if out is None:
                self.call("ricci_function_call", function, handles, ctypes.c_size_t(count), results, ctypes.c_size_t(1))
            else:
                self.call("ricci_function_into", function, handles, ctypes.c_size_t(count), results, ctypes.c_size_t(1))
            return ctypes.c_void_p(results[0])
        return program


# ---- Elements of memory, without a library for arrays ----------------------------------------------------------------------


def encode(dtype, numbers):
    import struct
    if dtype == "bf16":
        return b"".join(struct.pack("<f", x)[2:] for x in numbers)
    return struct.pack(f"<{len(numbers)}{ {'f16': 'e', 'f32': 'f', 'f64': 'd'}[dtype]}", *numbers)


def decode(dtype, data):
    import struct
    if dtype == "bf16":
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    return list(struct.unpack(f"<{len(data) // SIZES[dtype]}{ {'f16': 'e', 'f32': 'f', 'f64': 'd'}[dtype]}", data))


def elements(ricci, tensor, dtype):
    """The elements of a tensor in C order, as floats."""
    host = ricci.to(tensor, b"cpu")
    size = ricci.lib.ricci_tensor_size(host) * SIZES[dtype]
    data = ctypes.string_at(ricci.lib.ricci_tensor_data(host), size)
    ricci.free(host)
    return decode(dtype, data)


def difference(result, wanted):
    """Over the largest element."""
    largest = max((abs(x) for x in wanted), default=0) or 1
    return max((abs(x - y) / largest if math.isfinite(x) else math.inf for x, y in zip(result, wanted)), default=0)


def bound(case):
    return BOUNDS["tf32" if case.tf32 else case.dtype]


def dry_run(ricci, chosen):
    """Small sizes against the interpreter in f64. Returns whether all agree."""
    random.seed(1)
    fine = True
    for case in (c.small() for c in chosen):
        memory, hosts, operands, exact = [], [], [], []
        for shape in case.shapes.values():
            # Eighths, which every type has.
            numbers = [random.randrange(-8, 9) / 8 for _ in range(math.prod(shape))]
            for dtype, handles in ((case.dtype, hosts), ("f64", exact)):
                memory.append(ctypes.create_string_buffer(encode(dtype, numbers)))
                handles.append(ricci.tensor(b"cpu", dtype, shape, ctypes.addressof(memory[-1])))
            operands.append(ricci.to(hosts[-1], ricci.device))
        result = ricci.runner(case, operands)()
        case64 = Case(case.name, case.text, case.shapes, "f64")
        case64.shapes = case.shapes
        wanted = ricci.runner(case64, exact, b"reference")()
        error = difference(elements(ricci, result, case.dtype), elements(ricci, wanted, "f64"))
        fine &= error <= bound(case)
        print(f"{case.name:24} {'x'.join(map(str, ricci.shape(result))) or 'scalar':16} error {error:.1e}"
              f"{'' if error <= bound(case) else ' !'}", flush=True)
        ricci.free(*operands, *hosts, *exact, result, wanted)
    return fine


# ---- On a GPU ---------------------------------------------------------------------------------------------------------------


class Peer:
    """PyTorch: memory, other ways to compute a case, and time."""

    def __init__(self, device, compiles):
        import torch
        self.torch, self.compiles = torch, compiles
        self.device = torch.device(device if ":" in device else device + ":0")
        self.dtypes = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64}

    def operands(self, case):
        self.torch.manual_seed(1)
        return {n: (self.torch.rand(s, device=self.device, dtype=self.torch.float32) - 0.5).to(self.dtypes[case.dtype])
                for n, s in case.shapes.items()}

    def namespace(self, tensors):
        torch = self.torch
        names = {n: getattr(torch, n) for n in ("exp", "tanh", "softmax")}
        names.update(gelu=torch.nn.functional.gelu, softmax=lambda v, axis: torch.softmax(v, axis))
        return {**names, "torch": torch, "functional": torch.nn.functional, **tensors}

    def ways(self, case, tensors):
        """(name, function) of each; what torch cannot run is left out."""
        if case.is_einsum:
            return [("einsum", lambda: self.torch.einsum(case.text, *tensors.values()).contiguous())]
        list_, names = [], list(tensors)
        for way, text in case.torch.items() or [("eager", case.text)]:
            list_.append((way, eval(f"lambda {','.join(names)}: {text}", self.namespace({}))))
        if self.compiles:
            text = case.torch.get("eager") or case.torch.get("native") or case.text
            function = self.torch.compile(eval(f"lambda {','.join(names)}: {text}", self.namespace({})))
            list_.append(("compile", function))
        return [(way, lambda f=f: f(*tensors.values())) for way, f in list_]

    def synchronized(self, run):
        def call():
            run()
            self.torch.cuda.synchronize(self.device)
        return call

    def error(self, case, tensors, result):
        """The result against the first way in f64."""
        wide = {n: t.double() for n, t in tensors.items()}
        case64 = Case(case.name, case.text, case.shapes, "f64", **case.torch)
        case64.shapes = case.shapes
        compiles, self.compiles = self.compiles, False
        wanted = self.ways(case64, wide)[0][1]()
        self.compiles = compiles
        return float((result.double() - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))

    def bandwidth(self):
        """Bytes a second of a copy of 1 GiB, read and written."""
        x = self.torch.empty(1 << 28, device=self.device)
        y = self.torch.empty_like(x)
        return 2 * 4 * (1 << 28) / fastest([self.synchronized(lambda: y.copy_(x))], 0.5)[0]


def fastest(calls, seconds):
    """The least seconds of each; they take turns, after two calls each."""
    best = [math.inf] * len(calls)
    for call in calls * 2:
        call()
    end = time.perf_counter() + seconds * len(calls)
    while time.perf_counter() < end:
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def without_torch(ricci, case, seconds):
    """Ricci alone, on what it allocates: a row without a comparison."""
    memory, operands = [], []
    for shape in case.shapes.values():
        block = encode(case.dtype, [random.randrange(-8, 9) / 8 for _ in range(4096)])
        size = math.prod(shape) * SIZES[case.dtype]
        memory.append(ctypes.create_string_buffer((block * (size // len(block) + 1))[:size], size))
        host = ricci.tensor(b"cpu", case.dtype, shape, ctypes.addressof(memory[-1]))
        operands.append(ricci.to(host, ricci.device))
        ricci.free(host)
    start = time.perf_counter()
    run = ricci.runner(case, operands)
    out = run()
    first = time.perf_counter() - start
    row = {"first": first, "ricci": fastest([lambda: run(out)], seconds)[0],
           "bytes": sum(map(len, memory)) + ricci.lib.ricci_tensor_size(out) * SIZES[case.dtype]}
    ricci.free(*operands, out)
    return row


def with_torch(ricci, peer, case, seconds):
    torch = peer.torch
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = case.tf32
    tensors = peer.operands(case)
    operands = [ricci.tensor(ricci.device, case.dtype, t.shape, t.data_ptr()) for t in tensors.values()]
    torch.cuda.synchronize(peer.device)
    start = time.perf_counter()
    run = ricci.runner(case, operands)
    own = run()
    first = time.perf_counter() - start
    result = torch.empty(ricci.shape(own), device=peer.device, dtype=peer.dtypes[case.dtype])
    out = ricci.tensor(ricci.device, case.dtype, result.shape, result.data_ptr())
    torch.cuda.synchronize(peer.device)
    run(out)
    ways = []
    for way, function in peer.ways(case, tensors):
        try:
            function()
            ways.append((way, function))
        except Exception as error:
            print(f"# {case.name}: torch's {way} fails: {str(error).splitlines()[0]}", file=sys.stderr)
    times = fastest([lambda: run(out)] + [peer.synchronized(function) for _, function in ways], seconds)
    row = {"first": first, "ricci": times[0], "error": peer.error(case, tensors, result),
           "bytes": sum(t.nbytes for t in tensors.values()) + result.nbytes}
    if ways:
        named = [(seconds, way) for seconds, (way, _) in zip(times[1:], ways)]
        row["torch"], row["by"] = min(named)
        row.update({way: seconds for seconds, way in named if way == "eager"})
    ricci.free(*operands, own, out)
    return row


def show(case, row, bandwidth):
    milliseconds = f"{1e3 * row['ricci']:10.4f} " + (f"{1e3 * row['torch']:10.4f} {row['torch'] / row['ricci']:6.2f} {row['by']:8}"
                                                     if "torch" in row else f"{'':26}")
    eager = f"{row['eager'] / row['ricci']:7.2f}" if "eager" in row else " " * 7
    rate = f"{case.flops() / row['ricci'] / 1e12:8.2f}" if case.flops() else " " * 8
    share = f"{row['bytes'] / row['ricci'] / bandwidth:6.2f}" if bandwidth else " " * 6
    error = f"{row['error']:9.1e}{'' if row['error'] <= bound(case) else ' !'}" if "error" in row else ""
    print(f"{case.name:24} {milliseconds}{eager} {rate} {share} {row['first']:7.2f} {error}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="cases by name, with wildcards; may be repeated")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes, checked by Ricci's interpreter; nothing is timed")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--library", help="libricci.so")
    parser.add_argument("--seconds", type=float, default=0.4, help="of timing, for each case and way")
    parser.add_argument("--budget", type=float, default=540, help="seconds after which no further case begins")
    parser.add_argument("--no-torch", action="store_true", help="Ricci alone")
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile")
    parser.add_argument("--json", help="a file for the rows too")
    options = parser.parse_args()
    wanted = options.only or ["*"]
    chosen = [case for case in cases() if any(fnmatch.fnmatch(case.name, pattern) for pattern in wanted)]
    if options.list:
        return print("\n".join(case.name for case in chosen))
    begin = time.perf_counter()
    ricci = Ricci(find_library(options.library), options.device)
    if options.dry_run:
        return 0 if dry_run(ricci, chosen) else 1
    peer = None
    if not options.no_torch:
        try:
            peer = Peer(options.device, not options.no_compile)
        except ImportError as error:
            print(f"# without torch: {error}", file=sys.stderr)
    bandwidth = peer.bandwidth() if peer else None
    if bandwidth:
        print(f"# {peer.torch.cuda.get_device_name(peer.device)}, torch {peer.torch.__version__}, "
              f"a copy moves {bandwidth / 1e9:.0f} GB/s")
    print(f"{'case':24} {'ricci ms':>10} {'torch ms':>10} {'x':>6} {'by':8} {'eager':>6} {'rate':>8} {'band':>6} {'first':>7} error")
    rows, fine = {}, True
    for case in chosen:
        if time.perf_counter() - begin > options.budget:
            print(f"# the {options.budget:.0f} seconds are over: not {case.name}", file=sys.stderr)
            continue
        try:
            row = with_torch(ricci, peer, case, options.seconds) if peer else without_torch(ricci, case, options.seconds)
        except RicciError as error:
            if error.status == 3:
                sys.exit(f"error: {error}")
            print(f"{case.name:24} fails: {error}", flush=True)
            fine = False
            continue
        show(case, row, bandwidth)
        fine &= row.get("error", 0) <= bound(case)
        rows[case.name] = row
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
