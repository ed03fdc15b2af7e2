"""Run a command with descriptors from 3 on, as systemd starts one that has some: `inherit.py 7,9 names command …`."""

import fcntl
import os
import sys

numbers, names, *command = sys.argv[1:]
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 500) for number in numbers.split(",") if number]
for place, descriptor in enumerate(high, 3):
    os.dup2(descriptor, place)
    os.close(descriptor)
if high:
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)), LISTEN_FDNAMES=names)
os.execv(command[0], command)  # noqa: S606 - the test's own command
