#!/usr/bin/env python3
"""boto3's verbs, one per line of standard input as a JSON list, answered by one line of JSON each:
["upload", FILE, KEY], ["download", KEY, FILE], ["list", PREFIX], ["copy", FROM, TO], ["remove", KEY],
["presign", METHOD, KEY], ["upload-parts", FILE, KEY, PART_BYTES, AT_ONCE], ["range", KEY, FIRST, LAST] (the bytes in hex).
Where: the arguments ENDPOINT and BUCKET; as whom: the AWS_ variables. Nothing is tried twice."""
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config


def main():
    endpoint, bucket = sys.argv[1:]
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1})
    s3 = boto3.client("s3", endpoint_url=endpoint, config=config)

    def sizes(prefix):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [[item["Key"], item["Size"]] for page in pages for item in page.get("Contents", [])]

    def upload_parts(file, key, part, at_once):
        config = TransferConfig(
            multipart_threshold=int(part) + 1, multipart_chunksize=int(part), max_concurrency=int(at_once)
        )
        s3.upload_file(file, bucket, key, Config=config)

    def read_range(key, first, last):
        return s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={first}-{last}")["Body"].read().hex()

    verbs = {
        "version": lambda: boto3.__version__,
        "upload": lambda file, key: s3.upload_file(file, bucket, key),
        "upload-parts": upload_parts,
        "range": read_range,
        "download": lambda key, file: s3.download_file(bucket, key, file),
        "list": sizes,
        "copy": lambda source, key: s3.copy({"Bucket": bucket, "Key": source}, bucket, key),
        "remove": lambda key: s3.delete_object(Bucket=bucket, Key=key) and None,
        "presign": lambda method, key: s3.generate_presigned_url(
            {"GET": "get_object", "PUT": "put_object"}[method], Params={"Bucket": bucket, "Key": key}
        ),
    }
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        try:
            answer = {"result": verbs[verb](*arguments)}
        except Exception as error:  # The one who asked decides what it means.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
