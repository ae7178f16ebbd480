"""Random programs: what a user may write around a training loop, run in several ways.

A program is a list of instructions, data and not code. :mod:`programs.generator` draws one from a
seed, :mod:`programs.interpreter` runs it on gluonx or on :mod:`programs.reference`, a tiny Gluon in
NumPy, :mod:`programs.compare` holds the runs equal, and :mod:`programs.shrink` makes a failing
program short and prints it as Python.
"""
