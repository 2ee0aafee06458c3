"""Hugging Face's libraries as the builder wants them: quiet on the terminal, and each failure one line with its fix."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import (
    DryRunError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import logging as hub_logging
from huggingface_hub.utils.tqdm import disable_progress_bars
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def quiet_libraries() -> None:
    """Keep what transformers, the hub's client and the exporter have to say off the user's terminal."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub_logging.set_verbosity_error()
    disable_progress_bars()
    # What the exporter says of each graph is of no use to somebody who wants a bundle.
    for exporter in ("torch.onnx", "onnx_ir", "onnxscript"):
        logging.getLogger(exporter).setLevel(logging.ERROR)


def open_tokenizer(file: Path) -> Tokenizer:
    """Load a `tokenizer.json`, without the padding and truncation that published ones carry.

    Raises:
        BuildError: it is none.
    """
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises nothing more specific
        raise BuildError(f"{file} is damaged; fetch or save the model again") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def fetch_snapshot(
    name: str, choose: Callable[[Sequence[str]], Sequence[str]], check_disk: Callable[[Path, int], None]
) -> Path:
    """Fetch files of a model from the hub, or find them in its cache.

    Args:
        name: of the model, as "organization/model".
        choose: picks from the names of its files those that are wanted.
        check_disk: told the cache's directory and how many bytes will be written there, before they are; may refuse.

    Returns:
        The directory of the files, whose name is the revision.

    Raises:
        BuildError: the hub doesn't give it.

    """
    quiet_libraries()
    try:
        try:
            planned = snapshot_download(name, dry_run=True)
        except DryRunError:
            # The hub can't be asked: either the files are in the cache, or this says why they can't be had.
            return Path(snapshot_download(name, allow_patterns=["config.json"]))
        chosen = set(choose([each.filename for each in planned]))
        missing_bytes = sum(each.file_size or 0 for each in planned if each.filename in chosen and each.will_download)
        check_disk(Path(constants.HF_HUB_CACHE), missing_bytes)
        return Path(snapshot_download(name, allow_patterns=sorted(chosen)))
    except BuildError:
        raise
    except Exception as error:  # the hub's client lets the errors of its HTTP library through, which differ by version
        raise BuildError(explain_hub_error(name, error)) from error


def explain_hub_error(name: str, error: Exception) -> str:
    """Say in one line why the hub did not give a model, and what to do about it."""
    if isinstance(error, GatedRepoError):
        return (
            f"{name} is gated: accept its terms at https://huggingface.co/{name}, then run `hf auth login`, "
            "or name a directory that holds it"
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"the hub has no model {name!r} (or it is private: `hf auth login`); correct the name, "
            "or name a directory that holds a model"
        )
    if isinstance(error, HFValidationError):
        return f"{name!r} is neither a directory nor a name on the hub; name one of them, such as organization/model"
    if isinstance(error, OfflineModeIsEnabled) or isinstance(error.__cause__, OfflineModeIsEnabled):
        return (
            f"{name} is not in the hub's cache, and HF_HUB_OFFLINE forbids fetching it; unset that, "
            "or name a directory that holds the model"
        )
    if isinstance(error, HfHubHTTPError):
        return f"the hub refused {name} (status {error.response.status_code}); try again later, or name a directory"
    return (
        f"{name} is not in the hub's cache, and the hub cannot be reached; connect this machine to the network, "
        "or copy the model here and name its directory"
    )
