"""Reads the shared alerts, believes what is signed, prints it: consume.py BROKERS ROOT_KEY ALERTS_TOPIC KEYS_TOPIC"""
import base64, json, sys
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def messages(topic):  # until its end: with `continue` for `return` for ever
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "example", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    while True:
        message = consumer.poll(1)
        if message and message.error() and message.error().code() == KafkaError._PARTITION_EOF: return
        if message and message.error(): raise SystemExit(message.error())
        if message and message.value(): yield message

def is_signed(key, kind, payload, envelope):  # DSSE 1.0 over the payload's bytes
    kind = f"application/vnd.lancang.{kind}.v1+json"
    encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    try: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)
    except InvalidSignature: return False
    return envelope["payloadType"] == kind

brokers, root, alerts, keys = sys.argv[1:]
entries, revoked, last = {}, {}, {}

def learn(message):
    envelope = json.loads(message.value())
    payload = base64.b64decode(envelope["payload"])
    if not is_signed(root, "key", payload, envelope): raise ValueError("not signed by the root key")
    entry = json.loads(payload)
    entries[entry["key_id"]] = max(entry, entries.get(entry["key_id"], entry), key=lambda entry: entry["version"])
    revoked[entry["key_id"]] = min(entry.get("revoked_at", "never"), revoked.get(entry["key_id"], "never"))

def believe(message):
    envelope = json.loads(dict(message.headers())["dsse"])
    key_id = envelope["signatures"][0]["keyid"]
    key = entries[key_id]
    if key["kind"] != "signing" or not is_signed(key["public_key"], "alert", message.value(), envelope):
        raise ValueError("not signed by that key")
    alert = json.loads(message.value())
    source, at = "//{country}/{organisation}/{node}".format(**alert["producer"]), alert["published"]
    if not f"{source}/".startswith(key["holder"] + "/") or not key["valid_from"] <= at < min(key["valid_until"], revoked[key_id]):
        raise ValueError("not that key's source, or not its time")
    if alert["sequence"] <= last.get(source, 0): return  # a repeat
    reasons = ", ".join(f"{reason['code']} {reason['value']:g}" for reason in alert["reasons"])
    print(alert["sequence"], source, alert["message"], alert["pattern"], alert["entities"][0].get("masked"), reasons)
    last[source] = alert["sequence"]

for topic, take in (keys, learn), (alerts, believe):
    for message in messages(topic):
        try: take(message)
        except Exception as why:  # whatever one message is, the next is read
            print(f"refused: {topic}/0@{message.offset()}: {type(why).__name__}")
