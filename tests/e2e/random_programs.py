"""Random well-typed programs, run by Ricci and by NumPy as the same text.

    python tests/e2e/random_programs.py --count 20000 --start 0

A seed stands for a program and its arrays. NumPy computes every value while the program is made, so
that operations that jump (comparisons, floor, argmax, ...) meet only numbers that are the same in
every right evaluation; bounded.py says how far the others may be off. A difference is made small
before it is reported: other results, statements and unusual strides are taken away.
"""

import argparse
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import re
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import numpy_program
import oracle

sys.path.insert(0, str(Path(__file__).parent))
from bounded import Bounded, Unusable, disagreement, evaluate  # noqa: E402
from random_operations import OPERATIONS  # noqa: E402

SIZES = [0, 1, 1, 2, 3, 5, 7, 13, 15, 16, 17, 31, 33, 63, 65]
LARGE = [64, 100, 257, 1000, 4099]
LIMIT, LARGE_LIMIT = 6000, 400_000  # elements
PALETTES = ["f4"] * 8 + ["f8"] * 5 + ["f2"] * 3 + ["i4", "i8", "i1", "i2", "u1", "u2", "u4", "u8", "?", "c8", "c16"]


class Program:
    """Arrays by name; statements (name, template, operands, rule); the names of the results."""

    def __init__(self, arrays, statements, results, style):
        self.arrays, self.statements, self.results, self.style = arrays, statements, results, style
        self._values = None

    def values(self):
        """Of every name, with its bounds."""
        if self._values is None:
            self._values = {name: Bounded(array) for name, array in self.arrays.items()}
            for name, template, names, rule in self.statements:
                self._values[name] = evaluate(template, [self._values[n] for n in names], rule)
        return self._values

    def text(self):
        """Statements, some of them inside others, some as calls of definitions or in place; without a
        style, as they are."""
        rng = np.random.default_rng(self.style) if self.style is not None else None
        uses = [n for _, _, names, _ in self.statements for n in names] + self.results
        expressions, lines = {}, []
        for name, template, names, _ in self.statements:
            expression = template.format(*[expressions.get(n, n) for n in names])
            if rng is None:
                lines.append(f"{name} = {expression}")
                continue
            # A template may name an operand twice.
            once = uses.count(name) == 1 and name not in self.results and all(
                t.count("{%d}" % ns.index(name)) == 1 for _, t, ns, _ in self.statements if name in ns)
            variables = sorted(set(re.findall(r"\b[ax]\d+\b", expression)))
            if rng.random() < 0.08 and variables:
                lines.append(self.definition(rng, f"f{name}", variables, expression))
                expression = f"f{name}({', '.join(variables)})"
            first = expressions.get(names[0], names[0]) if names else ""
            in_place = first.isidentifier() and expression.startswith(first) and self.is_last_use(name, template, names)
            if once and not in_place and rng.random() < 0.4:
                expressions[name] = f"({expression})"
            elif in_place and rng.random() < 0.7:
                operator, rest = template.split(maxsplit=2)[1:]
                lines.append(f"{first} {operator}= {rest.format(*[expressions.get(n, n) for n in names])}")
                expressions[name] = first
            else:
                lines.append(f"{name} = {expression}")
        return "\n".join([*lines, ", ".join(expressions.get(n, n) for n in self.results)])

    @staticmethod
    def definition(rng, function, variables, expression):
        if rng.random() < 0.5:
            return f"def {function}({', '.join(variables)}): return {expression}"
        return f"def {function}({', '.join(variables)}):\n    y = {expression}\n    return y"

    def is_last_use(self, name, template, names):
        """Whether the statement may be written as one in place: nobody else has the first operand, and
        the result is of its type."""
        if not re.match(r"\{0\} [-+*/] \{?[\w.-]+\}?$", template) or names[0] in self.results + list(self.arrays):
            return False
        makers = {n: t for n, t, _, _ in self.statements}
        uses = [n for _, _, ns, _ in self.statements for n in ns]
        fresh = re.match(r"\{\d\} [-+*/] |(exp|sin|tanh|square|add|multiply)\(", makers[names[0]])
        values = self.values()
        types = [(values[n].dtype, values[n].shape) for n in (name, names[0])]
        return bool(fresh) and uses.count(names[0]) == 1 and types[0] == types[1]

    def of(self, arrays):
        return Program(arrays, self.statements, self.results, self.style)

    def needed(self):
        """Without what the results do not need."""
        keep, statements = set(self.results), []
        for statement in reversed(self.statements):
            if statement[0] in keep:
                keep.update(statement[2])
                statements.insert(0, statement)
        arrays = {name: a for name, a in self.arrays.items() if name in keep}
        return Program(arrays, statements, self.results, self.style)


