"""Registries: plug-ins by name, ours and those of other packages."""

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from mechlab.errors import UserError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """The plug-ins of one kind by name, in the order of registration.

    Plug-ins register where they are defined. A package names the module that defines them under the
    entry-point group. These modules are imported at the first look-up, so that ``mechlab`` depends
    on none of them; one that cannot be imported raises ``UserError``.

    >>> colours = Registry[str]("colour")
    >>> colours.add("red", "#f00")
    '#f00'
    >>> colours.get("red")
    '#f00'
    >>> colours.add("red", "#e00")
    Traceback (most recent call last):
    ValueError: colour 'red' is registered twice
    """

    def __init__(self, kind: str, group: str | None = None) -> None:
        self.kind = kind
        self._group = group
        self._items: dict[str, T] = {}
        self._renamed: dict[str, str] = {}

    def add(self, name: str, item: T) -> T:
        """Register ``item`` under ``name``; a name that is taken raises ``ValueError``."""
        if name in self._items:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._items[name] = item
        return item

    def rename(self, old: str, new: str) -> None:
        """Let ``get`` refuse a name of earlier versions in one line that has the new one."""
        self._renamed[old] = new

    def named(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under ``name``."""
        return lambda item: self.add(name, item)

    def get(self, name: str) -> T:
        """Return the item called ``name``; raises ``UserError`` with the nearest valid name."""
        self._load()
        if name in self._renamed:
            raise UserError(f"the {self.kind} {name!r} is now called {self._renamed[name]!r}")
        if name not in self._items:
            raise unknown(self.kind, name, self._items)
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(tuple(self._items))

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._items

    def _load(self) -> None:
        group, self._group = self._group, None  # a plug-in may look names up while it is imported
        for entry in entry_points(group=group) if group else ():
            try:
                entry.load()
            except Exception as error:  # somebody else's package may fail in any way
                self._group = group
                plugin = f"the plug-in {entry.name} = {entry.value!r} ({group})"
                raise UserError(f"{plugin} cannot be loaded: {error}") from error
