"""What a data engineer would write: connectorx reads the table into Arrow, pyarrow writes it as Parquet."""

import json
import resource
import sys
import time
from urllib.parse import quote

import connectorx
import pyarrow.parquet

job = json.load(sys.stdin)
started = time.perf_counter()
mysql = job["mysql"]
where = "mysql://{}:{}@{}:{}/{}".format(
    quote(mysql["user"]), quote(mysql["password"]), mysql["host"], mysql["port"], mysql["database"]
)
parts = {"partition_on": "id", "partition_num": job["parts"]} if job["parts"] > 1 else {}
table = connectorx.read_sql(where, "SELECT * FROM " + job["table"], return_type="arrow", **parts)
pyarrow.parquet.write_table(table, job["path"], compression="zstd", row_group_size=122880)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"rows": table.num_rows, "seconds": seconds, "peakBytes": peak}))
