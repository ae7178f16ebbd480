"""gluonx: processes."""

from loaders import gluonx

gluonx.PROCESSES = True
folder, wait = gluonx.folder, gluonx.wait
