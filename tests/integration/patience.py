#!/usr/bin/env python3
"""Asks a weir for some paths again and again until its standard input ends; then prints a JSON list of [seconds, path].

  patience.py URL METHOD:PATH…

A process of its own: a thread of a test would wait for the interpreter that the test's servers hold.
"""
import http.client
import json
import select
import sys
import time
import urllib.parse

address = urllib.parse.urlsplit(sys.argv[1]).netloc
times = []
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for method, path in (word.split(':', 1) for word in sys.argv[2:]):
        begin = time.monotonic()
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        times.append((time.monotonic() - begin, path))
        assert answer.status == 200, (path, answer.status)
json.dump(times, sys.stdout)
