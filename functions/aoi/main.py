"""The function `aoi`: HTTP calls on /aoi/..., as its table of routes says."""

from tileweave import compose
from tileweave.web.aoi import ROUTES
from tileweave.web.routing import http_function

compose.places()  # what is wrong with their list is told at the start, not to a caller

aoi = http_function(ROUTES, compose.for_calls, compose.access, compose.cors)
