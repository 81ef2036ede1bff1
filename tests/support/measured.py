"""Runs a command and notes the most memory that it held, unmixed with that of its starter."""

import json
import resource
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Runs `sys.argv[2:]` and writes {status, peak_bytes} to the file `sys.argv[1]`."""
    status = subprocess.run(sys.argv[2:], check=False).returncode
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    note = {"status": status, "peak_bytes": peak}
    Path(sys.argv[1]).write_text(json.dumps(note), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
