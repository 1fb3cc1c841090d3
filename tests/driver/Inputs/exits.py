"""exits.py CODE COMMAND...: runs a command, passes on what it prints, and succeeds when its exit code
is CODE and it took no more than ten seconds."""

import subprocess
import sys

try:
    code = subprocess.run(sys.argv[2:], timeout=10).returncode
except subprocess.TimeoutExpired:
    sys.exit("still running after 10 seconds")
if code != int(sys.argv[1]):
    sys.exit(f"exit code {code}, not {sys.argv[1]}")
