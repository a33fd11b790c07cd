#!/usr/bin/env python3
"""Asks a weir for some paths again and again until its standard input ends; then prints a JSON list of [seconds, seconds in
which one of its threads or we stood ready and had no CPU, path].

  patience.py URL PID METHOD:PATH…

A process of its own: a thread of a test would wait for the interpreter that the test's servers hold.
"""
import contextlib
import http.client
import json
import os
import select
import sys
import time
import urllib.parse


def without_cpu(*pids):
    """Seconds in which a thread could have run and did not, in all."""
    total = 0
    for pid in pids:
        for task in os.listdir(f'/proc/{pid}/task'):
            with contextlib.suppress(OSError), open(f'/proc/{pid}/task/{task}/schedstat') as file:
                total += int(file.read().split()[1])
    return total / 1e9


address = urllib.parse.urlsplit(sys.argv[1]).netloc
times = []
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for method, path in (word.split(':', 1) for word in sys.argv[3:]):
        before = without_cpu(sys.argv[2], os.getpid())
        begin = time.monotonic()
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        took = time.monotonic() - begin
        times.append((took, without_cpu(sys.argv[2], os.getpid()) - before, path))
        assert answer.status == 200, (path, answer.status)
json.dump(times, sys.stdout)
