"""The function `collect`: called by the scheduler to take the results that wait in a queue."""

from tileweave import compose
from tileweave.web.collect import routes
from tileweave.web.routing import http_function

collect = http_function(routes(compose.results_inbox), compose.for_messages)
