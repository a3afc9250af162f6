"""The shape of the code that Sluice replaces: a Scan page, one INSERT a row, one commit at the end."""

import json
import sys
import time

import boto3
import pymysql

job = json.load(sys.stdin)
started = time.perf_counter()
connection = pymysql.connect(**job["mysql"], charset="utf8mb4")
table = boto3.resource("dynamodb", endpoint_url=job["endpoint"], region_name="eu-west-1").Table(job["table"])

written = 0
start = {}
with connection.cursor() as cursor:
    while True:
        page = table.scan(**start)
        for item in page["Items"]:
            columns = ", ".join(item)
            marks = ", ".join(["%s"] * len(item))
            cursor.execute(f"INSERT INTO {job['into']} ({columns}) VALUES ({marks})", list(item.values()))
            written += 1
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
connection.commit()
connection.close()
print(json.dumps({"rows": written, "seconds": time.perf_counter() - started}))
