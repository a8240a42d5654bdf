"""The function `results`: what workers report, pushed by the topic of that name."""

from tileweave import compose
from tileweave.usecases.take_result import take_result
from tileweave.web.push import push_function

results = push_function(take_result, compose.for_messages)
