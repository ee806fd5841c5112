"""Datasets of the Hugging Face hub to files on this disk, by the library of that hub: its cache, its offline mode.

An address is ``hf://datasets/owner/name[@revision][:config][:split]``. The dataset's card says which file is which
split, or else the names that the hub's own converters use; files are read like any other. Knows no columns, no labels.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from samesay.data.formats.readers import SUFFIXES
from samesay.data.splits import canonical_split
from samesay.errors import CorpusUnreachable, SourceNotFound, SplitNotFound, UsageError
from samesay.printable import command

Splits = dict[str, tuple[str, ...]]
"""The name of a split to its files in reading order, as paths in the repository."""

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://datasets/(?P<repository>[^/:@\s]+/[^/:@\s]+)(?:@(?P<revision>[^:\s]+))?(?P<words>(?::[^:\s]+){0,2})"
)
_CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps a copy of a dataset in Parquet, ``config/split/0000.parquet``."""
_CARD = "README.md"
_PLAIN_FOLDERS = ("", "data", "default", "plain_text")
"""Folders that name no configuration of a user's choice."""

_SPLIT = re.compile(r"(?P<split>[A-Za-z][A-Za-z_]*?)(?:[-_.]?\d{4,5}(?:-of-\d{5})?)?")
_SHARD = re.compile(r".+-\d{5}-of-(?P<count>\d{5})\..+")
_CREDENTIALS = "log in (`hf auth login`) or set HF_TOKEN, with an account that may read it"
_OFFLINE = (
    "fetch it once where there is a connection and bring that cache (HF_HOME names its folder), or give the path of "
    "a file of pairs"
)


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A dataset on the hub.

    Attributes:
        repository: ``owner/name``.
        revision: A branch, tag or commit; the default branch where absent.
        config: Which of its configurations; the only one, or the plain one, where absent.
    """

    repository: str
    revision: str | None = None
    config: str | None = None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{SCHEME}datasets/{self.repository}{revision}" + (f":{self.config}" if self.config else "")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds.

    Attributes:
        address: What was looked up.
        branch: The revision that holds the files of pairs.
        files: Config, then split, to the files in reading order, as paths in the repository.
        folder: The snapshot on this disk, where the listing was made from the cache.
        default: The configuration that the dataset's card wants where none is named.
    """

    address: HubAddress
    branch: str
    files: dict[str, Splits]
    folder: Path | None = None
    default: str | None = None

    def splits(self) -> Splits:
        """The files of the address's configuration by split."""
        wanted = self.address.config or self.default
        if wanted in self.files:
            return self.files[wanted]
        plain = [name for name in _PLAIN_FOLDERS if name in self.files]
        # A dataset of one configuration is stored under no name, whatever its card calls it.
        if plain and (wanted is None or wanted in _PLAIN_FOLDERS or list(self.files) == plain):
            return self.files[plain[0]]
        if wanted is None and len(self.files) == 1:
            return next(iter(self.files.values()))
        if wanted:
            message = f"{self.address.repository} has no configuration {wanted!r}."
            raise SplitNotFound.of_choice(message, wanted, self.files, where=str(self.address))
        raise SplitNotFound(
            f"{self.address.repository} has several configurations, and none was named.",
            where=str(self.address),
            expected=f"one of {', '.join(self.files)}",
            hint=command(f"{self.address}:{next(iter(self.files))}"),
        )


