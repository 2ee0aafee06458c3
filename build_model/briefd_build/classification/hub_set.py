"""Labelled sets on the hub that lie there as JSON lines: `train.jsonl`, `dev.jsonl` and `test.jsonl`.

That is how SetFit publishes its sets, SST-2 among them: the sentences of Socher et al. 2013, "Recursive Deep Models for
Semantic Compositionality Over a Sentiment Treebank", with the labels of its 1,821 test sentences, which GLUE's own
files keep to themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import snapshot_download
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from briefd_build.classification.labelled import read_labelled
from briefd_build.classification.splitting import Split, without_twins
from briefd_build.errors import BuildError
from briefd_build.hugging_face import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILES = ("train.jsonl", "dev.jsonl", "test.jsonl")


def read_hub_set(name: str, revision: str | None, labels: Sequence[str]) -> Split:
    """Fetch and read a set; a text of the test or of the development set is not trained on.

    Args:
        name: of the repository on the hub.
        revision: commit or tag; None for the newest.
        labels: see `read_labelled`.

    Raises:
        BuildError: the hub does not give it, or it is no such set.
    """
    folder = _fetch(name, revision)
    for file in _FILES:
        if not (folder / file).is_file():
            raise BuildError(f"the set {name} on the hub has no {file}; name another, or give files (data.set = files)")
    train, dev, test = (read_labelled(folder / file, labels) for file in _FILES)
    dev = without_twins(dev, test)
    return Split(without_twins(train, [*dev, *test]), dev, without_twins(test))


def _fetch(name: str, revision: str | None) -> Path:
    quiet_libraries()
    try:
        return Path(snapshot_download(name, repo_type="dataset", revision=revision, allow_patterns=list(_FILES)))
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise BuildError(f"the hub has no set {name!r}, or not this revision of it; correct the recipe") from error
    except Exception as error:  # the hub's client lets the errors of its HTTP library through, which differ by version
        raise BuildError(
            f"the set {name} is not in the hub's cache, and the hub did not give it ({type(error).__name__}); connect "
            "this machine to the network, or give files (data.set = files)"
        ) from error