class Generator:
    def __init__(self, seed, most=None, large=False):
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.values, self.arrays, self.statements = {}, {}, []
        self.palette = [np.dtype(self.choice(PALETTES)) for _ in range(self.rng.integers(1, 4))]
        self.limit = LARGE_LIMIT if large else LIMIT
        self.sizes = [int(n) for n in self.rng.choice(SIZES + LARGE * 4 if large else SIZES, 3)]
        self.most = most or int(min(5 + self.rng.exponential(6), 30))

    def chance(self, p):
        return self.rng.random() < p

    def choice(self, items):
        items = list(items)
        if not items:
            raise Unusable("nothing to choose from")
        return items[int(self.rng.integers(len(items)))]

    def pick(self, suits=lambda v: True):
        """A value, one of the last ones rather than an old one."""
        names = [n for n, v in self.values.items() if suits(v)]
        if not names:
            raise Unusable("no value suits")
        return names[-1 - min(int(self.rng.exponential(2.5)), len(names) - 1)]

    def fits(self, *names):
        try:
            return np.prod(np.broadcast_shapes(*[self.values[n].shape for n in names])) <= self.limit
        except ValueError:
            return False

    def partner(self, x, suits=lambda v: True):
        """A value that broadcasts with x."""
        names = [n for n, v in self.values.items() if suits(v) and self.fits(n, x)]
        if names and self.chance(0.7):
            return self.choice(names)
        shape = [1 if self.chance(0.2) else n for n in self.values[x].shape]
        shape = shape[int(self.rng.integers(len(shape) + 1)):] if self.chance(0.4) else shape
        for _ in range(20):
            dtypes = [*self.palette, self.values[x].dtype] if self.chance(0.7) else map(np.dtype, PALETTES + ["?"] * 8)
            values = self.random_values(shape, self.choice(dtypes))
            if suits(Bounded(values)):
                return self.leaf(values)
        raise Unusable("no array suits")

    def matching(self, x, shape):
        """A value of a shape that x contracts with."""
        names = [n for n, v in self.values.items() if v.shape == shape and v.dtype == self.values[x].dtype]
        if names and self.chance(0.5):
            return self.choice(names)
        return self.leaf(self.random_values(shape, self.values[x].dtype))

    def random_values(self, shape, dtype):
        rng, kind = self.rng, self.choice(["normal", "normal", "small", "small", "positive", "whole", "special"])
        if dtype.kind == "b":
            return np.asarray(rng.integers(0, 2, shape)).astype(dtype)
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            low, high = {"whole": (info.min, info.max), "positive": (1, 9)}.get(kind, (-9, 9))
            return np.asarray(rng.integers(max(low, info.min), high, shape, dtype=dtype, endpoint=True))
        values = np.asarray(rng.standard_normal(shape))
        if kind in ("small", "whole"):
            values = np.rint(values * 4)
        if kind == "positive":
            values = np.abs(values) + 0.1
        if kind == "special" and dtype.kind == "f" and rng.random() < 0.3:
            special = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, float(np.finfo(dtype).tiny) / 8, 1e4], shape)
            values = np.where(rng.random(shape) < 0.2, special, values)
        if dtype.kind == "c":
            values = values + 1j * np.rint(rng.standard_normal(shape) * 2)
        return np.asarray(values).astype(dtype)

    def leaf(self, values):
        """An argument with these values, in memory of any order."""
        name = f"a{len(self.arrays)}"
        values = np.asarray(values)
        if self.chance(0.6):
            array = values.copy()
        elif values.ndim and self.chance(0.3) and values.size:
            axis = int(self.rng.integers(values.ndim))
            array = np.broadcast_to(np.take(values, [0], axis=axis), values.shape)
        elif self.chance(0.25):
            room = np.zeros(values.nbytes + 1, np.uint8)
            array = room[1:].view(values.dtype).reshape(values.shape)
            array[...] = values
        else:
            order = self.rng.permutation(values.ndim)
            steps = [int(self.rng.choice([1, 1, 2, -1, -2])) for _ in values.shape]
            room = np.zeros([values.shape[axis] * abs(steps[axis]) for axis in order], values.dtype)
            array = room.transpose(np.argsort(order))[(..., *(slice(None, None, step) for step in steps))]
            array[...] = values
        self.arrays[name] = array
        self.values[name] = Bounded(array)
        return name

    def add(self, template, names, rule):
        value = evaluate(template, [self.values[n] for n in names], rule)
        if value.dtype not in numpy_program_dtypes or value.size > self.limit or value.ndim > 5:
            raise Unusable("a result of no use")
        if value.size and value.is_float:
            with np.errstate(all="ignore"):
                size = np.abs(value.array)
                if np.isinf(value.bound).mean() > 0.3:
                    raise Unusable("too little is known of it")
                usual = np.isfinite(size).mean() > 0.5 and np.max(size, where=np.isfinite(size), initial=0) < (
                    1e3 if value.dtype == np.float16 else 1e6)
            before = all(np.isfinite(self.values[n].array).all() for n in names)
            if not usual and self.chance(0.9) or before and not np.isfinite(size).all() and self.chance(0.7):
                raise Unusable("numbers of no use")
        name = f"x{len(self.statements)}"
        self.values[name] = value
        self.statements.append((name, template, list(names), rule))
        return name

    def program(self):
        operations, weights = list(OPERATIONS), np.array(list(OPERATIONS.values()), float)
        weights *= self.rng.choice([0.1, 1, 1, 4], len(weights))
        for _ in range(int(self.rng.integers(1, 4))):
            rank = int(self.rng.choice(5, p=[0.05, 0.3, 0.4, 0.17, 0.08]))
            sizes = self.sizes if rank < 3 else [min(n, 7) for n in self.sizes]
            shape = [self.choice(sizes) for _ in range(rank)]
            if np.prod(shape) <= self.limit:
                self.leaf(self.random_values(shape, self.choice(self.palette)))
        if not self.values:
            self.leaf(self.random_values([3], self.choice(self.palette)))
        for _ in range(self.most * 8):
            if len(self.statements) >= self.most:
                break
            with contextlib.suppress(Unusable):
                operations[self.rng.choice(len(operations), p=weights / weights.sum())](self)
        if not self.statements:
            self.add("{0} == {0}", [next(iter(self.values))], lambda o, v, f: np.zeros(np.shape(v)))
        used = {n for _, _, names, _ in self.statements for n in names}
        more = self.choice([0, 0.05, 0.4])
        results = [s[0] for s in self.statements if s[0] not in used or self.chance(more)][-10:]
        if self.chance(0.1):
            results.append(self.choice(self.values))  # an argument, or a result twice
        return Program(self.arrays, self.statements, results, self.seed).needed()


