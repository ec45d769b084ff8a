"""What describes an output besides its manifest: dataset.json, and the names of OUT's own files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from augtool.config.messages import explain
from augtool.config.own_code import OwnCode
from augtool.config.schema import Config
from augtool.core.records import TRAIN, ClassCounts, SplitCounts
from augtool.errors import InputError
from augtool.output.made_with import MadeWith
from augtool.storage.files import clean_errors, open_regular, sha256_of
from augtool.storage.json_fields import JsonFields, sealed_bytes
from augtool.storage.remote.url import RemoteUrl, is_remote
from augtool.storage.which_manifest import CSV, MANIFESTS, lies_among_parts

__all__ = [
    "DATASET",
    "FAILURES",
    "OWN_FILES",
    "REPORT",
    "DatasetInfo",
    "FileFacts",
    "describe_files",
    "read_dataset",
    "require_on_disk",
]

DATASET, FAILURES, REPORT = "dataset.json", "failures.csv", "report.html"
#: What may lie in an output besides its records.
OWN_FILES = (*MANIFESTS, f"{CSV}.tmp", DATASET, FAILURES, REPORT)


class FileFacts(NamedTuple):
    """Size in bytes and SHA-256 of a file that holds more than one record."""

    bytes: int
    sha256: str


class DatasetInfo(NamedTuple):
    """What dataset.json says.

    Parameters
    ----------
    settings
        The resolved config, as JSON-able values; see :meth:`config`.
    config_digest, identity
        SHA-256 of the config, and of everything that tells this run from others.
    made_with
        Versions and the machine.
    classes
        Class names in the order of labels.
    counts
        What was written, by split and class.
    planned, missing
        Records of the plan, and how many of them are missing because inputs failed.
    failures
        How many inputs could not be used.
    statistics
        ``mean`` and ``std`` by channel of the training originals; empty where not asked for.
    digest
        SHA-256 of the manifest.
    record_bytes
        Size of all records' own files together; 0 where they have none.
    loader_order
        Classes as loaders of folders number them, where that is not the order of labels.
    left_out
        How many training originals were left out for balance, by class.
    stamps
        SHA-256 of the etags and sizes of remote sources; "" for those on disk.
    files
        Files that hold more than one record, by path below the output.
    own_code
        What the code of the user's own transforms was known by, by their names.
    """

    settings: dict[str, object]
    config_digest: str
    identity: str
    made_with: MadeWith
    classes: list[str]
    counts: SplitCounts
    planned: int
    missing: int
    failures: int
    statistics: dict[str, list[float]]
    digest: str
    record_bytes: int
    loader_order: list[str]
    left_out: dict[str, int]
    stamps: str
    files: dict[str, FileFacts]
    own_code: dict[str, OwnCode]

    @classmethod
    def parse(cls, data: bytes) -> DatasetInfo:
        """Return what a file's bytes say.

        Raises
        ------
        ValueError
            When they are torn, or not augtool's.
        """
        fields = JsonFields.parse(data)
        settings = fields.fields("config").as_dict()
        versions = fields.mapping("versions", str)
        needed = {"augtool"} if settings.get("portable") is True else {"augtool", "cv2", "numpy"}
        if missing := needed - versions.keys():
            raise ValueError(f"versions has no {min(missing)!r}")
        machine = fields.mapping("machine", str) if "machine" in fields else {}
        return cls(
            settings=settings,
            config_digest=fields.get("config_digest", str),
            identity=fields.get("identity", str),
            made_with=MadeWith(versions, machine),
            classes=fields.items("classes", str),
            counts={
                split: {
                    name: ClassCounts(kinds.get("original", int), kinds.get("augmented", int))
                    for name, kinds in classes.objects().items()
                }
                for split, classes in fields.fields("counts").objects().items()
            },
            planned=fields.get("planned", int),
            missing=fields.get("missing", int),
            failures=fields.get("failures", int),
            statistics={
                name: fields.items(name, float) for name in ("mean", "std") if name in fields
            },
            digest=fields.get("digest", str),
            record_bytes=fields.get("bytes", int),
            loader_order=(fields.items("loader_order", str) if "loader_order" in fields else []),
            left_out=fields.mapping("left_out", int) if "left_out" in fields else {},
            stamps=fields.get("stamps", str) if "stamps" in fields else "",
            files={
                path: FileFacts(facts.get("bytes", int), facts.get("sha256", str))
                for path, facts in fields.fields("files", optional=True).objects().items()
            },
            own_code={
                key: OwnCode(facts.get("version", str), facts.get("sha256", str))
                for key, facts in fields.fields("own_code", optional=True).objects().items()
            },
        )

    def encode(self) -> bytes:
        """Return the file's bytes."""
        files = {path: facts._asdict() for path, facts in self.files.items()}
        code = {key: facts._asdict() for key, facts in self.own_code.items()}
        return sealed_bytes(
            {
                "config": self.settings,
                "config_digest": self.config_digest,
                "identity": self.identity,
                **self.made_with._asdict(),
                **({"own_code": code} if code else {}),
                "classes": self.classes,
                "counts": {
                    split: {name: counts.to_json() for name, counts in classes.items()}
                    for split, classes in self.counts.items()
                },
                "planned": self.planned,
                "missing": self.missing,
                "failures": self.failures,
                **self.statistics,
                "digest": self.digest,
                "bytes": self.record_bytes,
                **({"left_out": self.left_out} if self.left_out else {}),
                **({"loader_order": self.loader_order} if self.loader_order else {}),
                **({"stamps": self.stamps} if self.stamps else {}),
                **({"files": files} if files else {}),
            }
        )

    @property
    def stored_bytes(self) -> int:
        """Return the size of all files that hold records."""
        return self.record_bytes + sum(
            facts.bytes for path, facts in self.files.items() if not lies_among_parts(path)
        )

    @property
    def written(self) -> ClassCounts:
        """Return how many originals and copies there are in all."""
        return ClassCounts.total(
            counts for classes in self.counts.values() for counts in classes.values()
        )

    @property
    def training(self) -> ClassCounts:
        """Return how many of them are in the training split."""
        return ClassCounts.total(self.counts.get(TRAIN, {}).values())

    def differences_here(self, *, allow_code: bool = False) -> str:
        """Return in words why this process would make other bytes, "" if it would not."""
        here = MadeWith.here(self.config(allow_code=allow_code), self.made_with.machine)
        return self.made_with.differences(here)

    def config(self, *, allow_code: bool | Collection[str] = False) -> Config:
        """Return the config of the run.

        Parameters
        ----------
        allow_code
            Whether Python code that it names may be imported, or what of it.

        Raises
        ------
        InputError
            When this version of augtool does not understand it, or code that it names is not
            allowed, or not that of the run.
        """
        if self.own_code and not allow_code:
            raise InputError(
                f"{DATASET}: the output was made with Python code of its own"
                f" ({', '.join(sorted(self.own_code))}), which augtool runs only if told to; pass"
                " --allow-code if you trust it"
            )
        try:
            config = Config.model_validate(self.settings, context={"allow_code": allow_code})
        except ValidationError as error:
            problems = "; ".join(explain(error, Config))
            versions = self.made_with.versions.items()
            made_by = ", ".join(f"{name} {version}" for name, version in versions)
            raise InputError(
                f"{DATASET}: this version of augtool does not understand its config ({problems});"
                f" use the versions that wrote it ({made_by})"
            ) from error
        for key, code in config.own_code.items():
            made_with = self.own_code.get(key)
            if code != made_with:
                known = made_with and f"{made_with.version} SHA-256 {made_with.sha256}".strip()
                raise InputError(
                    f"{DATASET}: {key} is not the code that the output was made with; use that of"
                    f" the run ({known or 'none is recorded'})"
                )
        return config


