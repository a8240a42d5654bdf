"""The function `scene`: HTTP calls on /scene/..., as its table of routes says."""

from tileweave import compose
from tileweave.web.routing import http_function
from tileweave.web.scene import ROUTES

scene = http_function(ROUTES, compose.for_calls, compose.access, compose.cors)