numpy_program_dtypes = {np.dtype(d) for d in oracle.DTYPES.values()} - {oracle.BF16}


def results_of(value):
    return list(value) if isinstance(value, tuple) else [value]


def into_given(program, values, text, device):
    """Results in memory of the caller, which they may share with arguments."""
    import ricci
    rng = np.random.default_rng(program.style)
    arguments = {name: a.copy() if rng.random() < 0.5 else a for name, a in program.arrays.items()}
    given, taken = [], set()
    for name in program.results:
        v = values[name]
        same_type = [n for n, a in arguments.items() if (a.dtype, a.shape) == (v.dtype, v.shape) and n not in taken and
                     a is not program.arrays[n]]
        if same_type and rng.random() < 0.5:
            taken.add(same_type[0])
            given.append(arguments[same_type[0]])
        else:
            room = np.zeros([2 * n for n in v.shape], v.dtype, order="CF"[rng.integers(2)])
            given.append(room[(..., *(slice(None, None, int(rng.choice([2, -2]))) for _ in v.shape))]
                         if rng.random() < 0.5 else np.zeros(v.shape, v.dtype, order="CF"[rng.integers(2)]))
    ricci.evaluate(text, device=device, out=tuple(given) if len(given) > 1 else given[0], **arguments)
    return tuple(given)


