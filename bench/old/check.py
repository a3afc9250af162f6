"""The shape of the transform that Sluice replaces: a validator is built for each record, and fields are joined by commas."""

import json
import sys
import time

from jsonschema import Draft4Validator, ValidationError

job = json.load(sys.stdin)
with open(job["file"], encoding="utf-8") as file:
    items = [json.loads(line) for line in file]

started = time.perf_counter()
rows = refused = written = 0
for _ in range(job["rounds"]):
    for item in items:
        rows += 1
        try:
            hit = json.loads(item["payload"]["S"])
            Draft4Validator(job["schema"]).validate(hit)
        except (ValueError, ValidationError):
            refused += 1
            continue
        session = hit["session"]
        line = ",".join([
            item["page_id"]["S"], str(hit["Hits"]), session["start_timestamp"], session["stop_timestamp"],
            hit["device"]["location"]["country"],
        ]) + "\n"
        written += len(line.encode())
seconds = time.perf_counter() - started
print(json.dumps({"rows": rows, "refused": refused, "lines": rows - refused, "bytes": written, "seconds": seconds}))
