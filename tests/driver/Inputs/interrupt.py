"""interrupt.py DIRECTORY: an interrupt ends the driver at once and leaves no file."""

import os
import signal
import subprocess
import sys
import time

os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
# The interpreter needs minutes for this.
matrix = "f64[2000,2000]"
command = ["ricci", "einsum", "ij,jk->ik", matrix, matrix, "--device=reference", "-o", "out.npy"]
# lit ignores interrupts, and what it starts inherits that.
process = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
try:
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=1) == -signal.SIGINT
finally:
    process.kill()
assert os.listdir(".") == []
