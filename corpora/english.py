"""English: verbs, noun phrases and the patterns that make sentences of templates.

Items of its templates, beside those of grammar.py:

    *verb           a verb in the tense of the clause, agreeing with its subject
    ^verb           the same for a subject in the plural
    to+verb ing+verb pp+verb ed+verb    to pay, paying, paid (participle), paid (past)
    {x}  {n}        what the domain is about: a noun phrase, the bare noun
    %poss %refl     his, her, my ...; himself, herself, myself ...

Lists of a domain: x (nouns), adj (their adjectives), who (actors), do (what actors do with x),
be (what x does), act (what actors do, without x), tail (adjuncts), at (places), scene (whole
clauses). The adverbials of time are the language's.
"""

import dataclasses
import re

import lexicon_en
from grammar import Expander, Token, entity_marks, parse_domains, parse_lists, parse_tags

_PAST = {
    "be": ("was", "been"), "bear": ("bore", "borne"), "beat": ("beat", "beaten"),
     "become": ("became", "become"), "begin": ("began", "begun"),
    "bend": ("bent", "bent"), "bite": ("bit", "bitten"), "blow": ("blew", "blown"),
    "break": ("broke", "broken"), "bring": ("brought", "brought"), "build": ("built", "built"),
    "burn": ("burned", "burned"), "buy": ("bought", "bought"), "catch": ("caught", "caught"),
    "choose": ("chose", "chosen"), "come": ("came", "come"), "cost": ("cost", "cost"),
    "cut": ("cut", "cut"), "deal": ("dealt", "dealt"), "dig": ("dug", "dug"),
    "dive": ("dived", "dived"), "do": ("did", "done"), "draw": ("drew", "drawn"),
    "drink": ("drank", "drunk"), "drive": ("drove", "driven"), "eat": ("ate", "eaten"),
    "fall": ("fell", "fallen"), "feed": ("fed", "fed"), "feel": ("felt", "felt"),
    "fight": ("fought", "fought"), "find": ("found", "found"), "flow": ("flowed", "flowed"),
    "fly": ("flew", "flown"), "forget": ("forgot", "forgotten"), "freeze": ("froze", "frozen"),
    "get": ("got", "got"), "give": ("gave", "given"), "go": ("went", "gone"),
    "grow": ("grew", "grown"), "hang": ("hung", "hung"), "have": ("had", "had"),
    "hear": ("heard", "heard"), "hide": ("hid", "hidden"), "hit": ("hit", "hit"),
    "hold": ("held", "held"), "keep": ("kept", "kept"), "know": ("knew", "known"),
    "lay": ("laid", "laid"), "lead": ("led", "led"), "leave": ("left", "left"),
    "lend": ("lent", "lent"), "let": ("let", "let"), "lie": ("lay", "lain"),
    "light": ("lit", "lit"), "lose": ("lost", "lost"), "make": ("made", "made"),
    "meet": ("met", "met"), "pay": ("paid", "paid"), "put": ("put", "put"),
    "read": ("read", "read"), "ride": ("rode", "ridden"), "ring": ("rang", "rung"),
    "rise": ("rose", "risen"), "run": ("ran", "run"), "say": ("said", "said"),
    "see": ("saw", "seen"), "sell": ("sold", "sold"), "send": ("sent", "sent"),
    "set": ("set", "set"), "shake": ("shook", "shaken"), "shine": ("shone", "shone"),
    "shoot": ("shot", "shot"), "shut": ("shut", "shut"), "sing": ("sang", "sung"),
    "sink": ("sank", "sunk"), "sit": ("sat", "sat"), "sleep": ("slept", "slept"),
    "slide": ("slid", "slid"), "speak": ("spoke", "spoken"), "spend": ("spent", "spent"),
    "spin": ("spun", "spun"), "split": ("split", "split"), "spread": ("spread", "spread"),
    "stand": ("stood", "stood"), "steal": ("stole", "stolen"), "stick": ("stuck", "stuck"),
    "strike": ("struck", "struck"), "sweep": ("swept", "swept"), "swim": ("swam", "swum"),
    "swing": ("swung", "swung"), "take": ("took", "taken"), "teach": ("taught", "taught"),
    "tear": ("tore", "torn"), "tell": ("told", "told"), "think": ("thought", "thought"),
    "throw": ("threw", "thrown"), "understand": ("understood", "understood"),
    "wake": ("woke", "woken"), "wear": ("wore", "worn"), "win": ("won", "won"),
    "wind": ("wound", "wound"), "write": ("wrote", "written"),
}
_PRESENT = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_STATIVE = {"be", "know", "belong", "have", "own", "owe", "like", "love", "want", "need", "cost",
            "smell", "taste", "understand", "think", "contain", "seem", "prefer", "hate", "lie"}
