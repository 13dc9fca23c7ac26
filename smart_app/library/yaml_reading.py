"""Read YAML that people wrote, with the line of every value, and without its traps.

Refused with a finding: anchors and aliases (a few lines of them can fill the memory), tags,
the same key twice (YAML keeps the last one without a word), deep nesting, large files.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

MOST_CHARACTERS = 200_000
MOST_DEPTH = 12
Path = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same grammar in C, where the wheel has it."""


class YamlRefused(ValueError):
    """The text is no YAML that we read; `line` counts from 1."""

    def __init__(self, line: int, wrong: str, mend: str = "") -> None:
        super().__init__(wrong)
        self.line, self.wrong, self.mend = line, wrong, mend


@dataclass
class Located:
    """A value and the line of everything in it."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """The line of this path, or of the nearest one above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str, *, first_line: int = 1) -> Located:
    """Parse one document; `first_line` is where it starts in its file. Raises :class:`YamlRefused`."""
    if len(text) > MOST_CHARACTERS:
        raise YamlRefused(first_line, f"The file has {len(text)} characters; {MOST_CHARACTERS} at most.")
    offset = first_line
    try:
        _refuse_traps(text, offset)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line if mark else 0, text.rstrip().count("\n")) + offset
        raise YamlRefused(line, f"This is not YAML: {error.problem}.", "Check quotes, colons and indents.") from error
    except yaml.YAMLError as error:
        raise YamlRefused(offset, "This is not YAML.", "Remove characters that cannot be printed.") from error
    located = Located(None)
    located.value = None if node is None else _value(node, (), located, offset)
    return located


def _refuse_traps(text: str, offset: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = (event.start_mark.line if event.start_mark else 0) + offset
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlRefused(line, "Anchors and aliases (& and *) are not read here.", "Write the value out.")
        if getattr(event, "tag", None):
            raise YamlRefused(line, "Tags (!) are not read here.", "Leave the tag out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise YamlRefused(line, f"More than {MOST_DEPTH} levels deep.", "Make it flatter.")


def _value(node: yaml.Node, path: Path, located: Located, offset: int) -> Any:
    located.lines.setdefault(path, node.start_mark.line + offset)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, located, offset)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), located, offset) for index, item in enumerate(node.value)]
    try:
        return SafeConstructor().construct_object(node)  # type: ignore[no-untyped-call]
    except ValueError as error:
        line = node.start_mark.line + offset
        raise YamlRefused(line, f'"{node.value}" is no valid value.', "Write dates as 2027-05-22.") from error


def _mapping(node: yaml.MappingNode, path: Path, located: Located, offset: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + offset
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlRefused(line, "A field's name must be a word.")
        key = str(key_node.value)
        if key in found:
            raise YamlRefused(line, f'The field "{key}" is here twice.', "Keep one.")
        located.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), located, offset)
    return found
