"""The template (Jinja) of the page that shows an OpenAPI document; escaped by who renders it."""

from __future__ import annotations

PAGE = """
{%- macro kind(schema) -%}
{%- if "$ref" in schema -%}
{%- set name = schema["$ref"].rpartition("/")[2] -%}<a href="#schema-{{ name }}">{{ name }}</a>
{%- elif "anyOf" in schema or "oneOf" in schema -%}
{%- for each in schema.anyOf or schema.oneOf %}{{ " or " if not loop.first }}{{ kind(each) }}
{%- endfor -%}
{%- elif "const" in schema -%}<code>{{ schema.const | tojson }}</code>
{%- elif "enum" in schema -%}
{%- for each in schema.enum %}{{ " or " if not loop.first }}<code>{{ each }}</code>{% endfor -%}
{%- elif schema.type == "array" -%}list of {{ kind(schema["items"]) }}
{%- else -%}{{ schema.format or schema.type or "anything" }}
{%- endif -%}
{%- endmacro -%}
{%- macro words(text) -%}
{%- for part in text.split("`") -%}
{%- if loop.index0 % 2 %}<code>{{ part }}</code>{% else %}{{ part }}{% endif -%}
{%- endfor -%}
{%- endmacro -%}
{%- macro limits(schema) -%}
{%- for name in ("minimum", "maximum", "default", "minLength", "maxLength", "pattern") -%}
{%- if schema[name] is defined and schema[name] is not none %} {{ name }}
 <code>{{ schema[name] }}</code>{% endif -%}
{%- endfor -%}
{%- endmacro -%}
{%- macro bodies(content) -%}
{%- for type, body in content.items() %}<div><code>{{ type }}</code>:
 {{ kind(body.schema) }}</div>{% endfor -%}
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ api.info.title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<h1>{{ api.info.title }} <small>{{ api.info.version }}</small></h1>
<p>{{ words(api.info.description) }}</p>
<p>As <a href="openapi.json">OpenAPI {{ api.openapi }}</a>.</p>
{% for tag in api.tags %}
<h2 id="tag-{{ tag.name }}">{{ tag.name }}</h2>
{% for path, calls in api.paths.items() %}
{% for method, call in calls.items() if tag.name in call.tags %}
<details id="{{ call.operationId }}">
<summary><span class="method">{{ method | upper }}</span> <span class="path">{{ path }}</span>
<span class="role">{{ call.security[0].token[0] if call.security else "everyone" }}</span>
<div>{{ call.summary }}</div></summary>
<div>
{% if call.parameters %}
<h3>Parameters</h3>
<table>
{% for each in call.parameters %}
<tr><th>{{ each.name }}</th><td>{{ each["in"] }}</td>
<td>{{ kind(each.schema) }}{{ limits(each.schema) }}
<div>{{ words(each.description or "") }}</div></td></tr>
{% endfor %}
</table>
{% endif %}
{% if call.requestBody is defined %}
<h3>Request</h3>
{{ bodies(call.requestBody.content) }}
{% for body in call.requestBody.content.values() if body.example is defined %}
<pre>{{ body.example | tojson(indent=2) }}</pre>
{% endfor %}
{% endif %}
<h3>Answers</h3>
<table>
{% for status, answer in call.responses.items() %}
<tr><th>{{ status }}</th><td>{{ answer.description }}</td>
<td>{{ bodies(answer.content or {}) }}</td></tr>
{% endfor %}
</table>
</div>
</details>
{% endfor %}
{% endfor %}
{% endfor %}
<h2 id="schemas">Schemas</h2>
{% for name, schema in api.components.schemas.items() %}
<h3 id="schema-{{ name }}">{{ name }}</h3>
<p>{{ words(schema.description) if schema.description else kind(schema) }}</p>
{% if schema.properties %}
<table>
{% for key, each in schema.properties.items() %}
<tr><th>{{ key }}{{ " *" if key in (schema.required or []) }}</th>
<td>{{ kind(each) }}{{ limits(each) }}<div>{{ words(each.description or "") }}</div></td></tr>
{% endfor %}
</table>
{% endif %}
{% endfor %}
<p>* always there, or required</p>
</body>
</html>
"""
