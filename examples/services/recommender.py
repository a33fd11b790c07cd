#!/usr/bin/env python3
"""recommender: guesses all day what a customer likes, in plain Python."""
import random
import time


def similarity(a, b):
    shared = 0
    for x, y in zip(a, b):
        shared += x * y
    return shared


def rank(customer, catalogue):
    return sorted(catalogue, key=lambda product: similarity(customer, product))


def recommend(catalogue):
    customer = [random.random() for _ in range(16)]
    return rank(customer, catalogue)[-10:]


def main():
    catalogue = [[random.random() for _ in range(16)] for _ in range(500)]
    while True:
        # A third of one CPU, for as long as it is left alone.
        until = time.monotonic() + 0.010
        while time.monotonic() < until:
            recommend(catalogue)
        time.sleep(0.020)


if __name__ == '__main__':
    main()
