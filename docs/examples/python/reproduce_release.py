#!/usr/bin/env python3
"""Reads the enriched stream and reproduces one released number exactly.

    pip install -r requirements.txt
    python reproduce_release.py --brokers 127.0.0.1:9092 --site leeds

The number is `contacts_28d` with attendance `attended`: contacts that took place in the 28 days up to the day of the
site's newest release. The enriched stream is an upsert stream: the last row of a key stands, a row without a value
takes it away. A release is counted from what was known when the day ended; rows that changed since then show in the
next one, so run this after a release and before the next record, or expect a difference and look for what changed.

Exit code 0 where both numbers are equal, 1 where they are not, 2 where there is no release.
"""

import argparse
import importlib
import json
import pathlib
import sys
import tempfile
from datetime import date, datetime, timedelta, timezone

from confluent_kafka import Consumer, TopicPartition
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto"


def messages():
    """The generated classes of `rapport/v1/enriched.proto`, made on the spot."""
    out = tempfile.mkdtemp()
    files = ["rapport/v1/event.proto", "rapport/v1/enriched.proto"]
    if protoc.main(["protoc", f"-I{PROTO}", f"--python_out={out}", *files]) != 0:
        sys.exit("compile the .proto files: see the messages above")
    sys.path.insert(0, out)
    return importlib.import_module("rapport.v1.enriched_pb2"), importlib.import_module("rapport.v1.event_pb2")


def last_records(brokers, topic):
    """Yields (key, value) of every committed record of a topic, from the first to the last one there is now."""
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "unused-example",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    })
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    left = set(partitions)
    while left:
        message = consumer.poll(10)
        if message is None:
            sys.exit(f"read {topic}: nothing came for ten seconds")
        if message.error():
            if message.error().name() != "_PARTITION_EOF":
                sys.exit(f"read {topic}: {message.error()}")
            left.discard(message.partition())
        else:
            yield message.key().decode(), message.value()
    consumer.close()


def newest_release(brokers, topic, site):
    releases = {}
    for key, value in last_records(brokers, topic):
        if key.startswith(f"{site}/"):
            releases[key] = json.loads(value) if value else None
    return max((r for r in releases.values() if r), key=lambda r: r["release"], default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="127.0.0.1:9092")
    parser.add_argument("--site", required=True)
    parser.add_argument("--prefix", default="", help="prefix of topic names, if your deployment sets one")
    args = parser.parse_args()
    enriched_pb2, event_pb2 = messages()

    release = newest_release(args.brokers, args.prefix + "rapport.indicators", args.site)
    if release is None:
        print(f"no release of {args.site} yet")
        return 2
    last = date.fromisoformat(release["release"])
    first = last - timedelta(days=27)

    rows = {}
    for key, value in last_records(args.brokers, args.prefix + "rapport.enriched"):
        if key.startswith(f"{args.site}/"):
            rows[key] = value

    counted = 0
    for value in rows.values():
        if value is None:
            continue
        event = enriched_pb2.Enriched.FromString(value).event
        day = datetime.fromtimestamp(event.occurred_at_us // 1_000_000, timezone.utc).date()
        attended = event.HasField("contact") and event.contact.attendance == event_pb2.ATTENDANCE_ATTENDED
        if attended and first <= day <= last:
            counted += 1

    released = next(
        sample["value"]
        for sample in release["samples"]
        if sample["name"] == "contacts_28d" and sample["labels"] == {"attendance": "attended"}
    )
    print(f"{args.site}, {first} to {last}: released {released}, counted from the enriched stream {counted}")
    return 0 if released == counted else 1


if __name__ == "__main__":
    sys.exit(main())
