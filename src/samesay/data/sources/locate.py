"""What a user writes for a source, to files: paths, folders of splits, built-in names, slices.

The words, each followed by a slice if wanted::

    pairs.csv[:20%]     a file (csv, tsv, jsonl, parquet, xlsx, packed or not); its one split is called train
    quora.zip           an archive of one file, or as a folder; quora.zip/train.csv is one file of it
    DIR                 a folder with files called train, validation, test (or dev, valid, val)
    DIR:train[:20%]     one split of it; any other file of the folder is a split by its own name
    -                   standard input
    handwritten         the pairs written by hand for this project: a test split, never to train on
    generated:5000      generated pairs, that many; generated:test:1000 for the held-out words
    snli:train[:20%]    a published corpus (``data.sources.corpora``), fetched from its hub or found in the cache
    hf://datasets/owner/name:config:train
                        any other dataset of the Hugging Face hub
    tfds:glue/mrpc:train
                        a dataset of TensorFlow Datasets; a version may follow its name

A path that exists is that path, whatever its name. Knows names and folders; of files it opens zip archives alone, for
the names in them, and asks a hub or TFDS only what a dataset that is not in the table of corpora holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from samesay.data.formats.packing import is_archive, members_of, place_in_archive, without_packing
from samesay.data.formats.readers import FORMATS, STANDARD_INPUT, SUFFIXES, suffix_format, table_members
from samesay.data.sources.corpora import CORPORA, Corpus
from samesay.data.sources.hub import SCHEME, HubAddress, Listing, commit_of, fetch, look_up, parse_address
from samesay.data.sources.tfds import SCHEME as TFDS_SCHEME
from samesay.data.sources.tfds import TfdsDataset, open_tfds, parse_tfds_address
from samesay.data.splits import SPLITS, Slice, canonical_split, in_order, split_off_slice
from samesay.errors import SliceInvalid, SourceNotFound, SplitNotFound, UsageError, hub_address, near
from samesay.printable import command

BUILT_IN = ("handwritten", "generated")
HANDWRITTEN = Path(__file__).with_name("handwritten.jsonl")
Kind = Literal["file", "folder", "hub", "tfds", "handwritten", "generated"]
_SHARD = re.compile(r"(?P<name>.+)-\d{5}-of-\d{5}")


@dataclass(frozen=True, slots=True)
class Source:
    """A source, located but not opened.

    Attributes:
        text: What the user wrote.
        name: The path, ``-``, or the built-in name with its size and seed.
        kind: What it is; an archive of several files is a folder.
        splits: Split name to its files, in reading order; no files for generated pairs, for hubs and for TFDS.
        split: The split that was asked for, if any.
        slice: The slice that was asked for, if any.
        corpus: The published corpus of that name, if it is one.
        listing: What the hub holds, where it had to be asked.
        tfds: The dataset of TFDS, if it is one.
    """

    text: str
    name: str
    kind: Kind
    splits: Mapping[str, tuple[Path, ...]]
    split: str | None = None
    slice: Slice | None = None
    corpus: Corpus | None = None
    listing: Listing | None = None
    tfds: TfdsDataset | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it is known beforehand how many rows there are."""
        return self.kind in ("generated", "tfds")

    @property
    def part(self) -> str | None:
        """The split that was asked for of one file, of which a column may name it; nothing where the file is it."""
        if self.kind != "file" or self.split is None or self.split in self.splits:
            return None
        return self.split if self.split in SPLITS else None

    def files(self, split: str) -> tuple[Path, ...]:
        """The files of one of ``splits``, fetched where they come from a hub."""
        if self.kind != "hub":
            return self.splits[split]
        listing = self.listing
        if listing is None:
            assert self.corpus is not None
            listing = look_up(HubAddress(self.corpus.repository, config=self.corpus.config))
        return fetch(listing, split)

    def name_of(self, split: str) -> str | None:
        """What names one of ``splits`` with the slice alone, from any folder; nothing where no name does."""
        cut = "" if self.slice is None else str(self.slice)
        if self.kind == "generated" and self.split is None and split != "train":
            return None  # of a whole source it is smaller than what goes by its name
        if self.kind not in ("file", "folder"):
            return f"{self.name}:{split}{cut}"
        if self.name == STANDARD_INPUT:
            return f"{self.name}{cut}"
        named = self.kind == "folder" or self.split is not None
        return f"{Path(self.name).absolute()}{f':{split}' if named else ''}{cut}"

    def provenance(self, file: str) -> tuple[str, ...]:
        """What to know of published pairs that were read from ``file``: the very commit or version, and the licence."""
        if self.tfds is not None:
            return (self.tfds.note,)
        if self.kind != "hub":
            return ()
        commit = commit_of(Path(file))
        return (
            (self.corpus.repository if self.corpus else self.name)
            + (f" at commit {commit[:12]}" if commit else "")
            + (f"; licence: {self.corpus.licence}" if self.corpus else ""),
        )

    def only_split(self, prefer: Sequence[str] = ()) -> str:
        """The split that was asked for, or the one there is, or the first of ``prefer`` among several."""
        if self.split is not None:
            if self.split in self.splits:
                return self.split
            raise SplitNotFound.of_choice(
                f"{self.name} has no split {self.split!r}.", self.split, self.splits, where=self.name
            )
        if len(self.splits) == 1:
            return next(iter(self.splits))
        for name in prefer:
            if name in self.splits:
                return name
        raise SplitNotFound(
            f"{self.name} has the splits {', '.join(self.splits)}, and none was named.",
            where=self.name,
            expected="one split",
            hint=command(f"{self.name}:{next(iter(self.splits))}"),
        )


