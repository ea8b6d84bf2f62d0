"""English sentences with a label: entities by context, and reviews for or against a thing."""

from grammar import parse_domains, parse_lists

# The same name is a person, a place, an organisation or a title: only the context tells.
_ENTITY_LISTS = parse_lists(r"""
amb: Washington | Lincoln | Obama | Jordan | Chelsea | Paris | Florence | Georgia | Austin | Houston
  | Madison | Hudson | Victoria | Sydney | Charlotte | Orlando | Jackson | Carter | Santiago | Milan
place: [amb] @3 | [place_any] | Amazonia | Siberia | Lake [lake] | Mount [lake] | [lake] Island | Norway | Peru
  | Kenya | Vietnam | Poland
lake: Silva | Hudson | Victoria | Arden | Kenora | Jordan | Tamura
person: [amb] @3 | [given] [last] @2 | [given] [amb] | [given] | [given] [initial] [last]
initial: J. | M. | B. | K.
given: [man] | [woman]
club: [amb] @2 | [place_any] | [amb] United | [place_any] City | Red Lions
firm: [amb] @2 | [amb] Motors | [amb] Foods | Nordwind | Kestrel Airlines | [last] & Sons | Bluefield
  | [amb] Telecom | Amazonia | Alder Software | [place_any] Steel | [last] Pharma
school: [amb] University | [amb] College | [last] Institute
diner: [amb] @2 | [amb] Restaurant @2 | Café [amb] | [last] 's Kitchen | Hotel [amb] | The Blue Door
office: Ministry of Health | Senate | European Union | Court of Appeal | Red Cross | United Nations
title: Hope | Grace | Paris | Silent River | The Last Bridge | Victoria | Spring in [place_any] | Madison Nights
  | The Baker 's Wife
event: Winter Games | Book Fair | World Cup | Harvest Festival | Jazz Days
p: <PER [person] >
l: <LOC [place] >
role: president | senator | the painter | the singer | professor | the goalkeeper | the poet | our neighbour
  | the lawyer | the actress | the chemist | coach
per_do: ed+win the election | ed+speak about taxes | ed+marry a dentist | ed+smile and ed+shake hands
  | ed+bear three children/NOUN | ed+thank the voters | ed+resign last week | ed+be born/VERB in [l]
  | ed+sing two songs | ed+write a letter to/ADP [p] | ed+be tired after the speech | ed+have a bad cold
  | ed+move from [l] to/ADP [l] | ed+laugh loudly | ed+give an interview | ed+break a leg
loc_be: ed+lie by the sea | ed+have two million people | ed+be hit/VERB by an earthquake
  | ed+be famous for its old bridges | ed+be warm and sunny | ed+grow into a large city | ed+be full of tourists
  | ed+build a new airport | ed+be covered/VERB with snow
org_do: ed+hire [num] workers | ed+open an office in [l] | ed+sell its shares | ed+publish a report
  | ed+lose [sum] | ed+be founded/VERB in [year] | ed+buy a smaller rival | ed+raise its prices
  | ed+name [p] as its new director | ed+recall its products
pers: [role] [p] [per_do] @3 | [p] [per_do] @3 | we ed+meet [p] at the party | the crowd ed+cheer when/SCONJ [p] ed+arrive
  | she ed+have dinner with [p] | a letter from [p] ed+arrive [time_past] | everyone ed+listen to/ADP [p]
  | the children/NOUN of [p] ed+study in [l] | [p] and [p] eds+be old friends | I ed+ask [p] about the book
  | [p] , who/PRON ed+live in [l] , [per_do] | the speech of [p] ed+last an hour
locs: we ed+fly to/ADP [l] [time_past] | it ed+rain in [l] for three days | the streets of [l] eds+be empty
  | [l] [loc_be] @4 | the train from [l] to/ADP [l] ed+be late | they ed+spend the summer near [l]
  | the road to/ADP [l] ed+be closed/VERB | a hotel in [l] ed+burn down | the mayor of [l] [per_do]
  | the flight to/ADP [l] ed+cost [sum] | the people of [l] ed+vote on Sunday
orgs: <ORG [firm] > [org_do] @3 | shares of <ORG [firm] > ed+fall | <ORG [club] > ed+beat <ORG [club] > two to/ADP one @2
  | she ed+work for <ORG [firm] > | the board of <ORG [firm] > ed+meet [time_past] | we ed+eat fish at <ORG [diner] > @2
  | <ORG [diner] > ed+serve cold soup | the waiters at <ORG [diner] > eds+be polite | [p] ed+study law at <ORG [school] >
  | the <ORG [office] > ed+publish a report | the striker of <ORG [club] > ed+score twice
  | <ORG [firm] > and <ORG [firm] > ed+sign a contract | a spokesman of <ORG [firm] > ed+say no | the menu of <ORG [diner] > ed+be long
  | <ORG [diner] > ed+open a second restaurant in [l] | the new phone by <ORG [firm] > ed+sell well/ADV
miscs: the novel <MISC [title] > ed+win a prize | [p] ed+play the queen in <MISC [title] > | we ed+watch <MISC [title] > at the cinema
  | the <MISC [event] > ed+begin in [l] | I ed+read <MISC [title] > twice | the film <MISC [title] > ed+be too long
  | [p] ed+win a medal at the <MISC [event] >
plain: hope ed+be all that/PRON they ed+have | grace and patience eds+be rare | brown bread ed+be on the table
  | wood ed+burn slowly in the stove | bakers ed+get up early/ADV | spring ed+come late/ADV | the cook ed+drop a plate
  | the president ed+speak on television | the restaurant ed+be full | a young lawyer ed+open the door | the bridge ed+collapse
  | nobody ed+know the answer | the senate ed+be empty
joiner: and @3 | but @2 | while | because | ,/PUNCT and
""")

