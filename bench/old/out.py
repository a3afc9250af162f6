"""The shape of the code that Sluice replaces: every row into memory, then one PutItem a row."""

import json
import sys
import time
from datetime import datetime

import boto3
import pymysql

job = json.load(sys.stdin)
started = time.perf_counter()
connection = pymysql.connect(
    **job["mysql"], charset="utf8mb4", cursorclass=pymysql.cursors.DictCursor
)
table = boto3.resource("dynamodb", endpoint_url=job["endpoint"], region_name="eu-west-1").Table("orders")

with connection.cursor() as cursor:
    cursor.execute("SELECT * FROM orders ORDER BY id LIMIT %s", (job["rows"],))
    rows = cursor.fetchall()
for row in rows:
    for name, value in row.items():
        if value == "":
            row[name] = None
        elif isinstance(value, datetime):
            row[name] = value.isoformat()
    table.put_item(Item=row)
connection.close()
print(json.dumps({"rows": len(rows), "seconds": time.perf_counter() - started}))
