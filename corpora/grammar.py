"""The engine that both languages share: tokens, dice, word lists, domains and templates.

A template is a line of items separated by spaces:

    word            a literal word; its tag comes from the word list of the language
    word/TAG        a literal word with its tag
    word#sense      a literal word in one of its senses
    [name]          one alternative of a word list, expanded in turn
    <PER ... >      the words between are an entity
    anything else   belongs to the language (english.py, korean.py): verbs, particles, slots

A block of lists is written `name: alternative | alternative @3`, where @3 makes an alternative
three times as likely. A domain is a named block: one subject matter, the words that belong to
it and the templates that use them.
"""

import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Token:
    """A word of a finished sentence with all that is known of it."""

    text: str
    tag: str
    entity: str = "O"
    sense: str = ""


class Dice:
    """Random choices that are the same for a seed in every version of Python.

    Only random() is promised to be stable by the standard library, so all else is built on it.
    """

    def __init__(self, *seed):
        self._random = random.Random("/".join(map(str, seed))).random

    def chance(self, probability):
        return self._random() < probability

    def below(self, n):
        return int(self._random() * n)

    def between(self, low, high):
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def weighted(self, table):
        """A key of a dict whose values are weights."""
        point = self._random() * sum(table.values())
        for key, weight in table.items():
            point -= weight
            if point < 0:
                return key
        return key

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


def _alternatives(text):
    result = []
    for part in text.split("|"):
        part = part.strip()
        if not part:
            continue
        body, at, weight = part.rpartition(" @")
        result += [body] * int(weight) if at else [part]
    return result


def parse_lists(text):
    """`name: a | b` lines into {name: [alternatives]}; an indented line goes on with the list."""
    lists = {}
    name = None
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line[0].isspace():
            name, _, line = line.partition(":")
            if name in lists:
                raise ValueError(f"list {name} is written twice")
            lists[name] = []
        lists[name] += _alternatives(line)
    return lists


def parse_domains(text):
    """Blocks that start with `== name` into {name: lists}."""
    domains = {}
    for block in text.split("== ")[1:]:
        name, _, body = block.partition("\n")
        domains[name.strip()] = parse_lists(body)
    return domains


def parse_tags(text):
    """`TAG: words` lines into {word: set of tags}."""
    tags = {}
    for tag, lines in parse_lists(text).items():
        for word in " ".join(lines).split():
            tags.setdefault(word, set()).add(tag)
    return tags


class Expander:
    """Expands [name] items, first from the domain's lists, then from the language's."""

    def __init__(self, dice, lists):
        self.dice = dice
        self.lists = lists

    def expand(self, template, domain=None):
        items = []
        for item in template.split():
            if item[0] == "[" and "]" in item:
                name, _, suffix = item[1:].partition("]")
                lists = domain if domain and name in domain else self.lists
                items += self.expand(self.dice.pick(lists[name]), domain)
                # A particle behind a list belongs to the last word of what the list gave.
                items[-1] += suffix
            else:
                items.append(item)
        return items

    def one(self, name, domain=None):
        return self.expand(f"[{name}]", domain)


def entity_marks(items):
    """Takes the `<PER` and `>` items out: pairs of (item, BIO mark)."""
    result, kind, first = [], None, False
    for item in items:
        if item[0] == "<" and len(item) > 1:
            kind, first = item[1:], True
        elif item[0] == ">" and kind:
            kind = None
            # [list]+particle where the list gave an entity: the particle is its last word's.
            result[-1] = (result[-1][0] + item[1:], result[-1][1])
        else:
            result.append((item, f"{'B' if first else 'I'}-{kind}" if kind else "O"))
            first = False
    return result


def text_of(tokens):
    return " ".join(token.text for token in tokens)
