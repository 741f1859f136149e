"""No text that comes from outside can steer the terminal."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mechlab.commands._app import safe, warn
from mechlab.commands._terminal import SafeConsole

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
