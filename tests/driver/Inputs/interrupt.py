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
process = subprocess.Popen(command)
time.sleep(0.5)
assert process.poll() is None
process.send_signal(signal.SIGINT)
begin = time.monotonic()
assert process.wait(timeout=10) == -signal.SIGINT
assert time.monotonic() - begin < 1
assert os.listdir(".") == []