_DOUBLED = {"rob", "plan", "stop", "drop", "grab", "trap", "drag", "chop", "hop", "pin", "tap",
            "rub", "wrap", "slip", "skip", "admit", "travel", "chat", "plug", "unplug", "beg", "pat", "sip",
            "mop", "clap", "flap", "shrug", "strip", "scrub", "hug", "dip", "snap",
            "cut", "dig", "get", "hit", "let", "put", "run", "set", "shut", "sit", "spin",
            "split", "swim", "win", "begin", "forget", "trim", "stir", "pop", "ship", "wag",
            "refer", "fit", "nod"}
_PLURALS = {"child": "children", "mouse": "mice", "foot": "feet", "leaf": "leaves",
            "wolf": "wolves", "thief": "thieves", "shelf": "shelves", "tooth": "teeth"}
# Endings, so that whatever is made of the word follows: fisherman, housewife.
_PLURAL_ENDINGS = {"man": "men", "ife": "ives"}
_AN = re.compile(r"(?i)(?!euro|uni[^mn]|us[ei]|one\b)(?:[aeiou]|hour|honest)")

_TENSES = {"past": 50, "present": 17, "future": 9, "progressive": 8, "perfect": 5, "modal": 6,
           "negative": 5}
_PATTERNS = {"do": 18, "be": 15, "scene_first": 16, "scene_last": 9, "act_first": 9, "reported": 6,
             "question": 4, "relative": 8, "coordinated": 9, "infinitive": 7, "that_x": 5, "if": 6,
             "quoted": 4, "contrast": 6, "there": 3}


def plural(noun):
    noun, mark, rest = re.fullmatch(r"([^#/]+)([#/]?)(.*)", noun).groups()
    if noun in _PLURALS:
        result = _PLURALS[noun]
    elif noun[-3:] in _PLURAL_ENDINGS:
        result = noun[:-3] + _PLURAL_ENDINGS[noun[-3:]]
    elif re.search(r"(s|x|ch|sh)$", noun):
        result = noun + "es"
    elif re.search(r"[^aeiou]y$", noun):
        result = noun[:-1] + "ies"
    else:
        result = noun + "s"
    return result + mark + rest


def _ending(verb, ending):
    if verb in _DOUBLED:
        return verb + verb[-1] + ending
    if ending == "ing":
        if verb.endswith("ie"):
            return verb[:-2] + "ying"
        return (verb[:-1] if re.search(r"[^eoy]e$", verb) and verb != "be" else verb) + "ing"
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + "ed"


def past(verb, agreement="sg"):
    if verb == "be":
        return "were" if agreement == "pl" else "was"
    return _PAST[verb][0] if verb in _PAST else _ending(verb, "ed")


def participle(verb):
    return _PAST[verb][1] if verb in _PAST else _ending(verb, "ed")


def gerund(verb):
    return _ending(verb, "ing")


def present(verb, agreement="sg"):
    if agreement != "sg":
        return {"i": "am", "pl": "are"}[agreement] if verb == "be" else verb
    if verb in _PRESENT:
        return _PRESENT[verb]
    if re.search(r"(s|x|ch|sh|zz)$", verb):
        return verb + "es"
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"


