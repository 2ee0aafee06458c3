"""Which of `pairs` (texts with titles and one-line summaries from 61 sources) tell what a person would pick.

A title counts where it is a statement rather than a label: five words and more, most of which the text has. Sources
whose titles name a topic count by their summaries alone. Summaries that say over the first sentences are capped, or
they would teach to take the lead whatever it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from briefd_build.choosing.set_aside import is_set_aside
from briefd_build.choosing.texts import ChoiceText, read_json_lines, sample
from briefd_server.text.language import guess_language
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCES = {
    "news": "wikinews_en opensuse_news",
    "blogs": "adoptium_blog dapr_blog electron_blog etcd_site falco_blog flink_blog flux_blog grpc_blog helm_blog "
    "k8s_contrib linkerd_blog nodejs_blog otel_blog pypi_blog react_blog rust_blog swift_blog vitess_blog",
    "documentation": "cloud_gov govuk_design govuk_dev ms_exchange ms_intune ms_powershell ms_sharepoint "
    "ms_sysinternals ms_virt ms_wsl otel_docs search_gov uswds",
    "proposals": "k8s_keps python_peps rust_rfcs swift_evolution",
    "advisories": "curl_sec go_vulndb haskell_sec rustsec",
    "alerts": "nws_alerts",
    "commits": "commits_curl commits_ironic commits_keystone commits_nova commits_ovs commits_phabricator "
    "commits_rails commits_redis commits_swift",
}
"""Sources, by group."""
GROUPS = tuple(SOURCES)
"""Groups of sources."""
_LABELS_FOR_TITLES = frozenset({"cloud_gov", "nws_alerts", "search_gov"})
_LEAST_TITLE_WORDS = 5
_LEAST_SHARE = 0.75
_MOST_WORDS = 900
# Of a source, the texts whose summary stands in their first three sentences.
_MOST_LEAD_SUMMARIES = 20


def read_pairs(folder: Path, group: str, split: str, most: int) -> list[ChoiceText]:
    """Read at most so many texts of a group of sources; `split` is `train` or `dev`."""
    texts: list[ChoiceText] = []
    for source in SOURCES[group].split():
        plain: list[ChoiceText] = []
        leading: list[ChoiceText] = []
        for record in read_json_lines(folder / f"{source}.jsonl.gz"):
            if record["split"] == split and (text := _choice_text(source, group, record)):
                (leading if _repeats_lead(record) else plain).append(text)
        texts += [*plain, *sample(leading, _MOST_LEAD_SUMMARIES)]
    return sample(texts, most)


def _choice_text(source: str, group: str, record: dict[str, Any]) -> ChoiceText | None:
    identifier, text = record["url_or_path"], record["text"]
    references = tuple(_references(source, group, record))
    if not references or is_set_aside(source, identifier) or record["lang"] != "en":
        return None
    if count_words(text) > _MOST_WORDS or guess_language(text, "en") != "en":
        return None
    return ChoiceText(f"{source}:{identifier}", group, source, text, references)


def _references(source: str, group: str, record: dict[str, Any]) -> Iterator[str]:
    is_label = group == "documentation" or source in _LABELS_FOR_TITLES
    if not is_label and record["title_in_text"] >= _LEAST_SHARE and count_words(record["title"]) >= _LEAST_TITLE_WORDS:
        yield record["title"]
    if record["summary"] and record.get("summary_in_text", 0.0) >= _LEAST_SHARE:
        yield record["summary"]


def _repeats_lead(record: dict[str, Any]) -> bool:
    return bool(record["summary"]) and record.get("summary_in_lead3", 0.0) >= 1.0