def is_standard_input(source: str | Path) -> bool:
    """Whether a source is standard input, or a slice or split of it: what can be read once."""
    return str(source).split("[")[0].split(":")[0] == STANDARD_INPUT


def locate(source: str | Path, *, split: str | None = None) -> Source:
    """Find what a source names.

    Args:
        source: See the module's words.
        split: The split, when it is not in ``source``; ``train[:20%]`` and ``[:20%]`` too.
    """
    text = str(source)
    corpus = listing = tfds = None
    if text.startswith(SCHEME):
        name, listing, found_split, found_slice = _on_hub(text)
    elif text.startswith(TFDS_SCHEME):
        body, found_slice = split_off_slice(text)
        address, word = parse_tfds_address(body)
        found_split = canonical_split(word) if word else None
        tfds = open_tfds(address)
        name = tfds.name
    else:
        name, found_split, found_slice = _parted(text)
        corpus = CORPORA.get(name) if not exists(name) else None
    if split is not None:
        asked, asked_slice = split_off_slice(split)
        if asked_slice is not None and found_slice is not None:
            raise SliceInvalid(
                f"Two slices were given: {found_slice} in {text!r} and {asked_slice} in {split!r}."
            )
        if asked and found_split and canonical_split(asked) != found_split:
            raise UsageError(f"Two splits were given: {found_split!r} in {text!r} and {asked!r}.")
        found_split = canonical_split(asked) if asked else found_split
        found_slice = asked_slice or found_slice
    if corpus is not None:
        found = "hub", dict.fromkeys(corpus.sizes, ())
    elif listing is not None:
        found = "hub", dict.fromkeys(in_order(listing.splits()), ())
    elif tfds is not None:
        found = "tfds", dict.fromkeys(in_order(tfds.splits), ())
    else:
        found = _on_disk(name, found_split)
    return Source(text, name, *found, found_split, found_slice, corpus, listing, tfds)


def _on_hub(text: str) -> tuple[str, Listing, str | None, Slice | None]:
    """The name, what is there, the split and the slice of an address; a word may be a config or a split."""
    body, found_slice = split_off_slice(text)
    address, words = parse_address(body)
    listing = look_up(address)
    split = None
    if (words and words[0] in listing.files) or len(words) == 2:
        listing = replace(listing, address=replace(address, config=words.pop(0)))
    if words:
        split = canonical_split(words[0])
    return str(listing.address), listing, split, found_slice


def _parted(text: str) -> tuple[str, str | None, Slice | None]:
    """The name, the split and the slice in what the user wrote; an existing path is taken whole."""
    if text == STANDARD_INPUT or exists(text):
        return text, None, None
    name, found_slice = split_off_slice(text)
    if name == STANDARD_INPUT or exists(name):
        return name, None, found_slice
    head, colon, tail = name.rpartition(":")
    if colon and tail and (head == STANDARD_INPUT or exists(head)):
        return head, canonical_split(tail), found_slice
    words = name.split(":")
    if words[0] in BUILT_IN:
        splits = [canonical_split(word) for word in words[1:] if canonical_split(word) in SPLITS]
        rest = [word for word in words if canonical_split(word) not in SPLITS]
        if len(splits) > 1:
            raise UsageError(f"Two splits were given in {text!r}: {', '.join(splits)}.")
        return ":".join(rest), splits[0] if splits else None, found_slice
    corpus, colon, tail = name.partition(":")
    if corpus in CORPORA:
        return corpus, canonical_split(tail) if tail else None, found_slice
    raise _not_found(name)


