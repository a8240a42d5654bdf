"""The OpenAPI document as a page: everything is in it, nothing is loaded, everything is escaped."""

from __future__ import annotations

import base64
from hashlib import sha256

from jinja2 import Environment

from tileweave.domain.model import Json
from tileweave.web.documentation_template import PAGE

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 small { font-weight: normal; opacity: .7; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
code, pre, .path { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow: auto; background: var(--soft); padding: .75rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; }
details > div { padding: 0 .75rem .75rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; }
tr { border-bottom: 1px solid var(--line); }
.method { display: inline-block; width: 4.5rem; font-weight: bold; }
.role { float: right; opacity: .7; }
"""

POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load: its own style, and nothing else."""


def page(document: Json) -> str:
    """Return an OpenAPI document as HTML."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(api=document, style=STYLE)
