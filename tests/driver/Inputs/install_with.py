"""install_with.py DIRECTORY [COMPILER]: copies the driver and libricci into DIRECTORY, with a
compiler beside them or none. COMPILER is a file name in the build's tests/driver."""

import os
import pathlib
import shutil
import sys

build = pathlib.Path(shutil.which("ricci")).resolve().parent.parent
root = pathlib.Path(sys.argv[1])
shutil.rmtree(root, ignore_errors=True)
for source in ("bin/ricci", *(str(path.relative_to(build)) for path in (build / "lib").glob("libricci.so*"))):
    (root / source).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(build / source, root / source)
if len(sys.argv) > 2:
    shutil.copy2(build / "tests/driver" / sys.argv[2], root / "lib/libricci_compiler.so")
    os.symlink(build / "lib/libricci_compiler.so", root / "lib/real_compiler.so")
