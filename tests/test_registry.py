import importlib
import sys

import pytest

from mechlab.errors import UserError
from mechlab.registry import Registry


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a real distribution with one plug-in, whose module has the given text."""

    def install(source):
        (tmp_path / "my_plugin.py").write_text(source)
        info = tmp_path / "my_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[mechlab.test_things]\nmine = my_plugin\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()

    yield install
    sys.modules.pop("my_plugin", None)


def test_names_stand_in_the_order_of_registration():
    things = Registry("thing")
    things.add("b", 1)
    things.named("a")(2)
    assert list(things) == ["b", "a"]
    assert "a" in things and "c" not in things
    assert things.get("a") == 2


def test_a_name_can_be_taken_once():
    things = Registry("thing")
    things.add("a", 1)
    with pytest.raises(ValueError, match="thing 'a' is registered twice"):
        things.add("a", 2)
    assert things.get("a") == 1


def test_an_unknown_name_is_answered_with_the_nearest_one():
    things = Registry("thing")
    things.add("royalty", 1)
    things.add("tournament", 2)
    with pytest.raises(UserError) as error:
        things.get("royal")
    assert str(error.value) == (
        "unknown thing 'royal': did you mean 'royalty'? (valid: royalty, tournament)"
    )


def test_an_empty_registry_says_so():
    with pytest.raises(UserError, match=r"unknown thing 'a': \(valid: none\)"):
        Registry("thing").get("a")


def test_plug_ins_of_other_packages_are_imported_at_the_first_look_up(installed):
    installed("IMPORTED = True\n")
    things = Registry("thing", "mechlab.test_things")
    things.add("a", 1)
    assert "my_plugin" not in sys.modules
    assert list(things) == ["a"]
    assert "my_plugin" in sys.modules


def test_a_plug_in_that_cannot_be_imported_is_the_users_to_mend(installed):
    installed("import no_such_package\n")
    things = Registry("thing", "mechlab.test_things")
    for _ in range(2):
        with pytest.raises(UserError) as error:
            things.get("a")
        assert str(error.value) == (
            "the plug-in mine = 'my_plugin' (mechlab.test_things) cannot be loaded: "
            "No module named 'no_such_package'"
        )
