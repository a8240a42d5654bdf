"""Who makes a call, why, and by which name the call is known when it is repeated."""

from __future__ import annotations

import re

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tileweave.domain.model import Cause
from tileweave.usecases.ports import OPERATOR
from tileweave.web.access import caller_of

MOST_REASON = 1_000
"""Characters of a reason."""

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that names a call: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def cause_of(request: Request, nobody: str = OPERATOR.actor) -> Cause:
    """Return the cause of what a call changes; its actor is `nobody` where no name is known.

    Raises BadRequest: the reason is too long, or the key is none.
    """
    reason, key = request.args.get("reason", ""), request.headers.get(IDEMPOTENCY_KEY)
    if len(reason) > MOST_REASON:
        said = f"The parameter reason has {len(reason)} characters: at most {MOST_REASON}."
        raise BadRequest(said)
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest(f"{IDEMPOTENCY_KEY} is 1 to 200 printable ASCII characters, no spaces.")
    caller = caller_of(request)
    actor = caller.name if caller else nobody
    name = f"call/{actor}/{request.method} {request.path}/{key}" if key else ""
    return Cause(actor, reason=reason, message_id=name)
