"""Classes that can be made by name: initializers, metrics, optimizers.

Each base class has a table of names. ``create`` takes what a user or a file may write: an
instance, a name, or the JSON text that ``dumps`` gives.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["get_alias_func", "get_create_func", "get_register_func", "get_registry"]

_REGISTRY: dict[type, dict[str, type]] = {}


def get_registry(base_class: type) -> dict[str, type]:
    """A copy of the table of names for subclasses of ``base_class``."""
    return dict(_REGISTRY.get(base_class, {}))


def get_table(base_class: type) -> dict[str, type]:
    """The table of names itself: what is entered here can be made by name."""
    return _REGISTRY.setdefault(base_class, {})


def get_register_func(base_class: type, nickname: str) -> Callable[..., type]:
    """A function ``register(klass, name=None)`` that enters subclasses of ``base_class``.

    Parameters
    ----------
    base_class : type
        What the classes must derive from.
    nickname : str
        What messages call such a class, for example ``'initializer'``.

    Examples
    --------
    >>> from gluonx import registry
    >>> class Shape: pass
    >>> register = registry.get_register_func(Shape, 'shape')
    >>> create = registry.get_create_func(Shape, 'shape')
    >>> @register
    ... class Circle(Shape): pass
    >>> type(create('circle')).__name__
    'Circle'
    """
    table = _REGISTRY.setdefault(base_class, {})

    def register(klass: type, name: str | None = None) -> type:
        if not (isinstance(klass, type) and issubclass(klass, base_class)):
            raise TypeError(
                f"cannot register {klass!r} as {nickname}; expected a subclass of "
                f"{base_class.__module__}.{base_class.__qualname__}"
            )
        key = (name or klass.__name__).lower()
        old = table.get(key)
        # A notebook cell that is run again defines its class again; that is no clash of names.
        if old is not None and _where(old) != _where(klass):
            warnings.warn(
                f"{nickname} {key!r} was {_where(old)} and is now {_where(klass)}", stacklevel=2
            )
        table[key] = klass
        return klass

    register.__doc__ = f"Register a subclass of {base_class.__name__}, so that it has a name."
    return register


def get_alias_func(base_class: type, nickname: str) -> Callable[..., Callable[[type], type]]:
    """A decorator ``alias('name', ...)`` that enters a class under further names."""
    register = get_register_func(base_class, nickname)

    def alias(*aliases: str) -> Callable[[type], type]:
        def add(klass: type) -> type:
            for name in aliases:
                register(klass, name)
            return klass

        return add

    alias.__doc__ = f"A decorator that gives a {base_class.__name__} further names."
    return alias


def get_create_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """A function ``create(what, *args, **kwargs)`` that gives an instance of ``base_class``.

    ``what`` is an instance (returned as it is), a registered name in any case, or JSON text
    ``'["name", {...}]'``. The function raises ValueError for an unknown name and TypeError for
    anything else.
    """
    table = _REGISTRY.setdefault(base_class, {})

    def create(*args: Any, **kwargs: Any) -> Any:
        if args:
            what, args = args[0], args[1:]
        elif nickname in kwargs:
            what = kwargs.pop(nickname)
        else:
            raise TypeError(f"create() needs the name of the {nickname} as its first argument")

        if isinstance(what, base_class):
            if args or kwargs:
                raise TypeError(
                    f"{what!r} exists already, so it takes no further arguments, "
                    f"got {[*args, *kwargs]}; give the name of the {nickname} instead"
                )
            return what
        if isinstance(what, dict):
            return create(**what)
        if not isinstance(what, str):
            raise TypeError(
                f"cannot make {nickname} from {what!r}; expected a name, an instance of "
                f"{base_class.__name__}, or JSON text"
            )
        if what.startswith(("[", "{")):
            if args or kwargs:
                raise TypeError(f"JSON text {what!r} takes no further arguments")
            return _from_json(create, what, nickname)
        klass = table.get(what.lower())
        if klass is None:
            raise ValueError(
                f"unknown {nickname} {what!r}; known are {', '.join(sorted(table))}. "
                "Register your own with @register."
            )
        return klass(*args, **kwargs)

    create.__doc__ = f"Make the {nickname} that a name, an instance or JSON text says."
    return create


def _where(klass: type) -> str:
    return f"{klass.__module__}.{klass.__qualname__}"


def _from_json(create: Callable, text: str, nickname: str) -> Any:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as e:
        raise ValueError(f"{text!r} describes no {nickname}: {e}") from None
    if isinstance(content, dict):
        return create(**content)
    if not (len(content) == 2 and isinstance(content[0], str) and isinstance(content[1], dict)):
        raise ValueError(f"""{text!r} describes no {nickname}; expected '["name", {{}}]'""")
    return create(content[0], **content[1])
