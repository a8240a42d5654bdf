"""The function `dependencies`: successes and failures, pushed by `dependency-updates`."""

from tileweave import compose
from tileweave.usecases.propagate import take_update
from tileweave.web.push import push_function

dependencies = push_function(take_update, compose.for_messages)
