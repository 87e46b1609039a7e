#!/usr/bin/env python3
"""Round trip of whole objects with boto3: what is put must come back, in every way of asking.

round-trip.py --endpoint http://127.0.0.1:9000 --access-key K --secret-key S [--largest BYTES] [--raw-keys] [--lenient] [--skip STEP]…

Prints a table; ends with status 1 at the first difference and says which.
"""
import argparse
import hashlib
import io
import os
import random
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

KIB, MIB = 1024, 1024 * 1024
SIZES = [0, 1, 65535, 65536, 65537, MIB + 3, 5 * MIB, 64 * MIB, 300 * MIB]
# A prime number of bytes, so that no chunk or part boundary falls on the same place of the pattern twice.
BLOCK = random.Random(42).randbytes(1048583)
ODD_KEYS = [
    "a b/c d",
    "plus+plus",
    "percent%41%2F%",
    "grüße/日本語/🙂",
    "tilde~'()*!;:@&=$,?#[]",
    "dir/sub/leaf",
    "dot./..leaf",
]
# Only servers that treat keys as bytes keep these apart (not those that map keys to files).
RAW_KEYS = ["a//b", "a/b", "slash/", "/lead", "./x", "x", "o/../y"]
METADATA = {"plain": "value", "with-dash": "two words", "utf8": "gr%C3%BC%C3%9Fe"}


class Pattern(io.RawIOBase):
    """A seekable, readable file of `size` bytes that holds nothing in memory."""

    def __init__(self, size):
        super().__init__()
        self.size, self.at = size, 0

    def __len__(self):
        return self.size

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def read(self, count=-1):
        left = self.size - self.at
        count = left if count is None or count < 0 else min(count, left)
        piece = pattern(self.at, count)
        self.at += count
        return piece


def pattern(start, count):
    """`count` bytes of the endless pattern from `start` on."""
    first = start % len(BLOCK)
    repeats = (first + count) // len(BLOCK) + 1
    return (BLOCK * repeats)[first : first + count]


def digest(size):
    """SHA-256 of the first `size` bytes of the pattern."""
    sha = hashlib.sha256()
    for start in range(0, size, 8 * MIB):
        sha.update(pattern(start, min(8 * MIB, size - start)))
    return sha.hexdigest()


def digest_of(body):
    sha, count = hashlib.sha256(), 0
    for piece in body.iter_chunks(MIB):
        sha.update(piece)
        count += len(piece)
    return sha.hexdigest(), count


class Difference(Exception):
    """Something came back other than it should."""


def same(what, got, wanted):
    if got != wanted:
        raise Difference(f"{what}: got {got!r}, wanted {wanted!r}")


def refused(what, status, call):
    try:
        call()
    except ClientError as error:
        same(f"{what}: status", error.response["ResponseMetadata"]["HTTPStatusCode"], status)
        return
    raise Difference(f"{what}: was not refused, wanted {status}")


