"""The function `dashboard`: HTTP calls on /."""

from tileweave import compose
from tileweave.web.health import ROUTES
from tileweave.web.routing import http_function

dashboard = http_function(ROUTES, compose.for_calls, compose.access, compose.cors)
