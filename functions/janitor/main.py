"""The function `janitor`: called by the scheduler to publish what was forgotten."""

from tileweave import compose
from tileweave.web.janitor import ROUTES
from tileweave.web.routing import http_function

janitor = http_function(ROUTES, compose.for_messages)
