"""Builds the package as pyproject.toml says, and puts into it what top-level folders hold: a model and a treebank.

They go to parser/_bundled under the names they have here, and `parser.bundled` finds them. An editable install copies
nothing: it looks into the checkout.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FILES = (
    "models/english.model",
    "models/LICENSE.txt",
    "data/sample/train.conllu",
    "data/sample/dev.conllu",
    "data/sample/LICENSE.txt",
    "data/sample/README.md",
)


class BuildWithBundle(build_py):
    """build_py, and then the files of the bundle."""

    def run(self) -> None:
        """Raises FileNotFoundError where a file is missing: a wheel without it would not be the whole."""
        super().run()
        if self.editable_mode:
            return
        for source, target in self._bundle():
            if not Path(source).is_file():
                raise FileNotFoundError(f"{source} belongs into the package, and is not there")
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def _bundle(self) -> list[tuple[str, str]]:
        return [(name, str(Path(self.build_lib, "parser", "_bundled", name))) for name in FILES]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        outputs: list[str] = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else outputs + [target for _, target in self._bundle()]

    def get_source_files(self) -> list[str]:
        """What an archive of the sources must hold."""
        return [*super().get_source_files(), *FILES]


setup(cmdclass={"build_py": BuildWithBundle})
