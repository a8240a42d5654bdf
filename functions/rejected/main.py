"""The function `rejected`: HTTP calls on /rejected/..., and dead letters, pushed to be kept."""

from tileweave import compose
from tileweave.web import rejected as calls
from tileweave.web.routing import http_function

ROUTES = (*calls.ROUTES, *calls.PUSHED)

rejected = http_function(ROUTES, compose.for_calls, compose.access, compose.cors)