def parse_address(text: str) -> tuple[HubAddress, list[str]]:
    """An address, and the words after it: a config, a split, or both."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError(
            f"Cannot read the address {text!r}.",
            where=text,
            expected="hf://datasets/owner/name, with @revision, :config and :split where wanted",
        )
    words = [word for word in found["words"].split(":") if word]
    return HubAddress(found["repository"], found["revision"]), words


@functools.lru_cache(
    maxsize=64
)  # a run asks for each of its splits; a hub that changes meanwhile changes nothing
def look_up(address: HubAddress) -> Listing:
    """List a repository's files of pairs: on the hub, or in the cache where the hub must not or cannot be asked."""
    import huggingface_hub

    branches = [address.revision] if address.revision else ["main", _CONVERTED]
    for branch in branches:
        try:
            info = huggingface_hub.HfApi().dataset_info(address.repository, revision=branch)
        except huggingface_hub.errors.RevisionNotFoundError:
            if branch == _CONVERTED:
                break
            raise SourceNotFound(
                f"{address.repository} has no revision {branch!r}.",
                where=str(address),
                expected="a branch, a tag or a commit",
            ) from None
        except Exception as problem:  # transports differ between the library's versions
            cached = _look_in_cache(address, branches)
            if cached is None:
                _refuse(address, problem)
            return cached
        names = [entry.rfilename for entry in info.siblings or ()]
        card = _download(address, branch, _CARD) if _CARD in names else None
        listing = _listing(address, branch, names, card)
        if listing is not None:
            return listing
    raise SourceNotFound(
        f"{address.repository} holds no file of pairs that can be read.",
        where=str(address),
        expected="files named by their split, as .parquet, .csv, .tsv or .jsonl",
        hint="a dataset that is a program is not run: download its files and give their path",
    )


def fetch(listing: Listing, split: str) -> tuple[Path, ...]:
    """The files of a split on this disk, fetched if they are not in the cache."""
    splits = listing.splits()
    if split not in splits:
        where = str(listing.address)
        not_asked = " in the cache, and the hub was not asked" if listing.folder else ""
        raise SplitNotFound.of_choice(
            f"{where} has no split {split!r}{not_asked}.", split, splits, where=where
        )
    if listing.folder is None:
        return tuple(_download(listing.address, listing.branch, name) for name in splits[split])
    shard = _SHARD.fullmatch(splits[split][0])
    if shard is not None and len(splits[split]) < int(shard["count"]):
        raise CorpusUnreachable(
            f"Of the {int(shard['count'])} files of {listing.address}:{split} the cache of this machine holds "
            f"{len(splits[split])}, and the hub was not asked.",
            where=str(listing.address),
            hint=_OFFLINE,
        )
    return tuple(listing.folder / name for name in splits[split])


def commit_of(path: Path) -> str | None:
    """The commit that a file of the hub's cache belongs to; nothing for other files."""
    found = re.search(r"/snapshots/([0-9a-f]{40})/", path.as_posix())
    return found and found[1]


def _download(address: HubAddress, branch: str, name: str) -> Path:
    import huggingface_hub

    try:
        return Path(
            huggingface_hub.hf_hub_download(address.repository, name, repo_type="dataset", revision=branch)
        )
    except Exception as problem:  # transports differ between the library's versions
        _refuse(address, problem)


def _listing(
    address: HubAddress, branch: str, names: list[str], card: Path | None, folder: Path | None = None
) -> Listing | None:
    """Which of the files called ``names`` is which split, by the card or by the names; nothing without a table."""
    tables = sorted(filter(_is_table, names))
    files, default = declared_files(card, tables) if card else ({}, None)
    files = files or _by_names(tables)
    return Listing(address, branch, files, folder, default) if files else None


def _is_table(name: str) -> bool:
    path = PurePosixPath(name.removesuffix(".gz"))
    noted = path.name in ("dataset_infos.json", "config.json")
    return path.suffix in SUFFIXES and not path.name.startswith(".") and not noted


