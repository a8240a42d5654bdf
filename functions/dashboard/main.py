"""The function `dashboard`: HTTP calls on / and the documentation."""

from tileweave import compose
from tileweave.web import documentation, health
from tileweave.web.routing import http_function

ROUTES = (*health.ROUTES, *documentation.ROUTES)

dashboard = http_function(ROUTES, compose.for_nothing, compose.access, compose.cors)
