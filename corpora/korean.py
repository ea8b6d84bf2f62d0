"""Korean: eojeols, sentence endings and the patterns that make sentences of templates.

Items of its templates, beside those of grammar.py:

    단어+을          a word with a particle; of a pair such as 을/를 the one that fits is taken
    *먹다            the verb or adjective that ends the clause: its ending is the clause's
    *먹다:고         one with an ending of its own (hangul.conjugate names them; `었는데` is past)
    *학생=이다       a noun with the copula
    {x}+을           what the domain is about, with its modifiers

Lists of a domain: x (nouns), adj (their modifiers), who (actors), do (what actors do with x), be
(what x does), act (what actors do, without x), adv (what may stand before the verb), at (places,
without particle), scene (whole clauses). An eojeol has the tag of its first word.
"""

import hangul
import lexicon_ko
from grammar import Expander, Token, entity_marks, parse_domains, parse_lists, parse_tags

_STYLES = {"plain": 52, "polite": 26, "formal": 22}
_DO_MOODS = {"past": 42, "present": 14, "future": 8, "progressive": 7, "want": 4, "can": 5, "must": 4,
             "negative": 6, "experience": 3, "seem": 3, "intend": 3}
_BE_MOODS = {"past": 48, "present": 24, "future": 6, "progressive": 6, "negative": 6, "seem": 6}
_PATTERNS = {"do": 18, "be": 16, "scene_first": 18, "act_first": 11, "reported": 6, "question": 5,
             "relative": 9, "that_x": 7, "if": 4, "quoted": 4, "contrast": 7, "there": 4, "request": 4,
             "ability": 3, "long": 7}
_PRESENT_ONLY = {"있", "없", "모르", "싶", "알"}


