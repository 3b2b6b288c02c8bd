"""What a program may do in a day, with what every Python brings: sources read, compared, stored and written out."""
import ast
import difflib
import email.policy
import glob
import html.parser
import inspect
import json
import os
import pydoc
import re
import sqlite3
import sys
import time
import tokenize
import xml.etree.ElementTree as tree
from decimal import Decimal, getcontext

SECONDS = float(sys.argv[1])
SOURCES = sorted(glob.glob(os.path.join(os.path.dirname(inspect.__file__), '[a-d]*.py')))[:24]


def parse_sources(paths):
    return [ast.unparse(ast.parse(open(path, 'rb').read())) for path in paths]


def count_tokens(paths):
    return sum(1 for path in paths for _ in tokenize.tokenize(open(path, 'rb').readline))


def compare(path, other):
    one, two = (open(each).read().splitlines()[:250] for each in (path, other))
    return len(list(difflib.unified_diff(one, two)))


def write_document(module):
    return len(pydoc.render_doc(module))


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name == 'href']


def read_page(module):
    links = Links()
    links.feed(pydoc.html.document(module))
    return len(links.found)


def store(rows):
    database = sqlite3.connect(':memory:')
    database.create_function('words', 1, lambda text: len(re.findall(r'\w+', text)))
    database.execute('create table line (number integer, text text)')
    database.executemany('insert into line values (?, ?)', enumerate(rows))
    return database.execute('select sum(words(text)) from line').fetchone()


def exchange(rows):
    return len(json.loads(json.dumps({'rows': rows}, indent=1, sort_keys=True), object_hook=lambda each: each)['rows'])


def make_tree(rows):
    root = tree.Element('root')
    for row in rows:
        tree.SubElement(root, 'row', text=row)
    return len(tree.tostring(root))


def pi(digits):
    getcontext().prec = digits
    total, k, last = Decimal(0), 0, None
    while total != last:
        last = total
        total += Decimal(1) / 16 ** k * (Decimal(4) / (8 * k + 1) - Decimal(2) / (8 * k + 4)
                                         - Decimal(1) / (8 * k + 5) - Decimal(1) / (8 * k + 6))
        k += 1
    return total


def main():
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        parse_sources(SOURCES[:4])
        count_tokens(SOURCES[:4])
        compare(SOURCES[0], SOURCES[1])
        write_document(difflib)
        read_page(email.policy)
        rows = open(SOURCES[2]).read().splitlines()
        store(rows * 3)
        exchange(rows * 10)
        make_tree(rows * 4)
        pi(120)


main()
