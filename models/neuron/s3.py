"""Models and bundles in S3. boto3 is imported only here, and only when an address begins with s3://."""
from __future__ import annotations

import shutil
from pathlib import Path

import bundle
from fields import BadInput

READ = (".json", ".jinja", ".model", ".txt", ".safetensors")


def client():
    try:
        import boto3
    except ImportError:
        raise BadInput("s3:// needs boto3: pip install boto3") from None
    return boto3.client("s3")


def split(url: str) -> tuple[str, str]:
    """Bucket and prefix; the prefix is empty or ends in a slash."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise BadInput(f"{url}: names no bucket")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def sizes(s3, bucket: str, prefix: str) -> dict[str, int]:
    """Bytes of every object below the prefix, by the name that follows it."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {o["Key"][len(prefix) :]: o["Size"] for page in pages for o in page.get("Contents", [])}


def download(s3, url: str, folder: Path) -> Path:
    """The files of a model that the job and the server read."""
    bucket, prefix = split(url)
    names = [n for n in sizes(s3, bucket, prefix) if "/" not in n and n]
    names = [n for n in names if n.endswith(READ) or n.startswith(("LICENSE", "NOTICE"))]
    if "config.json" not in names:
        raise BadInput(f"{url}: holds no config.json")
    folder.mkdir(parents=True)
    for name in names:
        s3.download_file(bucket, prefix + name, str(folder / name))
    return folder


class S3Output:
    """A bundle under a prefix. Its manifest is written last and removed first: without one there is no bundle."""

    def __init__(self, s3, url: str, scratch: Path):
        self._s3 = s3
        self._url = url
        self._bucket, self._prefix = split(url)
        self._scratch = scratch

    def __str__(self) -> str:
        return self._url

    def existing(self) -> dict | None:
        """As LocalOutput has it; what an upload that broke off left there is no bundle and may be written over."""
        names = sizes(self._s3, self._bucket, self._prefix)
        if bundle.MANIFEST in names:
            body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + bundle.MANIFEST)["Body"].read()
            return bundle.parse(body, f"{self._url}/{bundle.MANIFEST}")
        return {} if names and not any(map(_ours, names)) else None

    def damaged(self, manifest: dict) -> list[str]:
        there, files = sizes(self._s3, self._bucket, self._prefix), manifest.get("files")
        if not isinstance(files, dict) or not files:
            return ["files"]
        return sorted(name for name, size in files.items() if there.get(name) != size)

    def begin(self) -> Path:
        self._scratch.mkdir(parents=True)
        return self._scratch

    def commit(self) -> None:
        before = sizes(self._s3, self._bucket, self._prefix)
        if bundle.MANIFEST in before:
            self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + bundle.MANIFEST)
        made = sorted((str(f.relative_to(self._scratch)) for f in self._scratch.rglob("*") if f.is_file()), key=_turn)
        # Ranks that the old bundle had more; nothing else, whatever lies there.
        for name in sorted(filter(_ours, before.keys() - set(made))):
            self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + name)
        for name in made:
            self._s3.upload_file(str(self._scratch / name), self._bucket, self._prefix + name)

    def abandon(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


def _turn(name: str) -> tuple[int, str]:
    """The program goes first, so that a job that is tried again finds whose files these are; the manifest goes last."""
    if name == bundle.MODEL:
        return 0, name
    return (3 if name == bundle.MANIFEST else 1 if _ours(name) else 2), name


def _ours(name: str) -> bool:
    return name == bundle.MODEL or name.startswith(f"{bundle.WEIGHTS}/tp")
