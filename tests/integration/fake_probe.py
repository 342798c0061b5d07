"""Stands in for a probe's process: its last arguments are what to do, and the channel on which to tell."""

import json
import os
import signal
import subprocess
import sys
import time

story, channel = sys.argv[-2], os.fdopen(int(sys.argv[-1]), "w", buffering=1)


def tell(**line: object) -> None:
    channel.write(json.dumps(line) + "\n")


def passed(id: str) -> None:
    tell(begin=id)
    tell(id=id, status="pass", reason="", evidence="", duration_s=0.01)


if story == "has nothing to check":
    tell(planned=[])
    sys.exit()
tell(planned=["a", "b", "c"])
passed("a")
if story == "hangs":
    tell(begin="b")
    time.sleep(60)
elif story == "hangs and complains when it is ended":
    tell(begin="b")
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        time.sleep(60)
    finally:
        tell(id="b", status="fail", reason="unexpected", evidence="interrupted", duration_s=0.0)
elif story == "hangs and will not end":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(begin="b")
    time.sleep(60)
elif story == "crashes":
    tell(begin="b")
    print("Traceback: mail ann@example.com about it", file=sys.stderr)
    os._exit(7)
elif story == "crashes with its key on its lips":
    tell(begin="b")
    print(f"{os.environ['A_KEY']} is wrong{'.' * 585}", file=sys.stderr)
    os._exit(7)
elif story == "leaves a server behind":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    passed("b")
    passed("c")
elif story == "leaves a server behind and hangs":
    command = ["env", "-i", sys.executable, "-c", "import time; time.sleep(61)"]
    subprocess.Popen(command, start_new_session=True)  # without the mark
    time.sleep(60)
elif story == "garbles what it tells":
    passed("b")
    channel.write("Hello, I am a library\n")
    passed("c")
elif story == "garbles its key":
    passed("b")
    channel.write(f"{'x' * 170} {os.environ['A_KEY']}\n")
    passed("c")
elif story == "changes its mind":
    tell(id="b", status="fail", reason="odd", evidence="", duration_s=0.0)
    passed("b")
    passed("c")
elif story == "ends and lingers":
    passed("b")
    passed("c")
    channel.close()
    time.sleep(60)
elif story == "lacks a package":
    tell(not_installed="nats")
elif story == "is good":
    passed("b")
    passed("c")
