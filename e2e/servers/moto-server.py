"""The server of moto, with what its KMS lacks and AWS has: key states that count, and ciphertexts under keys of several regions that open."""

import struct
import sys

from moto.core.exceptions import JsonRESTError
from moto.kms import models, utils
from moto.server import main

# A blob begins with the id of its key; ids of multi-region keys are longer than moto leaves room for.
ID_BYTES = 40
FORMAT = f">{ID_BYTES}s{utils.IV_LEN}s{utils.TAG_LEN}s"


def serialized(ciphertext):
    key_id = ciphertext.key_id.encode()
    return struct.pack(FORMAT, key_id, ciphertext.iv, ciphertext.tag) + ciphertext.ciphertext


def deserialized(ciphertext_blob):
    size = struct.calcsize(FORMAT)
    key_id, iv, tag = struct.unpack(FORMAT, ciphertext_blob[:size])
    key_id = key_id.rstrip(b"\0").decode()
    return utils.Ciphertext(key_id=key_id, iv=iv, ciphertext=ciphertext_blob[size:], tag=tag)


def owner_of(blob):
    try:
        return deserialized(blob).key_id
    except (struct.error, UnicodeDecodeError):
        return None


def refuse_unusable(key):
    """As AWS does ("Key states of AWS KMS keys")."""
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def minding_states(run):
    def checked(master_keys, *args, **kwargs):
        named = kwargs.get("key_id") or owner_of(kwargs["ciphertext_blob"])
        if named in master_keys:
            refuse_unusable(master_keys[named])
        return run(master_keys, *args, **kwargs)

    return checked


utils._serialize_ciphertext_blob = serialized
utils._deserialize_ciphertext_blob = deserialized
models.encrypt = minding_states(utils.encrypt)
models.decrypt = minding_states(utils.decrypt)
main(sys.argv[1:])
