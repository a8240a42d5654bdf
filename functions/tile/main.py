"""The function `tile`: HTTP calls on /tile/..., as its table of routes says."""

from tileweave import compose
from tileweave.web.routing import http_function
from tileweave.web.tile import ROUTES

tile = http_function(ROUTES, compose.for_calls, compose.access, compose.cors)
