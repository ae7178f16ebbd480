"""What operators add to NDArray: arithmetic, comparisons, and most operators as methods."""

__all__ = ["ArrayMethods"]


class ArrayMethods:
    """Base of NDArray, for type checkers: ``operators.install()`` adds the methods."""

    __slots__ = ()
