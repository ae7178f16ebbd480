"""Make the golden files of records with MXNet 1.9.1: python tests/golden/make_records.py

RECORDS and HEADERS say what is in them. The files must be read for ever: add new ones, never change
those that are there.
"""

import struct
from pathlib import Path

MAGIC = struct.pack("<I", 0xCED7230A)
#: Keys and records of records.rec: empty, padded, and with the first word inside.
RECORDS = {
    0: b"",
    10: b"a",
    20: b"ab",
    7: b"abcd" * 5,
    30: MAGIC,
    31: b"1234" + MAGIC + b"5678" + MAGIC + MAGIC + b"9",
    32: b"xx" + MAGIC + b"yy",
    33: MAGIC + b"12",
    34: b"1234" + MAGIC,
    35: b"x" + MAGIC + MAGIC[:1] + MAGIC + MAGIC[1:],
}
#: Headers and data of packed.rec.
HEADERS = [
    ((0, 3.0, 100, 0), b"payload-0"),
    ((0, [1, 2, 3.5], 2**64 - 1, 7), b""),
    ((9, -0.5, 1, 0), b"flags are found out"),
    ((0, [], 1, 0), b"no labels"),
    ((0, [[1, 2], [3, 4]], 5, 6), MAGIC * 3),
]


def main() -> None:
    from mxnet import recordio

    folder = Path(__file__).parent
    names = str(folder / "records.idx"), str(folder / "records.rec")
    record = recordio.MXIndexedRecordIO(*names, "w")
    for key, data in RECORDS.items():
        record.write_idx(key, data)
    record.close()
    record = recordio.MXRecordIO(str(folder / "packed.rec"), "w")
    for header, data in HEADERS:
        record.write(recordio.pack(recordio.IRHeader(*header), data))
    record.close()


if __name__ == "__main__":
    main()
