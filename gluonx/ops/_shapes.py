"""Shape arithmetic shared by operators and arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["reshape_target"]


def reshape_target(
    shape: Sequence[int], codes: Sequence[int], reverse: bool = False
) -> tuple[int, ...]:
    """The shape that MXNet's ``reshape`` codes ask for.

    Positive numbers are extents; 0 copies the input's extent at that place; -1 is what is left;
    -2 copies all further extents; -3 multiplies the next two; -4 splits the next one into the two
    numbers that follow it (one of which may be -1). ``reverse`` reads both from the right.

    Raises
    ------
    ValueError
        When the codes do not fit the shape, or the sizes differ.
    TypeError
        When a code is no whole number.
    """
    try:
        source, target = list(shape), [int(c) for c in codes]
    except (TypeError, ValueError):
        raise TypeError(
            f"reshape() takes whole numbers, for example x.reshape((2, -1)); got {tuple(codes)!r}"
        ) from None
    if reverse:
        source, target = source[::-1], target[::-1]
    out: list[int] = []
    at = k = 0
    rest = -1
    fits = True
    while k < len(target) and fits:
        code = target[k]
        if code > 0:
            out.append(code)
            at += 1
        elif code == 0:
            fits = at < len(source)
            out += source[at : at + 1]
            at += 1
        elif code == -1:
            fits = rest < 0
            rest = len(out)
            out.append(1)
            at += 1
        elif code == -2:
            out += source[at:]
            at = len(source)
        elif code == -3:
            fits = at + 1 < len(source)
            out.append(math.prod(source[at : at + 2]))
            at += 2
        elif code == -4:
            # in reversed reading the two numbers stand before the -4
            pair = target[k + 1 : k + 3]
            fits = at < len(source) and len(pair) == 2 and pair != [-1, -1]
            if fits:
                known = pair[0] if pair[1] == -1 else pair[1]
                if -1 in pair:
                    fits = known > 0 and source[at] % known == 0
                    pair[pair.index(-1)] = source[at] // known if fits else 0
                fits = fits and pair[0] * pair[1] == source[at]
                out += pair
            at += 1
            k += 2
        else:
            fits = False
        k += 1
    size = math.prod(source)
    if fits and rest >= 0:
        known = math.prod(out)
        fits = known > 0 and size % known == 0
        if fits:
            out[rest] = size // known
    if not fits or math.prod(out) != size:
        raise ValueError(
            f"cannot reshape an array of shape {tuple(shape)} ({size} elements) into shape "
            f"{tuple(codes)}; give a shape with as many elements, -1 for one unknown extent"
        )
    return tuple(out[::-1] if reverse else out)
