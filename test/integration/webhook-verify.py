# Checks signatures as a receiver written by somebody else would (Standard Webhooks specification), with Python's own hmac.
# In: one JSON array of {id, timestamp, signature, body (base64), secrets}. Out: for each, the numbers of the secrets that fit.
import base64, hashlib, hmac, json, sys

def fits(secret, message):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    body = base64.b64decode(message["body"])
    signed = message["id"].encode() + b"." + message["timestamp"].encode() + b"." + body
    mine = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    versions = [part.split(",", 1) for part in message["signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(mine, theirs) for version, theirs in versions)

print(json.dumps([[n for n, secret in enumerate(m["secrets"]) if fits(secret, m)] for m in json.load(sys.stdin)]))
