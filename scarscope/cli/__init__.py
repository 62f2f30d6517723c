"""The command line: thin, every command is one verb of the library."""

from scarscope.cli.program import main

__all__ = ["main"]
