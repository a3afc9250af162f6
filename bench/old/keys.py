"""The shape of the code that Sluice replaces: for each line of a list a GetItem, a SendMessage, and behind the queue a PutItem."""

import json
import sys
import time
from decimal import Decimal

import boto3

job = json.load(sys.stdin)
started = time.perf_counter()
here = boto3.resource("dynamodb", endpoint_url=job["from"], region_name="eu-west-1").Table(job["table"])
there = boto3.resource("dynamodb", endpoint_url=job["to"], region_name="eu-west-1").Table(job["into"])
queue = boto3.client("sqs", endpoint_url=job["queue"], region_name="eu-west-1")

moved = 0
for line in job["keys"].split():
    item = here.get_item(Key={"id": Decimal(line)})["Item"]
    text = json.dumps(item, default=str)
    queue.send_message(QueueUrl=job["queue"] + "/000000000000/inbox", MessageBody=text)
    there.put_item(Item=item)
    moved += 1
print(json.dumps({"rows": moved, "seconds": time.perf_counter() - started}))