def difference(program, modes):
    """What Ricci does otherwise than NumPy, or None. modes: (RICCI_FUSION, device)."""
    import ricci
    values = program.values()
    text = program.text()
    kept = {name: a.tobytes() for name, a in program.arrays.items()}
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        want, _ = numpy_program.run(text, program.arrays)
    for name, w in zip(program.results, want):
        # The statements are NumPy's text; views are only summed in another order.
        assert w.shape == values[name].shape and w.dtype == values[name].dtype, f"{name} of the text differs"
    for fusion, device in modes:
        os.environ["RICCI_FUSION"] = fusion
        try:
            got = results_of(ricci.evaluate(text, device=device, **program.arrays))
            if fusion == "on" and program.style is not None and program.style % 4 == 0:
                got = results_of(into_given(program, values, text, device))
        except ricci.Error as error:
            return f"fusion {fusion}, {device}: {error}"
        finally:
            del os.environ["RICCI_FUSION"]
        if len(got) != len(want):
            return f"fusion {fusion}, {device}: {len(got)} results, not {len(want)}"
        for name, result in zip(program.results, got):
            if wrong := disagreement(name, result, values[name]):
                return f"fusion {fusion}, {device}: {wrong}"
        for name, array in program.arrays.items():
            if array.tobytes() != kept[name]:
                return f"fusion {fusion}, {device}: {name} was changed"
    return None


def guarded(program, modes):
    """As difference, in a process that may crash."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        with os.fdopen(writer, "w") as stream:
            stream.write(difference(program, modes) or "")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return text or (f"crash, exit code {status}" if status else None)


def smaller(program):
    """Programs with less."""
    if len(program.results) > 1:
        for name in program.results:
            yield Program(program.arrays, program.statements, [name], program.style).needed()
        for name in program.results:
            rest = [n for n in program.results if n != name]
            yield Program(program.arrays, program.statements, rest, program.style).needed()
    if program.style is not None:
        yield Program(program.arrays, program.statements, program.results, None)
    values = program.values()
    for i in reversed(range(len(program.statements))):
        name = program.statements[i][0]
        if name not in program.results:
            arrays = {**program.arrays, f"a{name[1:]}00": values[name].array.copy()}
            fresh = f"a{name[1:]}00"
            statements = [(s, t, [fresh if n == name else n for n in names], rule)
                          for s, t, names, rule in program.statements[:i] + program.statements[i + 1:]]
            yield Program(arrays, statements, program.results, program.style).needed()
    for name, array in program.arrays.items():
        if not array.flags.c_contiguous or not array.flags.aligned:
            yield program.of({**program.arrays, name: array.copy(order="C")})
        if array.size > 1 and (array != array.flat[0]).any() and array.dtype.kind != "b":
            yield program.of({**program.arrays, name: np.ones_like(array)})


def reduced(program, modes, difference=difference):
    """The smallest program found that still differs."""
    found = True
    while found:
        found = False
        for candidate in smaller(program):
            try:
                if difference(candidate, modes):
                    program, found = candidate, True
                    break
            except Unusable:
                pass
    return program


def described(program, modes, difference=difference):
    lines = [difference(program, modes) or "no longer differs", *("  " + line for line in program.text().split("\n"))]
    for name, a in program.arrays.items():
        lines.append(f"  {name}: {a.dtype}{a.shape} strides {a.strides}" + (f" = {a.tolist()}" if a.size <= 8 else ""))
    return "\n".join(lines)


MODES = [("on", "cpu"), ("off", "cpu")]


def check(seed, modes=MODES, most=None, large=False, difference=difference):
    """Text about the difference that a seed's program shows, or None."""
    program = Generator(seed, most, large).program()
    if difference(program, modes) is None:
        return None
    program = reduced(program, modes, difference)
    text = f"seed {seed}: {described(program, modes, difference)}"
    if ("on", "reference") not in modes:
        wrong = difference(program, [("on", "reference")])
        text += f"\n  the reference {'agrees with NumPy' if wrong is None else 'differs as well: ' + wrong}"
    return text


