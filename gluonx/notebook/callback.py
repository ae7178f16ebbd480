"""Callbacks of :meth:`gluonx.module.Module.fit` for notebooks: tables and live charts.

Tables need pandas, charts need bokeh; each is imported when it is used.
"""

from __future__ import annotations

import datetime
import importlib
import time
from collections.abc import Mapping
from typing import Any

__all__ = [
    "LiveBokehChart", "LiveLearningCurve", "LiveTimeSeries", "PandasLogger", "args_wrapper",
]  # fmt: skip


def _package(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ImportError(f"{what} needs {package}: pip install {package}") from None


def _values(param: Any) -> dict[str, Any]:
    """The metric's values, which begins anew."""
    if param.eval_metric is None:
        return {}
    found = dict(param.eval_metric.get_name_value())
    param.eval_metric.reset()
    return found


class PandasLogger:
    """Keeps metrics, speed and time as tables.

    Parameters
    ----------
    batch_size : int
        To tell the speed in samples.
    frequent : int
        Batches from one row of the training's table to the next.

    Raises
    ------
    ImportError
        If pandas is not installed.
    """

    def __init__(self, batch_size: int, frequent: int = 50):
        self._pandas = _package("pandas", type(self).__name__)
        self.batch_size = batch_size
        self.frequent = frequent
        self._dataframes = {name: self._pandas.DataFrame() for name in ("train", "eval", "epoch")}
        self.last_time = time.time()
        self.start_time = datetime.datetime.now()
        self.last_epoch_time = self.start_time

    @property
    def train_df(self) -> Any:
        """The table of training: a row each ``frequent`` batches."""
        return self._dataframes["train"]

    @property
    def eval_df(self) -> Any:
        """The table of evaluation."""
        return self._dataframes["eval"]

    @property
    def epoch_df(self) -> Any:
        """The table of epochs."""
        return self._dataframes["epoch"]

    @property
    def all_dataframes(self) -> dict[str, Any]:
        """The tables by name: ``'train'``, ``'eval'``, ``'epoch'``."""
        return self._dataframes

    def elapsed(self) -> datetime.timedelta:
        """The time since the logger was made."""
        return datetime.datetime.now() - self.start_time

    def append_metrics(self, metrics: Mapping[str, Any], df_name: str) -> None:
        """Add a row to a table; columns that are new are empty in the rows before.

        Parameters
        ----------
        metrics : dict
            Values by column.
        df_name : str
            ``'train'``, ``'eval'`` or ``'epoch'``.
        """
        row = self._pandas.DataFrame([dict(metrics)])
        table = self._dataframes[df_name]
        joined = row if table.empty else self._pandas.concat([table, row], ignore_index=True)
        self._dataframes[df_name] = joined

    def train_cb(self, param: Any) -> None:
        """After a batch of training."""
        if param.nbatch % self.frequent == 0:
            self._process_batch(param, "train")

    def eval_cb(self, param: Any) -> None:
        """After an evaluation."""
        self._process_batch(param, "eval")

    def _process_batch(self, param: Any, dataframe: str) -> None:
        now = time.time()
        metrics = _values(param)
        batches = self.frequent / max(now - self.last_time, 1e-9)
        metrics["batches_per_sec"] = batches
        metrics["records_per_sec"] = batches * self.batch_size
        metrics["elapsed"] = self.elapsed()
        metrics["minibatch_count"] = param.nbatch
        metrics["epoch"] = param.epoch
        self.append_metrics(metrics, dataframe)
        self.last_time = now

    def epoch_cb(self, *args: Any) -> None:
        """After an epoch."""
        now = datetime.datetime.now()
        row = {"elapsed": self.elapsed(), "epoch_time": now - self.last_epoch_time}
        self.append_metrics(row, "epoch")
        self.last_epoch_time = now

    def callback_args(self) -> dict[str, Any]:
        """What to give ``fit`` of a module: ``mod.fit(..., **logger.callback_args())``."""
        return {
            "batch_end_callback": self.train_cb,
            "eval_end_callback": self.eval_cb,
            "epoch_end_callback": self.epoch_cb,
        }


class LiveBokehChart:
    """Base class of charts that follow the training; a subclass defines :meth:`setup_chart` and
    :meth:`update_chart_data`.

    Parameters
    ----------
    pandas_logger : PandasLogger, optional
        Where the values come from; by default one of its own.
    metric_name : str
        Which metric to show.
    display_freq : float
        Seconds from one drawing to the next.
    batch_size, frequent : int
        For a logger of its own.

    Raises
    ------
    ImportError
        If bokeh, or pandas for the logger, is not installed.
    """

    def __init__(
        self, pandas_logger: Any, metric_name: str, display_freq: float = 10,
        batch_size: int | None = None, frequent: int = 50,
    ):  # fmt: skip
        self._plotting = _package("bokeh.plotting", type(self).__name__)
        self._io = _package("bokeh.io", type(self).__name__)
        self.pandas_logger = pandas_logger or self._logger(batch_size or 1, frequent)
        self.display_freq = display_freq
        self.last_update = time.time()
        self.metric_name = metric_name
        self._io.output_notebook()
        self.handle = self.setup_chart()

    def _logger(self, batch_size: int, frequent: int) -> Any:
        return PandasLogger(batch_size, frequent)

    def setup_chart(self) -> Any:
        """Draw the empty chart; gives the handle that bokeh's ``show`` gives."""
        raise NotImplementedError(f"{type(self).__name__} must define setup_chart()")

    def update_chart_data(self) -> None:
        """Give the chart the values there are now."""
        raise NotImplementedError(f"{type(self).__name__} must define update_chart_data()")

    def interval_elapsed(self) -> bool:
        """Whether it is time to draw."""
        return time.time() - self.last_update > self.display_freq

    def _do_update(self) -> None:
        self.update_chart_data()
        if self.handle is not None:
            self._io.push_notebook(handle=self.handle)
        self.last_update = time.time()

    def batch_cb(self, param: Any) -> None:
        """After a batch of training."""
        if self.interval_elapsed():
            self._do_update()

    def eval_cb(self, param: Any) -> None:
        """After an evaluation."""
        self._do_update()

    def callback_args(self) -> dict[str, Any]:
        """What to give :meth:`~gluonx.module.Module.fit`."""
        return {"batch_end_callback": self.batch_cb, "eval_end_callback": self.eval_cb}


class LiveTimeSeries(LiveBokehChart):
    """A chart of numbers over time; ``update_chart_data(value)`` adds one.

    Parameters
    ----------
    **fig_params
        For bokeh's ``figure``.
    """

    def __init__(self, **fig_params: Any):
        self.fig_params = fig_params
        self.start_time = datetime.datetime.now()
        super().__init__(self, "", display_freq=0)

    def setup_chart(self) -> Any:
        params = {"x_axis_type": "datetime", "x_axis_label": "Elapsed time", **self.fig_params}
        self.fig = self._plotting.figure(**params)
        self.line = self.fig.line([], [])
        return self._plotting.show(self.fig, notebook_handle=True)

    def elapsed(self) -> datetime.timedelta:
        """The time since the chart was made."""
        return datetime.datetime.now() - self.start_time

    def update_chart_data(self, value: float | None = None) -> None:
        """Add a value at the end."""
        if value is not None:
            self.line.data_source.stream({"x": [self.elapsed()], "y": [value]})
            if self.handle is not None:
                self._io.push_notebook(handle=self.handle)


class LiveLearningCurve(LiveBokehChart):
    """A chart of a metric over the time of training, and of evaluation.

    Parameters
    ----------
    metric_name : str
    display_freq : float
        Seconds from one drawing to the next.
    frequent : int
        Batches from one point to the next.
    """

    def __init__(self, metric_name: str, display_freq: float = 10, frequent: int = 50):
        self.frequent = frequent
        self.start_time = datetime.datetime.now()
        self._data: dict[str, dict[str, list]] = {n: {"x": [], "y": []} for n in ("train", "eval")}
        super().__init__(self, metric_name, display_freq)

    def setup_chart(self) -> Any:
        self.fig = self._plotting.figure(x_axis_type="datetime", x_axis_label="Training time")
        self.fig.yaxis.axis_label = self.metric_name
        self.train = self.fig.line([], [], line_dash="dotted", legend_label="train")
        self.valid = self.fig.line(
            [], [], line_color="green", line_width=2, legend_label="validation"
        )
        self.fig.legend.location = "bottom_right"
        return self._plotting.show(self.fig, notebook_handle=True)

    def batch_cb(self, param: Any) -> None:
        """After a batch of training."""
        if param.nbatch % self.frequent == 0:
            self._add(param, "train")
        super().batch_cb(param)

    def eval_cb(self, param: Any) -> None:
        """After an evaluation."""
        self._add(param, "eval")
        super().eval_cb(param)

    def _add(self, param: Any, which: str) -> None:
        found = _values(param)
        if self.metric_name not in found:
            raise ValueError(
                f"there is no metric {self.metric_name!r} to show; there is "
                f"{', '.join(found) or 'none'}"
            )
        self._data[which]["x"].append(datetime.datetime.now() - self.start_time)
        self._data[which]["y"].append(found[self.metric_name])

    def update_chart_data(self) -> None:
        """Give the chart the values there are now."""
        for line, which in ((self.train, "train"), (self.valid, "eval")):
            line.data_source.data = {k: list(v) for k, v in self._data[which].items()}


def args_wrapper(*args: Any) -> dict[str, Any]:
    """The callbacks of several loggers and charts, as arguments of ``fit``.

    Parameters
    ----------
    *args
        What has a method ``callback_args``.

    Returns
    -------
    dict of str to list

    Examples
    --------
    >>> from gluonx.notebook.callback import args_wrapper
    >>> class Counts:
    ...     def callback_args(self):
    ...         return {'batch_end_callback': print}
    >>> args_wrapper(Counts(), Counts())
    {'batch_end_callback': [<built-in function print>, <built-in function print>]}
    """
    found: dict[str, list] = {}
    for one in args:
        for name, callback in one.callback_args().items():
            found.setdefault(name, []).append(callback)
    return found
