"""Verify an exported audit log without the portal: needs Python 3.11 and nothing else.

    python3 verify_audit.py EXPORT.jsonl [--key KEY] [--anchors anchors.jsonl]

Every row must carry the hash of its own content and of the row before it; the last line must sign all rows under the
key; every anchor within the range must name the hash its row has. Exit 0: all holds; 1: it does not; 2: wrong use.
"""

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Iterable

COLUMNS = "seq at actor_id actor_name session ip action object_ref result reason detail alg prev".split()


def row_hash(row: dict) -> str:
    """The hash a row must have."""
    text = json.dumps({k: row[k] for k in COLUMNS}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new(row["alg"], text.encode()).hexdigest()


def verify(lines: Iterable[str], key: str | None, anchors: dict[int, str]) -> tuple[bool, str]:
    """Walk the lines; returns whether all holds, and a sentence that says what was found."""
    mac = hmac.new((key or "").encode(), digestmod=hashlib.sha256)
    previous, count, end = None, 0, None
    for line in lines:
        row = json.loads(line)
        if "signature" in row:
            end = row
            break
        mac.update(line.rstrip("\n").encode() + b"\n")
        if previous is not None and (row["seq"] != previous["seq"] + 1 or row["prev"] != previous["hash"]):
            return False, f"第 {row['seq']} 行接不上前一行"
        if row_hash(row) != row["hash"]:
            return False, f"第 {row['seq']} 行的内容与哈希不符"
        if anchors.get(row["seq"], row["hash"]) != row["hash"]:
            return False, f"第 {row['seq']} 行与锚点不符"
        previous, count = row, count + 1
    if end is None or end["rows"] != count:
        return False, "缺最后的签名行，或行数不符：文件被截断"
    if key is not None and not hmac.compare_digest(mac.hexdigest(), end["signature"]):
        return False, "签名不符：内容被改过，或密钥不对"
    signed = "签名对得上" if key is not None else "没有给密钥，签名未验"
    return True, f"{count} 行全部对得上；{signed}；链头 {end['head']['seq']} {end['head']['hash'][:12]}"


def main() -> int:
    """Read the arguments and say the outcome."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--key")
    parser.add_argument("--anchors")
    asked = parser.parse_args()
    try:
        anchors = {}
        if asked.anchors:
            with open(asked.anchors, encoding="utf-8") as file:
                anchors = {row["seq"]: row["hash"] for row in map(json.loads, filter(str.strip, file))}
        with open(asked.file, encoding="utf-8") as file:
            ok, words = verify(file, asked.key, anchors)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"文件读不了：{error}", file=sys.stderr)
        return 2
    print(words)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
