"""Register parts of your own: a decorator above a function, in a file that a config names by `plugins:`.

>>> from rnnlab import register
>>> @register.scheme("half_cell", "recurrent_dropout", equation="c_t = m_t * c_t", paper="none")
... def half_cell(argument, rate=0.5):
...     "Drops the cell state anew at every step."
...     from rnnlab.noise.sites import Noise
...     return (Noise(site="cell", rate=rate, lifetime="step"),)
>>> import rnnlab
>>> rnnlab.layers.LSTM(4, recurrent_dropout={"scheme": "half_cell"}).noise["cell"].rate
0.5
"""

from rnnlab.cells.kinds import cell
from rnnlab.data.own_datasets import dataset
from rnnlab.data.task import task
from rnnlab.noise.own_distributions import distribution
from rnnlab.noise.scheme import scheme
from rnnlab.trackers.tracker import tracker
from rnnlab.training.optimizer_config import optimizer
from rnnlab.training.own_callbacks import callback
from rnnlab.training.own_metrics import metric
from rnnlab.training.schedules import schedule

__all__ = ["callback", "cell", "dataset", "distribution", "metric", "optimizer", "schedule", "scheme", "task", "tracker"]