_ENTITY_MIX = {"pers": 34, "locs": 24, "orgs": 30, "miscs": 7, "plain": 9}


def entity_sentence(english):
    """A sentence whose names are to be told apart by their context."""
    dice = english.dice
    clauses = []
    for _ in range(2 if dice.chance(0.3) else 1):
        kind = dice.weighted(_ENTITY_MIX)
        clauses.append(_expand(english, f"[{kind}]"))
    items = clauses[0]
    if len(clauses) > 1:
        items = items + _expand(english, "[joiner]") + clauses[1]
    elif dice.chance(0.2) and not set(items) & {"ago", "last", "in"}:
        items = items + english.expander.one("time_past")
    return english.finish(english.realise(items))


def _expand(english, template):
    return english.expander.expand(template, {**english.lists, **_ENTITY_LISTS})


# A thing is written `noun: words for it | against it`: the same word praises one thing and
# damns another, so that no word decides alone.
_ASPECTS = r"""
== restaurant
beer: cold fresh cheap | warm flat expensive
soup: hot fresh rich | cold thin salty
steak: tender thick | tough thin dry
crust: crisp thin | soft thick
waiter: polite quick friendly | rude slow cold
bread: fresh warm soft | old dry hard
coffee: hot strong fresh | weak cold bitter
chocolate cake: dark rich sweet | dry cheap old
portions/p: big | small
bill: low fair | high surprising
queue: short | long
== hotel
room: quiet warm big | noisy cold small
pillow: soft thick | hard thin
bed: soft wide | hard short
staff: quick friendly polite | rude slow cold
street: quiet wide | noisy dark
pool: clean warm big | dirty cold small
breakfast: fresh rich hot | cold poor
price: low fair | high
waiting time: short | long
== film
plot: unpredictable clever surprising | predictable thin confusing
ending: surprising moving | predictable rushed
jokes/p: funny new clever | old predictable cheap
story: moving clever dark | confusing thin slow
actors/p: natural funny moving | cold stiff
music: quiet moving natural | loud cheap
dialogue: natural sharp | stiff slow
pictures/p: bright sharp | dark cheap
== shop
battery life: long | short
brakes/p: reliable strong sharp | unpredictable weak
screen: bright big sharp | dark small
knife: sharp light | blunt heavy
camera: sharp quick light | slow heavy
phone: light thin fast | heavy slow hot
laptop: quiet fast light | noisy slow hot
dress: light soft | thin cheap
shoes/p: soft light | heavy hard
car: quiet fast safe | noisy slow
price: low fair | high
delivery: quick reliable | slow late
"""
_REVIEW_LISTS = parse_lists(r"""
good: wonderful | excellent | delightful | superb | charming | brilliant | lovely | impressive | perfect
  | enjoyable | splendid | outstanding | pleasant | great | amazing | fantastic | beautiful | gripping
  | marvellous | magnificent | terrific | remarkable | satisfying | memorable | stunning | glorious | exquisite
  | fabulous | refreshing | admirable | elegant | thrilling | sublime | heavenly | flawless | cheerful | inspiring
  | rewarding | tasteful | irresistible | captivating | adorable | phenomenal
bad: terrible | awful | dreadful | disappointing | poor | tedious | mediocre | annoying | horrible
  | clumsy | dull | useless | boring | unpleasant | forgettable | pathetic | bad | lousy | miserable | appalling
  | shabby | dismal | ghastly | lame | hopeless | sloppy | tiresome | ridiculous | abysmal | inferior | shoddy | dreary
  | wretched | atrocious | frustrating | irritating | lifeless | unbearable | disgusting | worthless | embarrassing
  | laughable | unacceptable
good_end: I ed+love every minute of it | I would/AUX recommend/VERB it to/ADP all my friends | we will/AUX be/AUX back/ADV soon
  | it ed+be worth/ADJ the money | I would/AUX buy/VERB it again | it ed+make me smile/VERB | I could/AUX not/PART stop/VERB laughing/VERB
  | I ed+be sorry/ADJ when/SCONJ it ed+end | you will/AUX not/PART regret/VERB it | nobody ed+be disappointed/ADJ
  | I have/AUX never seen/VERB anything/PRON better | I would/AUX not/PART change/VERB a thing
  | I could/AUX not/PART find/VERB a single fault
bad_end: I ed+hate every minute of it | I would/AUX not/PART recommend/VERB it to/ADP my friends | we will/AUX never be/AUX back/ADV
  | it ed+be not/PART worth/ADJ the money | I would/AUX never buy/VERB it again | it ed+make me yawn/VERB
  | I could/AUX not/PART wait/VERB for the end | I ed+be glad/ADJ when/SCONJ it ed+end | you will/AUX regret/VERB it
  | nobody ed+be happy | I have/AUX never seen/VERB anything/PRON worse | do/AUX not/PART waste/VERB your money
  | I ed+want my money back/ADV
things_restaurant: meal | restaurant | dinner | lunch | café
things_hotel: hotel | stay | place | trip
things_film: film | play | comedy | thriller | show
things_shop: gadget | product | present/NOUN | tool
and_or_so: and | so | ,
degree: really | very | quite | so | rather | truly
not_: not/PART | never | hardly | not/PART at all | anything/PRON but/ADP | far/ADJ from
""")