class Korean:
    """Makes sentences with a dice: each a list of tokens."""

    lexicon = parse_domains(lexicon_ko.DOMAINS)
    sense_domains = [name for name in lexicon if "/" in name]
    lists = parse_lists(lexicon_ko.LISTS)
    tags = parse_tags(lexicon_ko.TAGS)

    def __init__(self, dice):
        self.dice = dice
        self.expander = Expander(dice, self.lists)

    # Words

    def _tag(self, word):
        tags = self.tags.get(word)
        if tags is None:
            if not word[0].isalnum():
                return "PUNCT"
            return "NUM" if word[0].isdigit() else "NOUN"
        if len(tags) > 1:
            raise ValueError(f"lexicon_ko.py: `{word}` has the tags {tags}; write {word}/TAG")
        return next(iter(tags))

    def _is_adjective(self, stem):
        return self.tags.get(stem + "다") == {"ADJ"}

    def _noun(self, item, entity):
        body, slash, tag = item.rpartition("/") if "/" in item[1:] else (item, "", "")
        word, *particles = body.split("+")
        word, _, sense = word.partition("#")
        text = word
        for name in particles:
            text = hangul.particle(text, name)
        if word == "그" and particles:
            tag = "PRON"  # he; without a particle it is "that"
        if not tag:
            tag = "PROPN" if entity != "O" and word not in self.tags else self._tag(word)
        return Token(text, tag, entity, sense)

    def _predicate(self, item, mood, style, quality):
        """Words and tags of a `*` item; mood and style are for the one that ends the clause."""
        body, _, ending = item[1:].partition(":")
        noun, equals, verb = body.rpartition("=")
        stem = verb[:-1]
        if equals:
            return self._copula(noun, ending, mood, style)
        adjective = self._is_adjective(stem) or stem == "싶" or quality
        tag = "AUX" if stem in ("싶", "않", "못하") else "ADJ" if adjective else "VERB"
        if ending:
            return [(hangul.conjugate(stem, ending, adjective), tag)]
        return self.final(stem, adjective, tag, mood, style)

    def _copula(self, noun, ending, mood, style):
        closed = hangul.final_of(noun) != " "
        tag = self._tag(noun)
        if ending and not ending.startswith("었"):
            return [(hangul.conjugate(noun + "이", ending, True), tag)]
        if ending or mood not in ("present", "quote_present", "future", "seem"):
            rest = ending[1:] if ending else {"plain": "다", "polite": "어요", "formal": "습니다",
                                              "quote": "다고"}[style]
            return [(noun + ("이었" if closed else "였") + rest, tag)]
        return [(noun + {"plain": "이다" if closed else "다", "polite": "이에요" if closed else "예요",
                         "formal": "입니다",
                         "quote": "이라고" if closed else "라고"}[style], tag)]

    def final(self, stem, adjective, tag, mood, style):
        """The end of a clause as (word, tag) pairs."""
        def end(stem, tense, adjective=False):
            if tense == "past":
                return hangul.conjugate(stem, "었" + {"plain": "다", "polite": "요", "formal": "습니다",
                                                     "quote": "다고"}[style])
            ending = {"plain": "는다", "polite": "요", "formal": "습니다", "quote": "는다"}[style]
            text = hangul.conjugate(stem, ending, adjective)
            return text + "고" if style == "quote" else text

        def form(ending):
            return hangul.conjugate(stem, ending, adjective)

        state = adjective or stem in _PRESENT_ONLY or hangul.exists(stem)
        if state and mood in ("progressive", "want", "can", "must", "experience", "intend"):
            mood = "past"
        then = "past" if self.dice.chance(0.6) else "present"
        thing = {"plain": "것이다", "polite": "거예요", "formal": "것입니다", "quote": "거라고"}[style]
        if mood in ("past", "present"):
            return [(end(stem, mood, adjective), tag)]
        if mood == "future":
            if style != "quote" and self.dice.chance(0.4):
                return [(stem + {"plain": "겠다", "polite": "겠어요", "formal": "겠습니다"}[style], tag)]
            return [(form("을"), tag), (thing, "NOUN")]
        if mood == "progressive":
            return [(stem + "고", tag), (end("있", then, True), "AUX")]
        if mood == "want":
            return [(stem + "고", tag), (end("싶", then, True), "AUX")]
        if mood == "can":
            have = "있" if self.dice.chance(0.6) else "없"
            return [(form("을"), tag), ("수", "NOUN"), (end(have, then, True), "ADJ")]
        if mood == "must":
            return [(form("아야"), tag), (end("하", then), "AUX")]
        if mood == "experience":
            return [(form("은"), tag), ("적이", "NOUN"), (end("있" if then == "past" else "없", "present", True), "ADJ")]
        if mood == "seem":
            return [(form("는" if then == "present" else "은"), tag), ("것", "NOUN"), (end("같", "present", True), "ADJ")]
        if mood == "intend":
            return [(form("려고"), tag), (end("하", then), "AUX")]
        if not state and not stem.endswith("하") and self.dice.chance(0.4):
            return [("안", "ADV"), (end(stem, then, adjective), tag)]
        return [(stem + "지", tag), (end("않", then, adjective), "AUX")]

    def realise(self, items, mood="past", style="plain"):
        result = []
        for item, entity in entity_marks(items):
            if item[0] == "*":
                # 않다 is an adjective behind an adjective: 차갑지 않다, 먹지 않는다.
                quality = item == "*않다" and result[-1].tag == "ADJ"
                for text, tag in self._predicate(item, mood, style, quality):
                    result.append(Token(text, tag, entity))
            else:
                result.append(self._noun(item, entity))
        return result

    def finish(self, tokens, mark="."):
        return tokens + [Token(mark, "PUNCT")]

    # Phrases

    def person(self, domain):
        """Somebody: items without a particle."""
        kind = self.dice.weighted({"who": 58, "name": 13, "pronoun": 10, "relative": 6, "adjective": 13})
        if kind == "name":
            return self.expander.one("name")
        if kind in ("pronoun", "relative"):
            return self.expander.one(kind)
        who = self.expander.one("who", domain)
        return (self.expander.one("person_adj") if kind == "adjective" else []) + who

    def actor(self, domain):
        items = self.person(domain)
        return items[:-1] + [items[-1] + self.dice.pick(["+은", "+은", "+이"])]

    def topic(self, domain):
        noun = self.expander.one("x", domain)
        front = []
        if "adj" in domain and self.dice.chance(0.6):
            front = self.expander.one("adj", domain)
        elif self.dice.chance(0.12) and "nodet" not in domain:
            front = [self.dice.pick(["이/DET", "그/DET", "저/DET"])]
        return front + noun

    def fill(self, template, domain):
        items = []
        for item in self.expander.expand(template, domain):
            if item.startswith("{x}"):
                items += self.topic(domain)
                items[-1] += item[3:]
            else:
                items.append(item)
        return items

    def part(self, name, domain):
        return self.fill(self.dice.pick(domain[name]), domain)

    def when(self, mood):
        name = {"present": "time_present", "future": "time_future", "past": "time_past"}.get(mood)
        return self.expander.one(name) if name else []

    def before_verb(self, domain, items, names=("adv", "at"), chance=0.8):
        """A place or an adverbial that goes with the items of a clause."""
        names = [name for name in names if name in domain]
        ends = {item.rpartition("+")[2] for item in items if "+" in item}
        stems = {item.partition("+")[0] for item in items}
        for _ in range(3 if names and self.dice.chance(chance) else 0):
            name = self.dice.pick(names)
            rest = self.part(name, domain)
            if name == "at":
                rest[-1] += "+에서"
            clash = rest[-1].rpartition("+")[2] in ends & {"에서", "에", "으로"}
            if not clash and not stems & {item.partition("+")[0] for item in rest}:
                return rest
        return []

    def clause(self, domain, kind):
        """Items of a clause; its last verb is open."""
        items = self.part(kind, domain)
        if kind == "be":
            topic = self.topic(domain)
            topic[-1] += self.dice.pick(["+은", "+이", "+이"])
            return self.before_verb(domain, items, ("at",), 0.35) + topic + items
        return self.actor(domain) + (self.before_verb(domain, items) if kind == "do" else []) + items

    def ended(self, items, ending):
        """The items with an ending for the open verb."""
        at = max(i for i, item in enumerate(items) if item[0] == "*" and ":" not in item)
        return items[:at] + [items[at] + ":" + ending] + items[at + 1:]

    def mood(self, kind):
        return self.dice.weighted(_BE_MOODS if kind == "be" else _DO_MOODS)

    # Sentences

    def sentence(self, name):
        """A sentence on the subject matter of a domain."""
        domain = self.lexicon[name]
        pattern = self.dice.weighted(_PATTERNS)
        kind = "be" if "be" in domain and self.dice.chance(0.42) else "do"
        style = self.dice.weighted(_STYLES)
        tokens = getattr(self, "_" + pattern)(domain, kind, style)
        if tokens[-1].tag != "PUNCT" or tokens[-1].text == '"':
            tokens = self.finish(tokens)
        return tokens

    def _do(self, domain, kind, style):
        return self._plain(domain, "do", style)

    def _be(self, domain, kind, style):
        return self._plain(domain, "be" if "be" in domain else kind, style)

    def _plain(self, domain, kind, style):
        mood = self.mood(kind)
        items = self.clause(domain, kind)
        if self.dice.chance(0.28):
            items = self.when(mood) + items
        return self.realise(items, mood, style)

    def _scene_first(self, domain, kind, style):
        mood = self.dice.pick(["past", "past", "present"])
        endings = {"아서": 4, "었을 때/NOUN": 3, "자": 1, "었지만": 3, "었는데": 2}
        if mood == "present":
            endings = {"아서": 4, "지만": 3, "는데": 2, "니까": 1, "을 때/NOUN": 2}
        ending = self.dice.weighted(endings)
        ending, *rest = ending.split()
        scene = self.part("scene", domain)
        if ending == "자" and self._is_adjective(scene[-1][1:-1]):
            ending = "아서"
        return self.realise(self.ended(scene, ending) + rest + self.clause(domain, kind), mood, style)

    def _act_first(self, domain, _, style):
        ending = self.dice.weighted({"고": 4, "은 후에/NOUN": 2, "기 전에/NOUN": 2, "다가": 1, "고 나서/AUX": 1})
        ending, *rest = ending.split()
        mood = self.mood("do")
        items = self.part("do", domain)
        first = self.actor(domain) + self.ended(self.part("act", domain), ending) + rest
        return self.realise(first + self.before_verb(domain, items) + items, mood, style)

    def _reported(self, domain, kind, style):
        speaker = self.actor(domain)
        mood = self.dice.pick(["past", "past", "present", "future"])
        items = [item[:-1] + "이" if item.endswith("+은") else item for item in self.clause(domain, kind)]
        main = self.realise(items, mood, "quote")
        verb = self.expander.one("reporting")
        if self.dice.chance(0.35):
            return main + self.realise(speaker[:-1] + [speaker[-1].rpartition("+")[0] + "+이"] + verb, "past", style)
        speaker = speaker[:-1] + [speaker[-1].rpartition("+")[0] + "+은"]
        return self.realise(speaker) + main + self.realise(verb, "past", style)

    def _question(self, domain, kind, style):
        items = self.clause(domain, kind)
        while items[0].partition("+")[0] in ("나", "저"):  # nobody asks what he did himself
            items = self.clause(domain, kind)
        if kind == "do" and self.dice.chance(0.4):
            items = self.expander.one("question_word") + items
        ending = self.dice.pick({"plain": ["었니", "었나", "었을까"], "polite": ["었어요", "었나요", "었을까요"],
                                 "formal": ["었습니까"]}[style])
        ending = {"었어요": "었요"}.get(ending, ending)
        tokens = self.realise(self.ended(items, ending))
        return self.finish(tokens, "?")

    def _relative(self, domain, _, style):
        who = self.expander.one("who", domain)
        aside = self.ended(self.part("act", domain), self.dice.pick(["은", "는", "던"]))
        items = self.part("do", domain)
        subject = who[:-1] + [who[-1] + self.dice.pick(["+은", "+이"])]
        return self.realise(aside + subject + self.before_verb(domain, items) + items, self.mood("do"), style)

    def _that_x(self, domain, kind, style):
        """[the pear that ripened early] is sweet, or somebody eats it."""
        if "be" not in domain:
            return self._do(domain, kind, style)
        aside = self.part("be", domain)
        stem = aside[-1].rpartition("=")[2].strip("*")[:-1]
        ending = "은" if self._is_adjective(stem) else self.dice.pick(["는", "은", "던"])
        noun = self.expander.one("x", domain)
        aside = self.ended(aside, ending)
        if kind == "be":
            topic = noun[:-1] + [noun[-1] + self.dice.pick(["+은", "+이"])]
            return self.realise(aside + topic + self.part("be", domain), self.mood("be"), style)
        template = self.dice.pick(domain["do"])
        items = []
        for item in self.expander.expand(template, domain):
            if item.startswith("{x}"):
                items += aside + noun
                items[-1] += item[3:]
            else:
                items.append(item)
        return self.realise(self.actor(domain) + items, self.mood("do"), style)

    def _if(self, domain, kind, style):
        first = self.actor(domain)
        first = first[:-1] + [first[-1].rpartition("+")[0] + "+이"] + self.ended(self.part("act", domain), "면")
        return self.realise(first + (self.clause(domain, "be") if kind == "be" else self.part("do", domain)),
                            "future", style)

    def _quoted(self, domain, kind, style):
        main = self.realise(self.clause(domain, kind), self.mood(kind), style)
        speaker = self.person(domain)
        speaker[-1] += "+이"
        quote = Token('"', "PUNCT")
        return [quote] + main + [quote] + self.realise(["라고/ADP"] + speaker + [self.dice.pick(["*말하다", "*대답하다", "*외치다"])],
                                                       "past", "plain")

    def _contrast(self, domain, kind, style):
        ending = self.dice.pick(["지만", "었지만", "었고", "었는데"])
        second = self.actor(domain)
        return self.realise(self.ended(self.clause(domain, kind), ending) + second + self.part("act", domain),
                            "past", style)

    def _there(self, domain, kind, style):
        if "at" not in domain or "nodet" in domain:
            return self._be(domain, kind, style)
        topic, place = self.topic(domain), self.part("at", domain)
        items = place[:-1] + [place[-1] + "+에"] + topic[:-1] + [topic[-1] + "+이", self.dice.pick(["*있다", "*있다", "*없다", "*보이다"])]
        return self.realise(items, self.dice.pick(["past", "present"]), style)

    def _request(self, domain, _, style):
        items = self.part("do", domain)
        items = self.before_verb(domain, items) + items
        ending = {"plain": ["자", "아라"], "polite": ["세요", "지"], "formal": ["ㅂ시다", "지"]}[style]
        ending = self.dice.pick(ending)
        if ending == "지":
            return self.realise(self.ended(items, "지")) + [Token("마세요", "AUX")]
        return self.realise(self.ended(items, ending))

    def _long(self, domain, _, style):
        """Something happens, so somebody does one thing and another; somebody else does not."""
        mood = self.dice.pick(["past", "past", "present"])
        first = self.ended(self.part("scene", domain), "아서")
        act = self.actor(domain) + self.ended(self.part("act", domain), "고")
        items = self.part("do", domain)
        act += self.before_verb(domain, items) + items
        other = self.ended(act, "었지만" if mood == "past" else "지만")
        if self.dice.chance(0.4):
            return self.realise(first + act, mood, style)
        return self.realise(first + other + self.actor(domain) + self.part("act", domain), mood, style)

    def _ability(self, domain, _, style):
        """It is hard to ..."""
        items = self.part("do", domain)
        tokens = self.realise(self.ended(self.before_verb(domain, items) + items, "기"))
        last = tokens.pop()
        tokens.append(Token(hangul.particle(last.text, "은"), last.tag))
        return tokens + self.realise(["*" + self.dice.pick(["어렵다", "쉽다", "힘들다", "즐겁다"])], "present", style)
