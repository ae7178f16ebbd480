"""Attributes of operators: the kinds that there are, and values from what a caller or a file gave.

An attribute's annotation says what it takes, and nothing else has to check that::

    def pooling(data, *, kernel: Shape, pool_type: Literal["max", "avg"] = "max", p: Part = 0.5):
        ...

``Shape`` is a tuple of integers, ``DType`` names an element type, ``Literal`` lists names,
``Annotated[float, Within(0, 1)]`` bounds a number, ``| None`` lets it be left open.
"""

from __future__ import annotations

import ast
import functools
import inspect
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import jax.numpy as jnp
import numpy as np

from ..error import ArgumentError

__all__ = ["Amount", "Count", "DType", "Part", "Shape", "Within", "convert", "shown"]


class Shape(tuple):
    """Annotation of an attribute that is a tuple of integers; one integer is a 1-tuple."""

    __slots__ = ()


class DType(str):
    """Annotation of an attribute that names an element type (``'float32'``, ``np.int8``)."""

    __slots__ = ()


class Within(NamedTuple):
    """Bounds of a number, both of them allowed."""

    least: float
    most: float = float("inf")


#: A number of things, of which there is at least one.
Count = Annotated[int, Within(1)]
#: A number that is not negative.
Amount = Annotated[float, Within(0)]
#: A part of a whole, or a probability.
Part = Annotated[float, Within(0, 1)]


class Kind(NamedTuple):
    """What an annotation says.

    Attributes
    ----------
    types : tuple of type
    names : tuple of str
        The values of an attribute that is one of some names.
    bounds : Within or None
    """

    types: tuple[Any, ...]
    names: tuple[str, ...] = ()
    bounds: Within | None = None

    def __str__(self) -> str:
        if self.names:
            found = [repr(name) for name in self.names]
            found += ["None"] * (type(None) in self.types)
            return found[0] if len(found) == 1 else f"one of {', '.join(found)}"
        found = [_WORDS.get(t) or t.__name__ for t in self.types]
        text = " or ".join(found) or "another value"
        if self.bounds is None:
            return text
        least, most = self.bounds
        if most == float("inf"):
            return f"{text} of at least {least}"
        return f"{text} between {least} and {most}"


_WORDS = {
    Shape: "a tuple of integers", DType: "a dtype such as 'float32'", bool: "True or False",
    int: "an integer", float: "a number", tuple: "a tuple of numbers", str: "a string",
    type(None): "None",
}  # fmt: skip


@functools.cache
def _kind(annotation: Any) -> Kind:
    if annotation is inspect.Parameter.empty:
        return Kind(())
    if get_origin(annotation) is Literal:
        return Kind((), get_args(annotation))
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _kind(inner)._replace(bounds=more[0])
    parts = get_args(annotation)
    if not parts:
        return Kind((annotation,))
    kinds = [_kind(part) for part in parts]
    return Kind(
        tuple(t for k in kinds for t in k.types),
        tuple(name for k in kinds for name in k.names),
        next((k.bounds for k in kinds if k.bounds), None),
    )


def shown(parameter: inspect.Parameter) -> str:
    """What an attribute takes, as type checkers write it."""
    kind = _kind(parameter.annotation)
    names = {Shape: "_Shape", DType: "_DType", type(None): "None"}
    parts = ["str"] if kind.names else []  # so that a variable of type str may be given
    parts += [names.get(t) or getattr(t, "__name__", "Any") for t in kind.types]
    if parameter.default is None and "None" not in parts:
        parts.append("None")
    return " | ".join(parts) or "Any"


def convert(op: str, p: inspect.Parameter, value: Any) -> Any:
    """The value of an attribute, from what a caller or a file gave.

    Strings are read as their Python values (``"(3, 3)"``, ``"True"``), lists become tuples,
    dtypes become their names. Raises ArgumentError for what the attribute does not take.
    """
    kind = _kind(p.annotation)
    types = kind.types
    try:
        if value is None or (isinstance(value, str) and value == "None" and str not in types):
            if p.default is None or type(None) in types:
                return None
            if p.default is not p.empty:
                return p.default
            raise ValueError
        if kind.names:
            if value not in kind.names:
                raise ValueError
            return value
        found = _typed(types, value)
        if kind.bounds is not None and not kind.bounds.least <= found <= kind.bounds.most:
            raise ValueError
        return found
    except (TypeError, ValueError, SyntaxError, OverflowError, MemoryError, RecursionError):
        raise ArgumentError(
            f"{op}(): {p.name}={_short(value)} cannot be used; expected {kind}"
        ) from None


def _typed(types: tuple[Any, ...], value: Any) -> Any:
    if DType in types:
        name = value if isinstance(value, str) else np.dtype(value).name
        jnp.dtype(name)
        return name
    if isinstance(value, str) and types and str not in types:
        value = literal(value)
    if Shape in types and not (int in types and isinstance(value, int)):
        if isinstance(value, (int, np.integer)):
            return (int(value),)
        return tuple(None if v is None else _integer(v) for v in value)
    if bool in types:
        if value not in (0, 1):
            raise ValueError
        return bool(value)
    if int in types and float not in types:
        return _integer(value)
    if float in types:
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def _integer(value: Any) -> int:
    if int(value) != value:
        raise ValueError
    return int(value)


def literal(text: str) -> Any:
    """The Python value that a string stands for."""
    if text in ("true", "false"):
        return text == "true"
    return ast.literal_eval(text)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
