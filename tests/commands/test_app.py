"""No text that comes from outside can steer the terminal."""

import ast
import inspect
import io
import logging
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mechlab import commands
from mechlab.commands import _terminal
from mechlab.commands._app import app, crash, safe, warn
from mechlab.commands._terminal import SafeConsole
from mechlab.errors import UserError

STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TEXTS = st.text(alphabet=st.sampled_from("a b\n\x1b\x9b[]0;m\x07\r\u202e\x08"))


def tabled(text: str) -> Table:
    table = Table(title=Text(text), caption=Text(text))
    table.add_column(Text(text))
    table.add_row(Text(text))
    return table


@given(TEXTS)
def test_a_safe_text_steers_nothing_and_loses_nothing_else(text):
    assert not STEERING.search(safe(text))
    assert [a for a, b in zip(text, safe(text), strict=True) if a != b] == STEERING.findall(text)


@pytest.mark.parametrize("shown", [Text, tabled, lambda text: Panel(Text(text), title=Text(text))])
@given(text=TEXTS)
def test_whatever_is_printed_steers_nothing(shown, text):
    console = SafeConsole(file=io.StringIO(), width=60)
    console.print(shown(text))
    assert not STEERING.search(console.file.getvalue())


@given(text=TEXTS)
def test_a_status_line_and_a_progress_bar_steer_nothing(text):
    console = SafeConsole(file=io.StringIO(), width=60)
    with console.status(Text(text)):
        pass
    assert not STEERING.search(console.file.getvalue())


def test_styles_are_kept_on_a_terminal():
    console = SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text("red", style="red"))
    assert console.file.getvalue() == "\x1b[31mred\x1b[0m\n"


def test_a_warning_is_one_safe_line_on_stderr(capsys):
    warn("a\nb\x1b[2J")
    assert capsys.readouterr().err == "mechlab: a b�[2J\n"


WRITERS = r"print|(typer|click)\.echo|rich\.print|tqdm|warnings\.warn|.*std(out|err)\.write"


def printed(path):
    """Return the calls in a module that write to the terminal without Rich."""
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    writers = [call for call in calls if re.fullmatch(WRITERS, ast.unparse(call.func))]
    return [f"{path.stem}: {ast.unparse(call)}" for call in writers]


def test_there_are_three_ways_to_the_terminal_beside_the_safe_console():
    package = Path(inspect.getfile(commands)).parents[1]
    ways = [way for path in sorted(package.rglob("*.py")) for way in printed(path)]
    assert ways == [
        "_app: print('mechlab:', safe(' '.join(text.split())), file=sys.stderr)",
        "_app: print(safe(''.join(format_exception(kind, error, trace))), file=sys.stderr, end='')",
        "_terminal: print(json.dumps(_plain(value), allow_nan=False))",
    ]
    assert all(isinstance(console, SafeConsole) for console in (_terminal.OUT, _terminal.ERR))


def raising(text):
    raise UserError(text)


CHANNELS = {
    "lines": lambda text: _terminal.say(text, text),
    "table": lambda text: _terminal.print_table(["a"], [[text]]),
    "rows": lambda text: _terminal.print_rows([{"name": text, "what": text}]),
    "json": lambda text: _terminal.print_json({text: text}),
    "mistake": raising,
    "log": lambda text: logging.getLogger("mechlab").warning("%s", text),
    "log of a library": lambda text: logging.getLogger("library").warning("%s", text),
    "warning": lambda text: warnings.warn(text, RuntimeWarning, stacklevel=2),
    "crash": lambda text: crash(ValueError, ValueError(text), None),
}


@pytest.mark.parametrize("name", CHANNELS)
@given(text=TEXTS)
def test_no_channel_of_a_command_lets_a_text_steer(name, text):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        warnings.simplefilter("always")
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        patched.setattr(commands, "app", lambda **_: CHANNELS[name](text))
        patched.setattr(logging.getLogger("library"), "propagate", False)
        with pytest.raises(SystemExit):
            commands.main()
    assert out.getvalue() + err.getvalue()
    assert not STEERING.search(out.getvalue() + err.getvalue())


def test_a_crash_is_a_safe_traceback():
    code = "from mechlab import commands\ncommands.app = lambda **_: 1 / 0\ncommands.main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "ZeroDivisionError" in ran.stderr and not STEERING.search(ran.stderr)


def test_help_says_all_that_is_written():
    """Rich takes a word in brackets for a style."""
    for command in app.registered_commands:
        texts = [inspect.getdoc(command.callback) or ""]
        texts += [
            word.help or ""
            for parameter in inspect.signature(command.callback, eval_str=True).parameters.values()
            for word in getattr(parameter.annotation, "__metadata__", ())
        ]
        assert not [text for text in texts if re.search(r"\[[a-z]", text)]


def test_help_needs_nothing_that_is_slow_to_import():
    code = "import sys, mechlab.commands; print({'numpy', 'rich', 'pydantic'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
