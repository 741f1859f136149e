import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.errors import UserError
from mechlab.notation import Notation, check_size, literal

AGENTS = Notation("group", "'silent*2 + honest'")
NESTED = Notation("mechanism", "'a(b + c, x=1)'", nests=True)


def refusal(notation, text):
    with pytest.raises(UserError) as error:
        notation.terms(text)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "names", "counts"),
    [
        ("o3", ["o3"], [None]),
        (" o3*2+gpt-4.1-mini ", ["o3", "gpt-4.1-mini"], [2, None]),
        ("llm:org/model-3.1:8b * 2", ["llm:org/model-3.1:8b"], [2]),
        ("fit:out/a,b=c.json#o3*3", ["fit:out/a,b=c.json#o3"], [3]),
        ("volunteer&submit*0", ["volunteer&submit"], [0]),
    ],
)
def test_names_and_counts(text, names, counts):
    terms = AGENTS.terms(text)
    assert [term.name for term in terms] == names
    assert [term.count for term in terms] == counts
    assert [text[term.position :].startswith(term.name) for term in terms] == [True] * len(terms)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-2.5", -2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("local", "local"),
        ("'a, (b) + \\'c\\''", "a, (b) + 'c'"),
        ('"x=1"', "x=1"),
        ("[0, 3000]", [0, 3000]),
        ("[[1, a], [], true,]", [[1, "a"], [], True]),
    ],
)
def test_values(text, value):
    (term,) = AGENTS.terms(f"a(x={text}, y = {text} ,)*2")
    assert term.values == {"x": value, "y": value}
    assert type(term.values["x"]) is type(value)


@given(st.floats(allow_nan=False) | st.booleans() | st.text() | st.lists(st.integers()))
def test_a_value_that_is_written_is_read_again(value):
    (term,) = AGENTS.terms(f"a(x={literal(value)})")
    assert term.values["x"] == value


def test_mechanisms_stand_in_one_another():
    (outer,) = NESTED.terms("capped(a(x=1) + b, limit=5)")
    ((a, b),) = outer.sums
    assert (outer.name, outer.values) == ("capped", {"limit": 5})
    assert (a.name, a.values, b.name, b.position) == ("a", {"x": 1}, "b", 16)


@pytest.mark.parametrize(
    ("notation", "text", "where"),
    [
        (AGENTS, "", "ends too early"),
        (AGENTS, "a + ", "ends too early"),
        (AGENTS, "a(x=1", "ends too early"),
        (AGENTS, "a b", "goes wrong at character 3"),
        (AGENTS, "a*two", "goes wrong at character 3"),
        (AGENTS, "a*1234567890", "goes wrong at character 12"),
        (AGENTS, "a(b)", "goes wrong at character 3"),
        (AGENTS, "a(x=[1, 2)", "goes wrong at character 10"),
        (AGENTS, "a(x='b)", "goes wrong at character 5"),
        (NESTED, "a*2", "goes wrong at character 2"),
        (NESTED, "a(x=1, x=2)", "goes wrong at character 10"),
        (NESTED, "a(" * 10_000, "goes wrong at character"),
    ],
)
def test_an_error_says_how_it_is_written_and_where_it_goes_wrong(notation, text, where):
    says = f"a {notation.kind} is written like {notation.examples}, got {text!r}, which {where}"
    assert refusal(notation, text).startswith(says)


@given(st.text() | st.text("a(x=0.1)+*, []{}'\\"))
def test_any_text_is_read_or_refused(text):
    for notation in (AGENTS, NESTED):
        try:
            assert notation.terms(text)
        except UserError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "counts"), [("a", [4]), ("a*4", [4]), ("a + b*3", [1, 3]), ("a*0 + b*4", [0, 4])]
)
def test_a_single_name_without_a_count_fills_the_group(text, counts):
    assert [count for _, count in AGENTS.counted(text, 4)] == counts


@pytest.mark.parametrize(("text", "size"), [("a*3", 3), ("a + b", 2), ("a*999999999", 999_999_999)])
def test_counts_add_up_to_the_group(text, size):
    with pytest.raises(UserError) as error:
        AGENTS.counted(text, 4)
    agents = "1 agent" if size == 1 else f"{size} agents"
    assert str(error.value) == f"group {text!r} has {agents}; the game is set to 4"
    check_size("whoever", 4, 4)


@given(st.text("()[]*+=,'\"\\ .19arate", max_size=200), st.booleans())
def test_any_text_is_read_or_refused_in_one_line(text, nests):
    try:
        terms = Notation("thing", "'a*2 + b'", nests).terms(text)
    except UserError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert terms and all(term.name for term in terms)
