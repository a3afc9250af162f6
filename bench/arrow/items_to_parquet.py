"""What a data engineer would write: boto3 scans the table and makes Python of its items, pyarrow writes them as Parquet."""

import json
import resource
import sys
import time
from datetime import datetime

import boto3
import pyarrow
import pyarrow.parquet

job = json.load(sys.stdin)
started = time.perf_counter()
schema = pyarrow.schema(
    [
        ("id", pyarrow.int64()),
        ("customer_id", pyarrow.int64()),
        ("status", pyarrow.string()),
        ("total", pyarrow.decimal128(10, 2)),
        ("quantity", pyarrow.int64()),
        ("email", pyarrow.string()),
        ("created_at", pyarrow.timestamp("us")),
        ("note", pyarrow.string()),
    ]
)
table = boto3.resource("dynamodb", endpoint_url=job["endpoint"], region_name="eu-west-1").Table(job["table"])

rows = 0
start = {}
with pyarrow.parquet.ParquetWriter(job["path"], schema, compression="zstd") as writer:
    while True:
        page = table.scan(**start)
        for item in page["Items"]:
            for name in ("id", "customer_id", "quantity"):
                item[name] = int(item[name])
            item["created_at"] = datetime.fromisoformat(item["created_at"])
        writer.write_table(pyarrow.Table.from_pylist(page["Items"], schema=schema))
        rows += len(page["Items"])
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"rows": rows, "seconds": seconds, "peakBytes": peak}))