def _on_disk(name: str, asked: str | None) -> tuple[Kind, dict[str, tuple[Path, ...]]]:
    path = Path(name)
    built_in = "" if exists(name) else name.split(":")[0]
    if built_in == "handwritten":
        return "handwritten", {"test": (HANDWRITTEN,)}
    if built_in == "generated":
        return "generated", dict.fromkeys(SPLITS, ())
    if name != STANDARD_INPUT and is_archive(path):
        members = [path / member for member in table_members(path, name)]
        if len(members) > 1:
            splits = _splits_of(members, f"The archive {path}", path)
            return "folder" if len(splits) > 1 else "file", splits
    if name == STANDARD_INPUT or not path.is_dir():
        own = None if name == STANDARD_INPUT else _split_name(_stem(path))
        # A file called validation.csv is the train split of its own, unless it is asked for by its name.
        return "file", {asked if asked is not None and asked == own else "train": (path,)}
    return "folder", _folder_splits(path)


def _folder_splits(folder: Path) -> dict[str, tuple[Path, ...]]:
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith((".", "_")) and suffix_format(path.name)
    ]
    if not found:
        raise SplitNotFound(
            f"The folder {folder} holds no file of pairs.",
            where=str(folder),
            expected="files called train, validation or test, as .csv, .tsv, .jsonl, .parquet or .xlsx, also packed",
        )
    # What is packed as a whole, or a workbook, often lies beside the file that was made of it.
    plain = [
        path
        for path in found
        if path.suffix.lower() in (".gz", *SUFFIXES) and suffix_format(path.name) in FORMATS
    ]
    return _splits_of(plain or found, f"The folder {folder}", folder)


def _splits_of(paths: Sequence[Path], what: str, where: Path) -> dict[str, tuple[Path, ...]]:
    found: dict[str, dict[str, list[Path]]] = {}
    for path in paths:
        shard = _SHARD.fullmatch(_stem(path))
        stem = shard["name"] if shard else _stem(path)
        split = _split_name(stem) or stem
        found.setdefault(split, {}).setdefault("shards " + stem if shard else str(path), []).append(path)
    for split, candidates in found.items():
        if len(candidates) > 1:
            names = ", ".join(
                path.relative_to(where).as_posix() for paths in candidates.values() for path in paths
            )
            raise SplitNotFound(
                f"{what} has more than one file for the split {split!r}: {names}.",
                where=str(where),
                expected="one file a split, or its shards (train-00000-of-00002.parquet …); or one file: "
                f"{next(iter(candidates.values()))[0]}",
            )
    return {split: tuple(next(iter(found[split].values()))) for split in in_order(found)}


def _stem(path: Path) -> str:
    bare = Path(without_packing(path.name))
    return bare.stem if bare.suffix.lower() in SUFFIXES else bare.name


def _split_name(stem: str) -> str | None:
    """The split that a file's name shows: ``dev``, or ``snli_1.0_dev``."""
    for word in (stem, re.split(r"[_\-. ]", stem)[-1]):
        if canonical_split(word) in SPLITS:
            return canonical_split(word)
    return None


def exists(name: str) -> bool:
    """Whether there is a file or folder of this name, or a file in a zip archive."""
    try:
        inside = None if Path(name).exists() else place_in_archive(Path(name))
        return Path(name).exists() if inside is None else inside[1] in members_of(inside[0], name)
    except (OSError, ValueError):  # a whole text instead of a name: too long, or with a NUL
        return False


def _not_found(name: str) -> SourceNotFound:
    path = Path(name)
    folder = path.parent
    close = list(near(name.split(":")[0], (*BUILT_IN, *CORPORA)))
    if folder.is_dir():
        close += [str(folder / found) for found in near(path.name, [p.name for p in folder.iterdir()])]
    missing_folder = "" if folder.is_dir() else f" (there is no folder {folder})"
    return SourceNotFound(
        f"There is no file or folder {name!r}{missing_folder}.",
        where=name,
        expected=(
            f"a file, a folder of splits, '-' for standard input, one of {', '.join((*BUILT_IN, *CORPORA))}, "
            "hf://datasets/owner/name or tfds:name"
        ),
        hint=hub_address(name, "hf://datasets/") or (f"did you mean {close[0]}?" if close else None),
        details={"near": close},
    )