def read_dataset(out: Path, name: str = DATASET) -> DatasetInfo:
    """Return dataset.json of a finished output; `name` is where it lies there.

    Raises
    ------
    InputError
        When it is not there, damaged, or not augtool's.
    """
    require_on_disk(out)
    path = out / name
    try:
        with open_regular(path) as file:
            return DatasetInfo.parse(file.read())
    except OSError as error:
        raise InputError(
            f"{path}: can't be read: {error.strerror}; is {out} an output of augtool?"
        ) from error
    except ValueError as error:
        raise InputError(
            f"{path}: is damaged ({error}); run augtool expand again with --overwrite"
        ) from error


def require_on_disk(out: Path) -> None:
    """Refuse the URL of an output.

    Raises
    ------
    InputError
        When it is one. What it holds that is secret is not repeated.
    """
    if is_remote(out):
        url = RemoteUrl.parse(str(out))
        raise InputError(f"{url}: is in an object store; copy the output to a folder first")


def describe_files(folder: Path, names: Iterable[str] | None = None) -> dict[str, FileFacts]:
    """Return size and SHA-256 of files below a folder (all of them, or some), by path."""
    paths = [folder / name for name in names] if names is not None else sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): _facts(path) for path in paths if path.is_file()}


def _facts(path: Path) -> FileFacts:
    with clean_errors(path):
        return FileFacts(path.stat().st_size, sha256_of(path))
