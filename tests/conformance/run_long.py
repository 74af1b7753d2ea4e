"""The checks with timers of minutes, those of all files side by side."""

import importlib
from pathlib import Path

from check import HERE, main

if __name__ == "__main__":
    main(*(importlib.import_module(file.stem) for file in sorted(Path(HERE).glob("test_*.py"))),
         always_long=True)
