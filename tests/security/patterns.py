"""Every regular expression of the tree, and texts that are hostile to it: found in the source, derived from the pattern."""

import ast
import importlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("services", "shared", "deploy", "bench")
FUNCTIONS = ("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
METHODS = tuple(name for name in FUNCTIONS if name != "compile")
# One of each kind of character that a class of a pattern may hold, and texts that people and programs repeat.
CHARACTERS = " \t\n\r\u00a0aA0_-.,:;/\\'\"()[]{}<>=+*%$#&@!?\x00é"
REPEATED = (
    "_ ",
    "a ",
    "0 ",
    "1,",
    "1.",
    "://a:",
    "a@",
    "0-",
    "- ",
    "<a ",
    "ab",
    "a1",
    "\r\n",
    "'_",
    "(0",
    "x0",
    ", ",
    "a\t",
)
ENDINGS = ("", "\n\x00", "0")
CATEGORIES = {
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_NOT_DIGIT: "a ",
    codes.CATEGORY_SPACE: " \n",
    codes.CATEGORY_NOT_SPACE: "a-",
    codes.CATEGORY_WORD: "a0_",
    codes.CATEGORY_NOT_WORD: " -",
}
MOST_WAYS = 3
# Pieces of one pattern that are tried; of more, every second or third.
MOST_UNITS = 30


class Pattern(NamedTuple):
    """A pattern where it stands, as text or bytes, and the methods to try it with.

    `search` tries every place where `match` tries one; `findall` stands for all that go on after the first.
    """

    place: str
    regex: re.Pattern[Any]
    methods: tuple[str, ...]


def patterns() -> Iterator[Pattern]:
    """Every pattern given to `re` below FOLDERS; AssertionError where one is not made of the module's own constants."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    used = _methods_by_name(paths)
    for path in paths:
        tree = ast.parse(path.read_text())
        names = _names_of(tree)
        for call in ast.walk(tree):
            if function := _function_of(call):
                assert isinstance(call, ast.Call)
                place = f"{path.relative_to(ROOT).as_posix()}:{call.lineno}"
                methods = (function,) if function != "compile" else used.get(names.get(call, ""), METHODS)
                many = ["findall"] if {*methods} & {"findall", "finditer", "sub", "subn", "split"} else []
                yield Pattern(place, _compiled(path, call, place), ("fullmatch", "search", *many))


def _function_of(node: ast.AST) -> str:
    """The function of `re` that a node calls, or nothing."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return ""
    of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
    return node.func.attr if of_re and node.func.attr in FUNCTIONS else ""


def _names_of(tree: ast.Module) -> dict[ast.AST, str]:
    """The name that each compiled pattern is assigned to."""
    assigned = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    return {node.value: node.targets[0].id for node in assigned if isinstance(node.targets[0], ast.Name)}


def _methods_by_name(paths: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """Name -> the methods called on it anywhere: two patterns of one name share them, which only makes more texts."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in METHODS and isinstance(node.value, ast.Name):
                found.setdefault(node.value.id, set()).add(node.attr)
    return {name: tuple(methods) for name, methods in found.items() if name != "re"}


def _compiled(path: Path, call: ast.Call, place: str) -> re.Pattern[Any]:
    """The pattern of a call, evaluated among the names of its module."""
    module = importlib.import_module(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."))
    in_call = call.args[1:] if ast.unparse(call.func) == "re.compile" else call.args[2:]
    flags = [*(node for node in in_call if "re." in ast.unparse(node)), *(word.value for word in call.keywords)]
    try:
        made: list[Any] = [eval(ast.unparse(node), vars(module)) for node in (call.args[0], *flags)]
    except NameError as error:
        raise AssertionError(
            f"{place}: build the pattern from constants of the module, so that it can be tried"
        ) from error
    return re.compile(*made)


class Text(NamedTuple):
    """A hostile text of any length: what leads there, what is repeated, and something that does not fit."""

    before: str
    unit: str
    ending: str

    def __call__(self, length: int) -> str:
        times = (length - len(self.before) - len(self.ending)) // len(self.unit)
        return self.before + self.unit * max(1, times) + self.ending


def hostile_texts(regex: re.Pattern[Any]) -> list[Text]:
    """Texts of pieces of what the pattern takes, repeated, then something that it does not take."""
    is_text = isinstance(regex.pattern, str)
    source = regex.pattern if is_text else regex.pattern.decode("latin-1")
    found = sorted(set(_units(parser.parse(source, regex.flags if is_text else 0))))
    some = found[:: -(-len(found) // MOST_UNITS)] if found else []
    units = [*(("", text) for text in (*CHARACTERS, *REPEATED)), *some]
    return [Text(before, unit, ending) for before, unit in units if unit for ending in ENDINGS]


def _units(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(what leads there, what can be repeated) for each piece of a pattern."""
    led = before
    whole = ""
    for index, (code, argument) in enumerate(tree):
        for way in _ways(code, argument):
            if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
                yield led, way or "a"
                yield "", led + way
            yield "", whole + way
        for inner in _inner(code, argument):
            yield from _units(inner, led)
        first = next(iter(_ways(code, argument)), "")
        led += first
        whole += first
        if index:
            yield before, whole


def _inner(code: Any, argument: Any) -> list[Any]:
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return [argument[2]]
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return list(argument[1])
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    return [argument] if code is codes.ATOMIC_GROUP else []


def _ways(code: Any, argument: Any) -> list[str]:
    """A few texts that one piece of a pattern takes."""
    if code is codes.LITERAL:
        return [chr(argument)]
    if code is codes.NOT_LITERAL:
        return [next(character for character in "a 0" if ord(character) != argument)]
    if code is codes.ANY:
        return ["a", " "]
    if code is codes.IN:
        return list(islice(dict.fromkeys(_members(argument)), 6))
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return [way * max(1, argument[0]) for way in _sequences(argument[2])]
    if code is codes.BRANCH:
        return [way for branch in argument[1] for way in _sequences(branch)[:1]]
    inner = _inner(code, argument) if code not in (codes.ASSERT_NOT,) else []
    return [way for tree in inner for way in _sequences(tree)] or [""]


def _sequences(tree: Any) -> list[str]:
    found = [""]
    for code, argument in tree:
        found = [text + way for text in found for way in _ways(code, argument)[:MOST_WAYS]][:MOST_WAYS]
    return found


def _members(argument: Any) -> Iterator[str]:
    """Some characters of a class; of a negated one those of CHARACTERS that it does not name."""
    named = []
    for code, value in argument:
        if code is codes.LITERAL:
            named.append(chr(value))
        elif code is codes.RANGE:
            named += [chr(value[0]), chr(value[1])]
        elif code is codes.CATEGORY:
            named += list(CATEGORIES[value])
    if argument[0][0] is codes.NEGATE:
        named = [character for character in "a 0-.<(" if character not in named]
    yield from named
