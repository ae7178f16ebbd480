"""How this process was started: alone, or as one of several workers of a job."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from ..error import MXNetError

__all__ = ["Start", "number", "read"]


class Start(NamedTuple):
    """What the environment says about the job."""

    #: Number of this worker and of all workers; None where only the cluster's manager knows.
    rank: int | None
    size: int | None
    #: Host and port at which the workers meet, on the machine of worker 0.
    address: tuple[str, int] | None
    #: Who says so, for messages.
    source: str
    #: JAX's name of the manager to ask, None for those that it finds by itself.
    method: str | None = None
    #: What the workers of this job, and no others, have in common.
    job: str | None = None


def read(environment: Mapping[str, str] = os.environ) -> Start | None:
    """The job that this process was started for; None if it was started alone.

    Raises
    ------
    MXNetError
        If variables are missing or wrong.
    """
    if environment.get("DMLC_PS_ROOT_URI") or environment.get("DMLC_NUM_WORKER"):
        return _dmlc(environment)
    return _managed(environment)


def _dmlc(environment: Mapping[str, str]) -> Start | None:
    """MXNet's variables, which :mod:`gluonx.launch` sets too."""
    role = environment.get("DMLC_ROLE", "worker")
    if role in ("server", "scheduler"):
        # MXNet starts these beside the workers, with the same program.
        print(f"gluonx: there are no servers and schedulers; this {role} ends", flush=True)
        raise SystemExit(0)
    if role != "worker":
        raise MXNetError(f"DMLC_ROLE must be worker, server or scheduler, not {role!r}")
    managed, managed_size = _numbers(environment)
    size = number("DMLC_NUM_WORKER", environment) or managed_size
    if size is None or size < 1:
        raise MXNetError("DMLC_NUM_WORKER must be set to how many workers there are")
    rank = number("DMLC_WORKER_ID", environment)
    if rank is None:
        rank = number("DMLC_TASK_ID", environment)
    if rank is None:
        rank = managed
    if size == 1:
        return None
    if rank is None or not 0 <= rank < size:
        raise MXNetError(
            f"DMLC_WORKER_ID must be the number of this worker, from 0 to {size - 1}, "
            f"but is {rank}. python -m gluonx.launch sets it"
        )
    host, port = environment.get("DMLC_PS_ROOT_URI"), number("DMLC_PS_ROOT_PORT", environment)
    if not host or port is None:
        raise MXNetError(
            "DMLC_PS_ROOT_URI and DMLC_PS_ROOT_PORT must be set to the host of worker 0 and a port "
            "that is free there"
        )
    return Start(rank, size, (host, port), "DMLC_* variables")


#: Variables of managers: the number of a process, and of all; the first that is set counts.
_NUMBERS = (
    ("OMPI_COMM_WORLD_RANK", ("OMPI_COMM_WORLD_SIZE",)),
    ("PMI_RANK", ("PMI_SIZE",)),
    ("SLURM_PROCID", ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")),
    ("JOB_COMPLETION_INDEX", ()),
)


def _numbers(environment: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The number of this process and of all, as a manager says; None where it does not."""
    for name, sizes in _NUMBERS:
        if (rank := number(name, environment)) is not None:
            found = (number(s, environment) for s in sizes)
            return rank, next((s for s in found if s is not None), None)
    return None, None


def _managed(environment: Mapping[str, str]) -> Start | None:
    """Managers that JAX asks for the rest; within one host there is nothing to be asked."""
    rank, size = _numbers(environment)
    if number("OMPI_COMM_WORLD_SIZE", environment) is not None:
        if (size or 1) == 1:
            return None
        job = environment.get("PMIX_NAMESPACE")
        if job and number("OMPI_COMM_WORLD_LOCAL_SIZE", environment) == size:
            return _within("Open MPI", rank, size, job)
        # JAX asks version 4 by this; later ones do not say where worker 0 is
        known = "OMPI_MCA_orte_hnp_uri" in environment
        return Start(rank, size, None, "Open MPI", None if known else "mpi4py")
    if number("PMI_SIZE", environment) is not None:
        return Start(rank, size, None, "MPI", "mpi4py") if (size or 1) > 1 else None
    if "SLURM_PROCID" in environment and "SLURM_STEP_ID" in environment:
        if (size or 1) == 1:
            return None
        job = f"{environment.get('SLURM_JOB_ID')}.{environment['SLURM_STEP_ID']}"
        if number("SLURM_STEP_NUM_NODES", environment) == 1:
            return _within("SLURM", rank, size, job)
        return Start(rank, size, None, "SLURM")
    if "KUBERNETES_SERVICE_HOST" in environment and "JOB_COMPLETION_INDEX" in environment:
        return Start(None, None, None, "Kubernetes")
    return None


def _within(source: str, rank: int | None, size: int | None, job: str) -> Start:
    """A job on one host: all its workers find the same port by its name."""
    port = 20000 + zlib.crc32(job.encode()) % 12000  # below those that systems give away
    return Start(rank, size, ("127.0.0.1", port), source, job=job)


def number(name: str, environment: Mapping[str, str] = os.environ) -> int | None:
    """A variable that holds a number; None if it is not set."""
    text = environment.get(name)
    if text is None or not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise MXNetError(f"{name} must be a whole number, but is {text!r}") from None