def _by_names(tables: Iterable[str]) -> dict[str, Splits]:
    """Config, then split, to files, by the names that the hub's converters use.

    ``train.csv``, ``data/train-00000-of-00002.parquet``, ``config/train-….parquet`` and ``config/split/0000.parquet``.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in tables:
        path = PurePosixPath(name)
        stem = path.name.split(".")[0]
        folder = path.parent
        if stem.isdigit():  # config/split/0000.parquet
            stem, folder = folder.name, folder.parent
        match = _SPLIT.fullmatch(stem)
        if match is None:
            continue
        split = canonical_split(match["split"])
        config = "" if str(folder) == "." else str(folder)
        found.setdefault(config, {}).setdefault(split, []).append(name)
    return {
        config: {split: tuple(files) for split, files in splits.items()} for config, splits in found.items()
    }


def _look_in_cache(address: HubAddress, branches: list[str]) -> Listing | None:
    import huggingface_hub

    try:
        cache = huggingface_hub.scan_cache_dir()
    except huggingface_hub.errors.CacheNotFound:
        return None
    for repository in cache.repos:
        if repository.repo_type != "dataset" or repository.repo_id != address.repository:
            continue
        for branch in branches:
            for revision in repository.revisions:
                if branch not in revision.refs and branch != revision.commit_hash:
                    continue
                folder = revision.snapshot_path
                names = [file.file_path.relative_to(folder).as_posix() for file in revision.files]
                listing = _listing(address, branch, names, folder / _CARD if _CARD in names else None, folder)
                if listing is not None:
                    return listing
    return None


def _refuse(address: HubAddress, problem: Exception) -> NoReturn:
    """What a failure of the hub's library means for its user."""
    from huggingface_hub import errors

    status: Any = getattr(getattr(problem, "response", None), "status_code", None)
    said = (str(problem).strip() or type(problem).__name__).splitlines()[0]
    details = {"cause": f"{type(problem).__name__}: {said}", "status": status}
    if isinstance(problem, errors.GatedRepoError) or status == 403:
        raise SourceNotFound(
            f"{address.repository} may be read only by accounts that were admitted.",
            where=str(address),
            hint=_CREDENTIALS,
            details=details,
        ) from problem
    if isinstance(problem, errors.RepositoryNotFoundError) or status in (401, 404):
        raise SourceNotFound(
            f"The hub has no dataset {address.repository!r}, or it is private.",
            where=str(address),
            expected="hf://datasets/owner/name",
            hint=f"check the name; for a private one {_CREDENTIALS}",
            details=details,
        ) from problem
    if isinstance(problem, errors.HFValidationError):
        raise UsageError(f"{address.repository!r} is no name of a dataset.", where=str(address)) from problem
    offline = isinstance(problem, errors.OfflineModeIsEnabled)
    raise CorpusUnreachable(
        f"{address} is not in the cache of this machine, and the hub "
        + ("must not be asked (HF_HUB_OFFLINE)." if offline else "does not answer."),
        where=str(address),
        hint=_OFFLINE,
        details=details,
    ) from problem


def declared_files(card: Path, tables: Sequence[str]) -> tuple[dict[str, Splits], str | None]:
    """Configuration, then split, to files, as the YAML above a card declares them; and the default configuration.

    In a declared name ``*`` stays within a folder and ``**`` does not.

    Returns:
        Nothing of what the card declares without a file among ``tables``, and nothing at all of a card that declares
        no files or cannot be read.
    """
    import fsspec.utils
    import huggingface_hub

    def matching(patterns: Any, folder: str) -> tuple[str, ...]:
        listed = [patterns] if isinstance(patterns, str) else list(patterns or ())
        found: dict[str, None] = {}
        for pattern in listed:
            wanted = re.compile(fsspec.utils.glob_translate(folder + str(pattern).removeprefix("./")))
            found |= dict.fromkeys(name for name in tables if wanted.match(name))
        return tuple(found)

    files: dict[str, Splits] = {}
    default = None
    try:
        configs = (huggingface_hub.metadata_load(card) or {}).get("configs") or ()
        for config in configs:
            name = str(config.get("config_name", "default"))
            folder = f"{config['data_dir'].strip('/')}/" if config.get("data_dir") else ""
            splits: Splits = {}
            declared = dict(_patterns(config.get("data_files")))
            for split, patterns in declared.items():
                usual = canonical_split(split)
                found = matching(patterns, folder)
                if found:
                    splits[split if usual in declared else usual] = found
            if splits:
                files[name] = splits
                default = name if config.get("default") is True else default
    except Exception:  # a card is anybody's text: YAML and shapes of every kind; the files' names say enough
        return {}, None
    return files, default


def _patterns(declared: Any) -> Iterable[tuple[str, Any]]:
    """Split and patterns, of the forms in which a card may say it; what names no split is the train split."""
    if isinstance(declared, Mapping):
        return [(str(split), patterns) for split, patterns in declared.items()]
    if isinstance(declared, list) and declared and isinstance(declared[0], Mapping):
        return [(str(entry["split"]), entry["path"]) for entry in declared]
    return [("train", declared)]