def worker(connection):
    while (task := connection.recv()) is not None:
        try:
            connection.send(check(*task))
        except BaseException as error:  # A defect of the generator: report it with its seed.
            connection.send(f"seed {task[0]}: {type(error).__name__}: {error}")


def run(seeds, report, modes=MODES, most=None, large=False, processes=1, seconds=60):
    """Every seed in a process that may crash or hang without harm."""
    context = multiprocessing.get_context("fork")
    seeds = iter(seeds)
    running = {}

    def start():
        ours, theirs = context.Pipe()
        process = context.Process(target=worker, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return ours, process

    def feed(connection, process):
        seed = next(seeds, None)
        if seed is None:
            connection.send(None)
            return
        connection.send((seed, modes, most, large))
        running[connection] = (process, seed, time.monotonic())

    for _ in range(processes):
        feed(*start())
    while running:
        for connection in multiprocessing.connection.wait(list(running), timeout=5):
            process, seed, _ = running.pop(connection)
            try:
                report(seed, connection.recv())
                feed(connection, process)
            except (EOFError, ConnectionResetError):
                process.join()
                report(seed, check(seed, modes, most, large, guarded) or f"seed {seed}: exit code {process.exitcode}")
                feed(*start())
        for connection, (process, seed, begin) in list(running.items()):
            if time.monotonic() - begin > seconds:
                process.kill()
                del running[connection]
                report(seed, f"seed {seed}: not done within {seconds} s")
                feed(*start())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--operations", type=int, help="in each program (else 5 to 30)")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="for one seed")
    parser.add_argument("--reference", action="store_true", help="the interpreter, too")
    parser.add_argument("--large", action="store_true", help="arrays that several threads share")
    parser.add_argument("--show", action="store_true", help="print the first program and stop")
    arguments = parser.parse_args()
    if arguments.show:
        program = Generator(arguments.start, arguments.operations, arguments.large).program()
        print(program.text())
        for name, a in program.arrays.items():
            print(f"{name}: {a.dtype}{a.shape} strides {a.strides}")
        return
    begin, differences, done = time.monotonic(), [], 0

    def report(seed, text):
        nonlocal done
        done += 1
        if done % 500 == 0:
            print(f"{done} programs, {len(differences)} differ; {time.monotonic() - begin:.0f} s", file=sys.stderr)
        if text:
            differences.append(seed)
            print(text, flush=True)

    modes = MODES + [("on", "reference")] * arguments.reference
    run(range(arguments.start, arguments.start + arguments.count), report, modes, arguments.operations, arguments.large,
        arguments.processes, arguments.seconds)
    print(f"{arguments.count} programs from seed {arguments.start}: {len(differences)} differ; "
          f"{time.monotonic() - begin:.0f} s")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
