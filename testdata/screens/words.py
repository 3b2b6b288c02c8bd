"""Counts the words of a made-up text."""
import random

random.seed(1)
WORDS = ["".join(random.choices("etaoinsh", k=random.randint(2, 6))) for _ in range(800)]


def read(lines):
    for _ in range(lines):
        yield " ".join(random.choices(WORDS, k=12))


def clean(word):
    return "".join(c for c in word.lower() if c.isalpha())


def count(text):
    found = {}
    for line in text:
        for word in line.split():
            word = clean(word)
            found[word] = found.get(word, 0) + 1
    return found


def rank(found):
    return sorted(found, key=lambda word: (-found[word], word))


def main():
    for _ in range(60):
        best = rank(count(read(2000)))[:3]
    print(*best)


main()
