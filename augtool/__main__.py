"""``python -m augtool``."""

from __future__ import annotations

from augtool.cli import main

if __name__ == "__main__":
    main()
