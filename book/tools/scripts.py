"""Join JavaScript modules into one script, for a page that is opened from a file.

Such a page may load no module: a browser takes another file for another site. The modules stand in
one scope then, without ``import`` and ``export``, each after those that it imports. So a name
may be declared only once in all of them.
"""

import re
from collections import Counter
from pathlib import Path

from trendlib.errors import TrendlibError

IMPORT = re.compile(
    r'^import\s+\{[^}]*\}\s+from\s+"(?P<file>\./[^"]+|\.\./[^"]+)";\n', re.MULTILINE
)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
DECLARED = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE
)


class ScriptError(TrendlibError):
    """Modules that cannot be joined."""


def joined(entry: Path) -> str:
    """Join a module with all that it imports, directly or not.

    Args:
        entry: The module that is run last.

    Raises:
        ScriptError: If a file is missing, if modules import each other in a circle, if an import
            or export is of a kind that cannot be taken out, or if a name is declared twice.
    """
    modules = _ordered(entry.resolve())
    twice = [
        name
        for name, count in Counter(DECLARED.findall("\n".join(modules.values()))).items()
        if count > 1
    ]
    if twice:
        raise ScriptError(
            f"the modules of {entry.name} declare {', '.join(twice)} more than once: in one script "
            "every name must be declared once, so rename all but one"
        )
    return "\n".join(_plain(path, text) for path, text in modules.items())


def _ordered(entry: Path) -> dict[Path, str]:
    """List the modules, each after those that it imports."""
    done: dict[Path, str] = {}
    begun: list[Path] = []

    def visit(path: Path) -> None:
        if path in done:
            return
        if path in begun:
            circle = " -> ".join(each.name for each in [*begun[begun.index(path) :], path])
            raise ScriptError(
                f"modules import each other in a circle ({circle}): move what they share"
            )
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ScriptError(
                f"{begun[-1].name if begun else 'the page'} needs {path}: {error}"
            ) from error
        begun.append(path)
        for match in IMPORT.finditer(text):
            visit((path.parent / match["file"]).resolve())
        begun.pop()
        done[path] = text

    visit(entry)
    return done


def _plain(path: Path, text: str) -> str:
    plain = EXPORT.sub("", IMPORT.sub("", text))
    if left := LEFT.search(plain):
        raise ScriptError(
            f'{path.name} has {left[0]!r}: write imports as `import {{ name }} from "./file.js";`, '
            "and exports before the declaration"
        )
    return plain.strip() + "\n"
