"""The files that belong to the repository: tracked, or new and not ignored."""

import os
import subprocess
from pathlib import Path

# Where there is no git (an unpacked archive): folders that are never part of the source.
NOT_SOURCE = {".git", "build", "__pycache__", ".pytest_cache", ".cache"}


def repository_files(root: Path) -> list[Path]:
    """Paths relative to `root`, sorted."""
    if (root / ".git").exists():
        command = ["git", "-c", f"safe.directory={root.resolve()}", "-C", str(root), "ls-files", "-z",
                   "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
        return sorted(Path(name) for name in set(names) if name and (root / name).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_SOURCE]
        found += [(Path(folder) / name).relative_to(root) for name in names]
    return sorted(found)