def _parse_aspects(text):
    groups = {}
    for group, aspects in parse_domains(text).items():
        groups[group] = {noun: [words.split() for words in both]
                         for noun, both in aspects.items()}
    return groups


# {group: {noun: [words that praise it, words that blame it]}}
_GROUPS = _parse_aspects(_ASPECTS)


class _Reviewer:
    def __init__(self, english):
        self.english = english
        self.dice = english.dice
        self.group = self.dice.pick(list(_GROUPS))
        self.aspects = dict(_GROUPS[self.group])

    def one(self, name):
        lists = {**self.english.lists, **_REVIEW_LISTS}
        return self.english.expander.expand(f"[{name}]", lists)

    def word(self, aspect, positive):
        if self.dice.chance(0.62):
            return [self.dice.pick(aspect[0 if positive else 1]) + "/ADJ"]
        return [self.one("good" if positive else "bad")[0] + "/ADJ"]

    def claim(self, positive):
        """`the soup was not cold`: something for or against one thing."""
        name = self.dice.pick(list(self.aspects))
        aspect = self.aspects.pop(name)  # one review says one thing of it
        noun, _, many = name.partition("/")
        be = "eds+be" if many else "ed+be"
        subject = ["the", *noun.split()]
        if self.dice.chance(0.3):
            negation = self.one("not_")
            if negation[-2:] == ["at", "all"]:
                return subject + [be, "not/PART"] + self.word(aspect, not positive) + ["at", "all"]
            return subject + [be] + negation + self.word(aspect, not positive)
        if not many and self.dice.chance(0.15):
            return ["it", "ed+be", "a", *self.word(aspect, positive), *noun.split()]
        degree = self.one("degree") if self.dice.chance(0.35) else []
        return subject + [be] + degree + self.word(aspect, positive)

    def end(self, positive):
        return self.one("good_end" if positive else "bad_end")

    def review(self, positive):
        pattern = self.dice.weighted({"claim": 14, "both": 16, "but": 20, "although": 16,
                                      "expected": 10, "end": 16, "despite": 8, "though": 10})
        if pattern == "claim":
            return self.claim(positive)
        if pattern == "both":
            return self.claim(positive) + ["and"] + self.claim(positive)
        if pattern == "but":
            last = self.end(positive) if self.dice.chance(0.4) else self.claim(positive)
            return self.claim(not positive) + [",", "but"] + last
        if pattern == "although":
            last = self.end(positive) if self.dice.chance(0.4) else self.claim(positive)
            return ["although"] + self.claim(not positive) + [","] + last
        if pattern == "expected":
            thing = self.one("things_" + self.group)
            adjectives = [self.one("good" if p else "bad")[0] + "/ADJ" for p in (not positive, positive)]
            return ["I", "ed+expect", "a", adjectives[0], *thing, ",", "but", "it", "ed+be", adjectives[1]]
        if pattern == "despite":
            name = self.dice.pick([name for name in self.aspects if "/" not in name])
            aspect = self.aspects.pop(name)
            return ["despite", "the", *self.word(aspect, not positive), *name.split(), ",",
                    *self.claim(positive)]
        if pattern == "though":
            return self.claim(positive) + ["even/ADV", "though/SCONJ"] + self.claim(not positive)
        return self.claim(positive) + self.one("and_or_so") + self.end(positive)



def review(english, label):
    """A review of one sentence, `positive` or `negative`: its main clause decides."""
    items = _Reviewer(english).review(label == "positive")
    return english.finish(english.realise(items), "!" if english.dice.chance(0.12) else ".")

