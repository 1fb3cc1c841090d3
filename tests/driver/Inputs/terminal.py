"""terminal.py: the driver with a terminal as its stderr."""

import os
import pty
import subprocess


def stderr_on_terminal(**environment):
    master, slave = pty.openpty()
    command = ["ricci", "shapes", "(2,)", "(3,)"]
    variables = {**os.environ, "TERM": "xterm", **environment}
    variables = {k: v for k, v in variables.items() if v is not None}
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=slave, env=variables)
    os.close(slave)
    text = os.read(master, 10000)
    os.close(master)
    return text


assert b"\x1b[1;31merror: \x1b[0mshapes" in stderr_on_terminal(NO_COLOR=None)
assert b"\x1b" not in stderr_on_terminal(NO_COLOR="1")
piped = subprocess.run(["ricci", "shapes", "(2,)", "(3,)"], capture_output=True).stderr
assert piped.startswith(b"error: shapes"), piped