@dataclasses.dataclass(frozen=True)
class Subject:
    items: list
    agreement: str  # sg, pl or i
    poss: str
    refl: str
    pronoun: str  # what may stand for it in the next clause


_PRONOUNS = {
    "he": ("sg", "his", "himself"), "she": ("sg", "her", "herself"),
    "it": ("sg", "its", "itself"), "they": ("pl", "their", "themselves"),
    "we": ("pl", "our", "ourselves"), "I": ("i", "my", "myself"),
    "you": ("pl", "your", "yourself"),
}


def _pronoun(word, items=None):
    agreement, poss, refl = _PRONOUNS[word]
    return Subject(items or [f"{word}/PRON"], agreement, poss, refl, word)


class English:
    """Makes sentences with a dice: each a list of tokens."""

    lexicon = parse_domains(lexicon_en.DOMAINS)
    sense_domains = [name for name in lexicon if "/" in name]
    lists = parse_lists(lexicon_en.LISTS)
    tags = parse_tags(lexicon_en.TAGS)

    def __init__(self, dice):
        self.dice = dice
        self.expander = Expander(dice, self.lists)

    # Words

    def _tag(self, word):
        if not word[0].isalpha():
            return "NUM" if word[0].isdigit() else "PUNCT"
        unlisted = {"PROPN"} if word[0].isupper() else {"NOUN"}
        tags = self.tags.get(word, unlisted)
        if len(tags) > 1:
            raise ValueError(f"lexicon_en.py: `{word}` has the tags {tags}; write {word}/TAG")
        return next(iter(tags))

    def _verb(self, verb, form, agreement, first):
        """The words of a verb with their tags. Only the first of a clause has auxiliaries."""
        tag = "AUX" if verb == "be" else "VERB"
        if form == "progressive" and verb in _STATIVE:
            form = "past"
        if form in ("past", "present"):
            return [((past if form == "past" else present)(verb, agreement), tag)]
        if form == "negative" and verb == "be":
            return [(past(verb, agreement), tag), ("not", "PART")]
        auxiliary, main = {
            "base": ([], verb),
            "future": ([("will", "AUX")], verb),
            "progressive": ([(past("be", agreement), "AUX")], gerund(verb)),
            "perfect": ([(present("have", agreement), "AUX")], participle(verb)),
            "modal": ([(self.dice.pick(["could", "might", "should", "would"]), "AUX")], verb),
            "negative": ([("did", "AUX"), ("not", "PART")], verb),
        }[form]
        return (auxiliary if first else []) + [(main, tag)]

    def realise(self, items, form="past", subject=None):
        """Items into tokens."""
        subject = subject or _pronoun("it")
        result, first = [], True
        for item, entity in entity_marks(items):
            words = None
            if item[0] in "*^" and len(item) > 1:
                agreement = "pl" if item[0] == "^" else subject.agreement
                words = self._verb(item[1:], form, agreement, first)
                first = False
            elif item == "%poss":
                words = [(subject.poss, "PRON")]
            elif item == "%refl":
                words = [(subject.refl, "PRON")]
            elif "+" in item:
                kind, verb = item.split("+")
                tag = "AUX" if verb == "be" else "VERB"
                words = {"to": [("to", "PART"), (verb, tag)], "ing": [(gerund(verb), tag)],
                         "pp": [(participle(verb), tag)],
                         "ed": [(past(verb), tag)], "eds": [(past(verb, "pl"), tag)]}[kind]
            elif "#" in item:
                word, sense = item.split("#")
                result.append(Token(word, "NOUN", entity, sense))
                continue
            elif "/" in item:
                words = [tuple(item.rsplit("/", 1))]
            elif entity != "O" and item[0].isupper():
                words = [(item, "PROPN")]
            else:
                words = [(item, self._tag(item))]
            for i, (text, tag) in enumerate(words):
                result.append(Token(text, tag, entity if i == 0 else "O"))
        return result

    def finish(self, tokens, mark="."):
        """Full stop, a or an, a capital at the start."""
        tokens = tokens + [Token(mark, "PUNCT")]
        for i in range(len(tokens) - 1):
            if tokens[i].tag == "DET" and tokens[i].text in ("a", "an"):
                text = "an" if _AN.match(tokens[i + 1].text) else "a"
                tokens[i] = dataclasses.replace(tokens[i], text=text)
        start = 1 if tokens[0].text == '"' else 0
        text = tokens[start].text
        tokens[start] = dataclasses.replace(tokens[start], text=text[0].upper() + text[1:])
        return tokens

    # Phrases

    def name(self):
        kind = self.dice.weighted({"[first]": 6, "[first] [last]": 3, "[title] [last]": 2})
        title = kind.startswith("[title]")
        woman = self.dice.chance(0.5)
        kind = kind.replace("[first]", "[woman]" if woman else "[man]")
        kind = kind.replace("[title]", "[title_woman]" if woman else "[title_man]")
        items = self.expander.expand(kind)
        items = [items[0], "<PER", *items[1:], ">"] if title else ["<PER", *items, ">"]
        return _pronoun("she" if woman else "he", items)

    def actor(self, domain):
        kind = self.dice.weighted({"the": 38, "a": 17, "name": 10, "pronoun": 9, "relative": 5,
                                   "plural": 8, "number": 3, "adjective": 10})
        if kind == "name":
            return self.name()
        if kind == "pronoun":
            return _pronoun(self.dice.pick(["he", "she", "they", "we", "I", "he", "she"]))
        if kind == "relative":
            woman = self.dice.chance(0.5)
            items = self.expander.expand("[owner] " + ("[aunt]" if woman else "[uncle]"))
            return _pronoun("she" if woman else "he", items)
        who = self.expander.one("who", domain)
        if kind in ("plural", "number"):
            who[-1] = plural(who[-1])
            front = ["the"] if kind == "plural" else self.expander.one("few")
            return _pronoun("they", front + who)
        adjective = self.expander.one("person_adj") if kind == "adjective" else []
        front = "a" if kind == "a" else "the"
        return _pronoun(self.dice.pick(["he", "she"]), [front, *adjective, *who])

    def topic(self, domain, subject=False):
        """A noun phrase on what the domain is about."""
        noun = self.expander.one("x", domain)
        if "nodet" in domain:
            return _pronoun("it", noun)
        many = self.dice.chance(0.08) and "single" not in domain
        if many:
            noun[-1] = plural(noun[-1])
        if "adj" in domain and self.dice.chance(0.5):
            noun = self.expander.one("adj", domain) + noun
        if many:
            front = self.dice.pick(["the", "the", "these", "some"])
        else:
            front = self.dice.weighted({"the": 62, "a": 10 if subject else 24, "this/DET": 6,
                                        "that/DET": 5})
        return _pronoun("they" if many else "it", [front, *noun])

    def fill(self, template, domain):
        """Expands a template and puts noun phrases for {x} and {n}."""
        items = []
        for item in self.expander.expand(template, domain):
            if item == "{x}":
                items += self.topic(domain).items
            elif item == "{n}":
                items += self.expander.one("x", domain)
            else:
                items.append(item)
        return items

    def part(self, name, domain):
        return self.fill(self.dice.pick(domain[name]), domain)

    def when(self, form):
        return self.expander.one({"present": "time_present", "future": "time_future",
                                  "perfect": "time_perfect", "modal": "time_future"}
                                 .get(form, "time_past"))

    def adjuncts(self, domain, form, items, chance=0.85):
        """At most one tail or place and one time that go with the items of a clause."""
        result = []
        if self.dice.chance(chance):
            result += self.fitting(domain, items)
        if self.dice.chance(0.12):
            result += self.when(form)
        return result

    def fitting(self, domain, items):
        """A tail or a place that repeats no word of the items; nothing if three tries give none."""
        names = [name for name in ("tail", "tail", "at") if name in domain]
        after_noun = items[-1].split("#")[0] in {x.split("#")[0] for x in domain["x"]}
        for _ in range(3 if names else 0):
            rest = self.part(self.dice.pick(names), domain)
            attaches = rest[0] not in ("of", "with") or after_noun
            if attaches and not set(rest) & set(items) - {"the", "a", "%poss"}:
                return rest
        return []

    def clause(self, domain, kind, form, subject=None, adjuncts=0.85):
        if subject is None:
            subject = self.topic(domain, True) if kind == "be" else self.actor(domain)
        items = self.part(kind, domain)
        rest = self.adjuncts(domain, form, items, adjuncts) if kind != "act" else []
        return self.realise(subject.items + items + rest, form, subject), subject

    def scene(self, domain, form):
        return self.realise(self.part("scene", domain), form)

    # Sentences

    def sentence(self, name):
        """A sentence on the subject matter of a domain."""
        domain = self.lexicon[name]
        pattern = self.dice.weighted(_PATTERNS)
        form = self.dice.weighted(_TENSES)
        kind = "be" if "be" in domain and self.dice.chance(0.4) else "do"
        tokens, mark = getattr(self, "_" + pattern)(domain, kind, form), "."
        if pattern == "question":
            mark = "?"
        return self.finish(tokens, mark)

    def _opened(self, domain, kind, form):
        place = self.part("at", domain) if "at" in domain and self.dice.chance(0.3) else []
        if place:
            items = self.part(kind, domain)
            subject = self.topic(domain, True) if kind == "be" else self.actor(domain)
            if not set(place) & set(items) - {"the", "a"}:
                lead = self.realise(place) + [Token(",", "PUNCT")]
                return lead + self.realise(subject.items + items, form, subject)
        tokens, _ = self.clause(domain, kind, form)
        if self.dice.chance(0.15):
            comma = [Token(",", "PUNCT")] if self.dice.chance(0.5) else []
            tokens = self.realise(self.when(form)) + comma + tokens
        return tokens

    def _do(self, domain, _, form):
        return self._opened(domain, "do", form)

    def _be(self, domain, kind, form):
        return self._opened(domain, "be" if "be" in domain else kind, form)

    def _scene_first(self, domain, kind, form):
        form = form if form in ("past", "present") else "past"
        word = self.dice.pick(["when/SCONJ", "because", "although", "while", "as/SCONJ", "after/SCONJ"])
        main, _ = self.clause(domain, kind, form, adjuncts=0.6)
        return self.realise([word]) + self.scene(domain, form) + [Token(",", "PUNCT")] + main

    def _scene_last(self, domain, kind, form):
        form = form if form in ("past", "present", "negative") else "past"
        word = self.dice.pick(["when/SCONJ", "because", "although", "while", "until/SCONJ", "since/SCONJ"])
        main, _ = self.clause(domain, kind, form, adjuncts=0.4)
        return main + self.realise([word]) + self.scene(domain, "past" if form == "negative" else form)

    def _act_first(self, domain, _, form):
        form = form if form in ("past", "present") else "past"
        first, subject = self.clause(domain, "act", form)
        second, _ = self.clause(domain, "do", form, _pronoun(subject.pronoun))
        word = self.dice.pick(["after/SCONJ", "before/SCONJ", "when/SCONJ", "because", "while"])
        return self.realise([word]) + first + [Token(",", "PUNCT")] + second

    def _reported(self, domain, kind, form):
        speaker = self.actor(domain)
        verb = self.expander.one("reporting")
        that = ["that/SCONJ"] if self.dice.chance(0.75) else []
        main, _ = self.clause(domain, kind, form)
        lead = self.realise(speaker.items + verb + that,
                            "present" if form in ("present", "future") else "past", speaker)
        return lead + main

    def _question(self, domain, kind, form):
        subject = self.topic(domain, True) if kind == "be" else self.actor(domain)
        items = self.part(kind, domain)
        rest = self.realise(self.adjuncts(domain, "past", items, 0.7))
        opening = self.expander.one("question_word") if self.dice.chance(0.4) else []
        if any(item == "*be" for item in items):
            at = items.index("*be")
            items = [item for i, item in enumerate(items) if i != at]
            auxiliary = [f"{past('be', subject.agreement)}/AUX"]
        else:
            auxiliary = ["did/AUX"]
        head = self.realise(opening + auxiliary + subject.items)
        return head + self.realise(items, "base", subject) + rest

    def _relative(self, domain, _, form):
        who = self.expander.one("who", domain)
        subject = _pronoun(self.dice.pick(["he", "she"]), ["the", *who])
        aside = self.realise(["who/PRON"] + self.part("act", domain), "past", subject)
        items = self.part("do", domain)
        main = self.realise(items + self.adjuncts(domain, form, items, 0.7), form, subject)
        return self.realise(subject.items) + aside + main

    def _coordinated(self, domain, _, form):
        first, subject = self.clause(domain, "act", form)
        word = self.realise([self.dice.pick(["and", "and", "then"])])
        if word[0].text == "then":
            word = [Token(",", "PUNCT")] + word
        items = self.part("do", domain)
        items += self.adjuncts(domain, form, items, 0.7)
        main = self.realise(items, form, subject)
        if form not in ("past", "present"):
            main = self.realise([subject.pronoun + "/PRON"]) + main
        return first + word + main

    def _infinitive(self, domain, _, form):
        subject = self.actor(domain)
        wish = self.expander.one("wishing")
        lead = self.realise(subject.items + wish, form, subject)
        items = self.part("do", domain)
        items += self.adjuncts(domain, form, items)
        return lead + self.realise(["to/PART"]) + self.realise(items, "base", subject)

    def _that_x(self, domain, kind, form):
        if "be" not in domain or "nodet" in domain:
            return self._do(domain, kind, form)
        topic = self.topic(domain, True)
        word = self.dice.pick(["that/PRON", "which/PRON"])
        aside = self.realise([word] + self.part("be", domain), "past", topic)
        items = self.part("be", domain)
        main = self.realise(items + self.adjuncts(domain, form, items, 0.5), form, topic)
        return self.realise(topic.items) + aside + main

    def _if(self, domain, kind, _):
        first, subject = self.clause(domain, "act", "present")
        other = None if kind == "be" else _pronoun(subject.pronoun)
        form = self.dice.pick(["future", "modal"])
        second, _ = self.clause(domain, kind, form, other, adjuncts=0.5)
        return self.realise(["if"]) + first + [Token(",", "PUNCT")] + second

    def _quoted(self, domain, kind, form):
        main, _ = self.clause(domain, kind, form)
        speaker = self.actor(domain)
        said = self.realise(speaker.items + ["*" + self.dice.pick(["say", "say", "answer", "explain"])],
                            "past", speaker)
        main = self.finish(main)[:-1]
        quote = Token('"', "PUNCT")
        return [quote] + main + [Token(",", "PUNCT"), quote] + said

    def _contrast(self, domain, kind, form):
        first, _ = self.clause(domain, kind, form, adjuncts=0.5)
        other = self.actor(domain)
        form = form if form in ("past", "present", "future") else "past"
        second, _ = self.clause(domain, "act", form, other)
        return first + self.realise([",/PUNCT", self.dice.pick(["but", "and", "so"])]) + second

    def _there(self, domain, kind, form):
        if "at" not in domain or "nodet" in domain:
            return self._be(domain, kind, form)
        topic = self.topic(domain)
        if topic.items[0] != "a" and topic.agreement == "sg":
            topic = dataclasses.replace(topic, items=["a", *topic.items[1:]])
        elif topic.agreement == "pl":
            topic = dataclasses.replace(topic, items=[self.dice.pick(["some", "two", "many"]), *topic.items[1:]])
        items = ["there", "*be", *topic.items, *self.part("at", domain)]
        return self.realise(items, form if form in ("past", "present", "future") else "past", topic)
