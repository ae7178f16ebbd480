"""The operators, by family. Importing this package registers all of them."""

from . import (  # noqa: F401
    basic,
    binary,
    elemwise,
    indexing,
    init,
    join,
    matrix,
    order,
    rearrange,
    reduce,
    scalar,
    sequence,
    shape,
)
