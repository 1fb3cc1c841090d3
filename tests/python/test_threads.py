"""Concurrent calls, the GIL, references and memory."""

import gc
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import ricci

rng = np.random.default_rng(5)


def test_concurrent_calls_of_new_and_known_signatures():
    sizes = list(range(2, 14))
    operands = {n: rng.integers(-9, 9, (n, n)).astype(float) for n in sizes}
    ricci.clear_cache()
    start = threading.Barrier(8)

    def work(seed):
        order = np.random.default_rng(seed)
        start.wait()
        for _ in range(60):
            n = int(order.choice(sizes))
            a = operands[n]
            assert np.array_equal(ricci.einsum("ij,jk->ik", a, a), a @ a)
            assert np.array_equal(ricci.einsum("ij->j", a), a.sum(0))
            if order.random() < 0.01:
                ricci.clear_cache()

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, seed) for seed in range(8)]:
            future.result()


def test_the_gil_is_released_while_a_call_runs():
    a = rng.standard_normal((90, 90, 90))  # some tenths of a second
    done = threading.Event()
    counted = [0]

    def count():
        while not done.is_set():
            time.sleep(0.001)  # releases the GIL, so that the caller gets it back
            counted[0] += 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(100)  # nobody is made to release it
    thread = threading.Thread(target=count)
    try:
        thread.start()
        before = counted[0]
        ricci.einsum("abc,abd,acd->", a, a, a, device="reference", optimize=[(0, 1, 2)])
        during = counted[0] - before
    finally:
        done.set()
        sys.setswitchinterval(interval)
        thread.join()
    assert during > 2


def references(*objects):
    return [sys.getrefcount(o) for o in objects]


def test_references_balance():
    a, b = rng.standard_normal((3, 4)), rng.standard_normal((4, 5))
    out = np.empty((3, 5))
    text = "ij,jk" + "->ik"
    sub, path = [0, 1], [(0, 1)]

    def calls():
        ricci.einsum(text, a, b)
        ricci.einsum(text, a, b, out=out, optimize=path)
        ricci.einsum("ij->ji", a)
        ricci.einsum("ij->", a)
        ricci.einsum(a, sub, b, [1, 2])
        ricci.plan(text, a, b)
        for wrong in (text, a, a), ("$", a), (a, sub, [5]), (text, a, object()):
            with pytest.raises((ValueError, TypeError)):
                ricci.einsum(*wrong)

    calls()
    gc.collect()
    before = references(a, b, out, text, sub, path)
    for _ in range(50):
        calls()
    gc.collect()
    assert references(a, b, out, text, sub, path) == before


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_results_are_freed():
    a = np.ones(2**17)
    for _ in range(20):
        ricci.einsum("i,i->i", a, a)
    before = resident()
    for _ in range(500):
        ricci.einsum("i,i->i", a, a)
        ricci.einsum("i,->i", a[:8], 2.0)
    assert resident() - before < 50 * 2**20  # 500 results would be 500 MiB


def test_errors_are_freed():
    a = np.ones((3, 4))

    def fail():
        with pytest.raises(ricci.Error):
            ricci.einsum("ij,jk->ik", a, a)

    for _ in range(1000):
        fail()
    before = resident()
    for _ in range(5000):
        fail()
    assert resident() - before < 8 * 2**20
