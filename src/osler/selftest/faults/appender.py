"""A process that appends to a workspace's audit log until it is killed, and says of each record that it was kept.

One line `NUMBER HASH` on standard output for each record, written after the append returned.
"""

import os
import threading
from pathlib import Path

from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry

ENDLESS = 10**9


def main(workspace: str, threads: str, each: str = str(ENDLESS)) -> None:
    """Append from `threads` threads at once, `each` records in every one."""
    stores = open_stores(Config(), Path(workspace))

    def append() -> None:
        for number in range(int(each)):
            entry = AuditEntry(kind="selftest", time="", body={"number": number})
            record = stores.audit.append_now(entry)
            os.write(1, f"{record.number} {record.hash}\n".encode())

    running = [threading.Thread(target=append) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    stores.close()