class RoundTrip:
    """The steps, in order; each leaves what the next needs."""

    def __init__(self, client, bucket, options):
        self.s3, self.bucket, self.options = client, bucket, options
        self.sizes = [size for size in SIZES if size <= options.largest]
        self.etags = {}

    def key(self, size):
        return f"sizes/{size:012d}"

    def told(self, etag, key):
        """The ETag of an answer; of radosgw's, which may lack the quotation marks or all of it, what HEAD says."""
        if self.options.lenient and not etag.startswith('"'):
            return self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"]
        return etag

    def put(self):
        for size in self.sizes:
            answer = self.s3.put_object(
                Bucket=self.bucket, Key=self.key(size), Body=Pattern(size), ContentLength=size,
                ContentType="application/x-pattern", CacheControl="max-age=7", Metadata=METADATA,
            )
            self.etags[self.key(size)] = answer["ETag"]
        return sum(self.sizes)

    def head(self):
        for size in self.sizes:
            self.check_head(self.key(size), size)

    def check_head(self, key, size):
        answer = self.s3.head_object(Bucket=self.bucket, Key=key)
        same(f"HEAD {key}: ContentLength", answer["ContentLength"], size)
        same(f"HEAD {key}: ETag", answer["ETag"], self.etags[key])
        same(f"HEAD {key}: Metadata", answer["Metadata"], METADATA)
        same(f"HEAD {key}: ContentType", answer["ContentType"], "application/x-pattern")
        same(f"HEAD {key}: CacheControl", answer.get("CacheControl"), "max-age=7")

    def get(self):
        for size in self.sizes:
            self.check_get(self.key(size), size)
        return sum(self.sizes)

    def check_get(self, key, size):
        answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        same(f"GET {key}: ContentLength", answer["ContentLength"], size)
        same(f"GET {key}: ETag", answer["ETag"], self.etags[key])
        same(f"GET {key}: Metadata", answer["Metadata"], METADATA)
        got, count = digest_of(answer["Body"])
        same(f"GET {key}: bytes read", count, size)
        same(f"GET {key}: SHA-256", got, digest(size))

    def ranges(self):
        for size in self.sizes:
            for first, last in self.ranges_of(size):
                self.check_range(size, first, last)
            if size > 0:
                answer = self.s3.get_object(Bucket=self.bucket, Key=self.key(size), Range="bytes=-7")
                start = max(0, size - 7)
                same(f"GET {size} bytes=-7", answer["Body"].read(), pattern(start, size - start))
            refused(
                f"GET {size} beyond the end", 416,
                lambda: self.s3.get_object(Bucket=self.bucket, Key=self.key(size), Range=f"bytes={size}-"),
            )

    @staticmethod
    def ranges_of(size):
        edges = [0, 1, 65535, 65536, 65537, 131071, 131072, size // 2, size - 65537, size - 2, size - 1]
        edges = sorted({edge for edge in edges if 0 <= edge < size})
        pairs = [(edge, edge) for edge in edges] + list(zip(edges, edges[1:]))
        if edges:
            pairs.append((edges[-1], size + 100))
        return [(first, last) for first, last in pairs if last - first <= 2 * MIB]

    def check_range(self, size, first, last):
        what = f"GET {self.key(size)} bytes={first}-{last}"
        answer = self.s3.get_object(Bucket=self.bucket, Key=self.key(size), Range=f"bytes={first}-{last}")
        end = min(last, size - 1)
        same(f"{what}: status", answer["ResponseMetadata"]["HTTPStatusCode"], 206)
        same(f"{what}: ContentRange", answer["ContentRange"], f"bytes {first}-{end}/{size}")
        same(f"{what}: ContentLength", answer["ContentLength"], end - first + 1)
        if answer["Body"].read() != pattern(first, end - first + 1):
            raise Difference(f"{what}: other bytes")

    def conditions(self):
        key = self.key(MIB + 3 if MIB + 3 in self.sizes else self.sizes[-1])
        etag, where = self.etags[key], {"Bucket": self.bucket, "Key": key}
        self.s3.get_object(**where, IfMatch=etag)["Body"].read()
        self.s3.head_object(**where, IfMatch=etag)
        refused("GET If-None-Match own", 304, lambda: self.s3.get_object(**where, IfNoneMatch=etag))
        refused("HEAD If-None-Match own", 304, lambda: self.s3.head_object(**where, IfNoneMatch=etag))
        other = '"00000000000000000000000000000000"'
        refused("GET If-Match other", 412, lambda: self.s3.get_object(**where, IfMatch=other))
        refused("GET missing key", 404, lambda: self.s3.get_object(Bucket=self.bucket, Key="missing"))
        refused("PUT If-None-Match *", 412, lambda: self.s3.put_object(**where, Body=b"x", IfNoneMatch="*"))

    def copies(self):
        for size in self.sizes:
            source = {"Bucket": self.bucket, "Key": self.key(size)}
            for number, key in enumerate([f"copies/{size:012d}", f"copies/with space+plus/{size}"]):
                answer = self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource=source)
                self.etags[key] = self.told(answer["CopyObjectResult"]["ETag"], key)
                self.check_head(key, size)
                if number == 0:
                    self.check_get(key, size)
        key = f"copies/{self.sizes[0]:012d}"
        self.s3.copy_object(
            Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": key},
            MetadataDirective="REPLACE", Metadata={"fresh": "yes"}, ContentType="text/plain",
        )
        answer = self.s3.head_object(Bucket=self.bucket, Key=key)
        same("copy onto itself, REPLACE: Metadata", answer["Metadata"], {"fresh": "yes"})
        same("copy onto itself, REPLACE: ContentType", answer["ContentType"], "text/plain")
        return sum(self.sizes)

    def overwrite(self):
        key = "overwritten"
        for body in (b"first", b"second, longer", b""):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
            same("GET after overwrite", self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read(), body)

    def multipart(self):
        key, parts = "multipart", [5 * MIB, 5 * MIB + 1, 65536]
        where = {"Bucket": self.bucket, "Key": key}
        upload = self.s3.create_multipart_upload(
            **where, Metadata=METADATA, ContentType="application/x-pattern", CacheControl="max-age=7"
        )["UploadId"]
        at, done = 0, []
        for number, size in enumerate(parts, start=1):
            answer = self.s3.upload_part(
                **where, UploadId=upload, PartNumber=number, Body=pattern(at, size)
            )
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
            at += size
        listed = self.s3.list_parts(**where, UploadId=upload)["Parts"]
        same("ListParts: sizes", [part["Size"] for part in listed], parts)
        same("ListParts: ETags", [part["ETag"] for part in listed], [part["ETag"] for part in done])
        answer = self.s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": done})
        self.etags[key] = self.told(answer["ETag"], key)
        self.check_head(key, at)
        self.check_get(key, at)
        edge = parts[0]
        for first, last in [(0, 9), (edge - 5, edge + 5), (edge + parts[1] - 1, edge + parts[1]), (at - 3, at - 1)]:
            got = self.s3.get_object(**where, Range=f"bytes={first}-{last}")["Body"].read()
            if got != pattern(first, last - first + 1):
                raise Difference(f"GET multipart bytes={first}-{last}: other bytes")
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key)["Contents"]
        same("list after Complete: Size", [item["Size"] for item in listed], [at])
        same("list after Complete: ETag", [item["ETag"] for item in listed], [self.etags[key]])
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key="aborted")["UploadId"]
        self.s3.upload_part(Bucket=self.bucket, Key="aborted", UploadId=upload, PartNumber=1, Body=b"x")
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key="aborted", UploadId=upload)
        refused("HEAD aborted upload", 404, lambda: self.s3.head_object(Bucket=self.bucket, Key="aborted"))
        return at

    def odd_keys(self):
        keys = ODD_KEYS + (RAW_KEYS if self.options.raw_keys else [])
        for key in keys:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=key.encode(), Metadata={"hex": key.encode().hex()})
        for key in keys:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
            same(f"GET odd key {key!r}", answer["Body"].read(), key.encode())
            same(f"GET odd key {key!r}: Metadata", answer["Metadata"], {"hex": key.encode().hex()})
        listed = {item["Key"]: item["Size"] for item in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]}
        for key in keys:
            same(f"list v2 of odd key {key!r}: Size", listed.get(key), len(key.encode()))

    def lists(self):
        wanted = [(self.key(size), size, self.etags[self.key(size)]) for size in self.sizes]
        flat = lambda items: [(item["Key"], item["Size"], item["ETag"]) for item in items]
        where = {"Bucket": self.bucket, "Prefix": "sizes/"}
        same("list v1", flat(self.s3.list_objects(**where)["Contents"]), wanted)
        same("list v2", flat(self.s3.list_objects_v2(**where)["Contents"]), wanted)
        for name in ("list_objects", "list_objects_v2"):
            pages = list(self.s3.get_paginator(name).paginate(**where, PaginationConfig={"PageSize": 2}))
            same(f"{name}: page sizes", max(len(page.get("Contents", [])) for page in pages), min(2, len(wanted)))
            same(f"{name}: paged", [row for page in pages for row in flat(page.get("Contents", []))], wanted)
        answer = self.s3.list_objects_v2(Bucket=self.bucket, Delimiter="/")
        prefixes = [item["Prefix"] for item in answer["CommonPrefixes"]]
        same("list v2 with delimiter", [p for p in prefixes if p in ("copies/", "sizes/")], ["copies/", "sizes/"])

    def deletes(self):
        key = self.key(self.sizes[0])
        self.s3.delete_object(Bucket=self.bucket, Key=key)
        refused("HEAD after delete", 404, lambda: self.s3.head_object(Bucket=self.bucket, Key=key))
        while contents := self.s3.list_objects_v2(Bucket=self.bucket).get("Contents"):
            keys = sorted(item["Key"] for item in contents)
            answer = self.s3.delete_objects(
                Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys]}
            )
            same("multi-delete: errors", answer.get("Errors", []), [])
            same("multi-delete: deleted", sorted(item["Key"] for item in answer["Deleted"]), keys)
        self.s3.delete_bucket(Bucket=self.bucket)
        refused("HEAD bucket after delete", 404, lambda: self.s3.head_bucket(Bucket=self.bucket))

    STEPS = [put, head, get, ranges, conditions, copies, lists, overwrite, multipart, odd_keys, deletes]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("endpoint", "access-key", "secret-key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--bucket", default=f"round-trip-{uuid.uuid4().hex[:12]}")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes above this")
    parser.add_argument("--raw-keys", action="store_true", help="also keys that are no file names")
    parser.add_argument("--lenient", action="store_true", help="get along with the known faults of bare servers")
    parser.add_argument("--skip", action="append", default=[], metavar="STEP")
    parser.add_argument("--ca-file", help="certificate authority of an https endpoint")
    return parser.parse_args()


def main():
    options = parse()
    if options.lenient:
        # botocore's connection is spoilt by a server that answers 200 without 100 to an empty PUT with Expect, as MinIO does.
        os.environ["BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE"] = "true"
    client = boto3.client(
        "s3", endpoint_url=options.endpoint, region_name=options.region, verify=options.ca_file,
        aws_access_key_id=options.access_key, aws_secret_access_key=options.secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=120),
    )
    client.create_bucket(Bucket=options.bucket)
    trip = RoundTrip(client, options.bucket, options)
    print(f"{'step':<12}{'ms':>9}{'MiB/s':>9}  boto3 {boto3.__version__}, {options.endpoint}")
    for step in RoundTrip.STEPS:
        if step.__name__ in options.skip:
            print(f"{step.__name__:<12}  skipped")
            continue
        start = time.monotonic()
        try:
            moved = step(trip)
        except (Difference, ClientError) as error:
            print(f"round-trip.py: {step.__name__}: {error}", file=sys.stderr)
            return 1
        seconds = time.monotonic() - start
        rate = f"{moved / MIB / seconds:9.1f}" if moved else f"{'':9}"
        print(f"{step.__name__:<12}{seconds * 1000:9.0f}{rate}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
