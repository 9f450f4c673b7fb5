# Makes keys and tokens with PyJWT, as a customer's backend does, and spoils some. Argument: the claims, as JSON. Prints JSON:
# `good`, a list of keys each with tokens; `bad`, tokens of the first key by what is wrong with them.

import base64
import hashlib
import hmac
import json
import sys

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

claims = json.loads(sys.argv[1])


def pem(private):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tokens(key, algorithm, kid):
    return {
        "named": jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid}),
        "unnamed": jwt.encode(claims, key, algorithm=algorithm),
    }


good = []
first = rsa.generate_private_key(public_exponent=65537, key_size=2048)
for algorithm, key in [
    ("RS256", first),
    ("ES256", ec.generate_private_key(ec.SECP256R1())),
    ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
]:
    kid = "pyjwt-" + algorithm
    good.append({"input": {"publicKeyPem": pem(key), "kid": kid}} | tokens(key, algorithm, kid))
secret = "a secret that PyJWT shares with us, 32 bytes or more"
good.append({"input": {"hs256Secret": secret, "kid": "pyjwt-HS256"}} | tokens(secret, "HS256", "pyjwt-HS256"))

kid = good[0]["input"]["kid"]


def by_hand(header, payload, key):
    signed = base64url(json.dumps(header).encode()) + "." + base64url(json.dumps(payload).encode())
    return signed + "." + base64url(hmac.new(key, signed.encode(), hashlib.sha256).digest())


named = good[0]["named"]
header, payload, signature = named.split(".")
other = good[1]["named"].split(".")
more = base64url(json.dumps(claims | {"user": "somebody else"}).encode())
public = good[0]["input"]["publicKeyPem"].encode()
bad = {
    "none": jwt.encode(claims, None, algorithm="none", headers={"kid": kid}),
    "none, unnamed": jwt.encode(claims, None, algorithm="none"),
    # PyJWT refuses to do this.
    "the public key as a secret": by_hand({"alg": "HS256", "kid": kid}, claims, public),
    "the public key as a secret, trimmed": by_hand({"alg": "HS256", "kid": kid}, claims, public.strip()),
    "the public key as a secret, unnamed": by_hand({"alg": "HS256"}, claims, public),
    "other claims": header + "." + more + "." + signature,
    "another key's signature": header + "." + payload + "." + other[2],
    "no signature": header + "." + payload + ".",
    "two signatures": named + "." + other[2],
    "two signatures, as JSON": json.dumps(
        {
            "payload": payload,
            "signatures": [
                {"protected": header, "signature": signature},
                {"protected": other[0], "signature": other[2]},
            ],
        }
    ),
    "crit": jwt.encode(claims, first, algorithm="RS256", headers={"kid": kid, "crit": ["exp"], "exp": 1}),
    "oversize": jwt.encode(claims | {"x": "x" * 9000}, first, algorithm="RS256", headers={"kid": kid}),
    "no expiry": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, first, algorithm="RS256", headers={"kid": kid}),
    "an unknown key": jwt.encode(claims, first, algorithm="RS256", headers={"kid": "nobody's"}),
    "publish": jwt.encode(claims | {"aud": "publish"}, first, algorithm="RS256", headers={"kid": kid}),
    "both audiences": jwt.encode(claims | {"aud": ["play", "publish"]}, first, algorithm="RS256", headers={"kid": kid}),
}
print(json.dumps({"good": good, "bad": bad}))
