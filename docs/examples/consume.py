"""Reads the shared alerts, prints what is signed: consume.py BROKERS ROOT_KEY ALERTS_TOPIC KEYS_TOPIC"""
import base64, json, sys
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
(brokers, root, alerts, keys), entries, last = sys.argv[1:], {}, {}
def signed(key, kind, payload, envelope):  # what this key signed (DSSE 1.0), read; anything else raises
    encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)
    return json.loads(payload)
def learn(message, envelope):  # of a key the newest entry counts, and the earliest revocation for ever
    new = signed(root, "application/vnd.lancang.key.v1+json", base64.b64decode(envelope["payload"]), envelope)
    old = entries.get(new["key_id"], new)
    revoked_at = min(new.get("revoked_at", "never"), old.get("revoked_at", "never"))
    entries[new["key_id"]] = {**max(new, old, key=lambda entry: entry["version"]), "revoked_at": revoked_at}
def believe(message, envelope):
    key = entries[envelope["signatures"][0]["keyid"]]
    alert = signed(key["public_key"], "application/vnd.lancang.alert.v1+json", message.value(), envelope)
    source, reasons = "//{country}/{organisation}/{node}".format(**alert["producer"]), alert["reasons"]
    is_its_source = key["kind"] == "signing" and f"{source}/".startswith(key["holder"] + "/")
    if not is_its_source or not key["valid_from"] <= alert["published"] < min(key["valid_until"], key["revoked_at"]): raise ValueError
    if alert["sequence"] <= last.get(source, 0): return  # a repeat
    last[source], masked = alert["sequence"], alert["entities"][0].get("masked")
    print(last[source], source, alert["message"], alert["pattern"], masked, *(f"{why['code']} {why['value']:g}" for why in reasons))
for topic, take, header in (keys, learn, None), (alerts, believe, "dsse"):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "example", "enable.partition.eof": True, "isolation.level": "read_uncommitted"})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    while (message := consumer.poll(60)) and not message.error():  # until its end: a service reads on
        try: message.value() and take(message, json.loads(dict(message.headers())[header] if header else message.value()))
        except Exception as why: print(f"refused: {topic}/0@{message.offset()}: {type(why).__name__}")
    if not message or message.error().code() != KafkaError._PARTITION_EOF: sys.exit(f"{topic}: {message and message.error()}")
