"""The page: templates filled in, every text escaped and made plain."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from briefd_build.reporting.quantities import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


def render(template: str, content: Mapping[str, Any]) -> str:
    """Fill in a template of `templates/`."""
    return _environment().get_template(template).render(content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("briefd_build.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_plain,
    )
    environment.filters["svg"] = Markup
    return environment


def _plain(value: Any) -> Any:
    """Make what a template prints plain; what is already markup is ours."""
    return plain(value) if type(value) is str else value
