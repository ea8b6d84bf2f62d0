"""Korean endings and particles: what a stem becomes in front of an ending.

Stems are written without 다 (먹, 아름답, 부르). Irregular classes follow the school grammar; where
the last syllable does not decide the class, the regular ones are listed.
"""

_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_REGULAR_B = set("좁입잡씹뽑접업꼽집")
_IRREGULAR_D = set("듣걷싣긷묻")
_IRREGULAR_S = set("짓낫붓잇긋젓")
_REGULAR_H = set("좋넣놓쌓낳닿찧")
_PLAIN_REU = {"따르", "치르", "들르"}
_UNCONTRACTED = {"피", "기", "비", "이", "튀", "띄"}


def split(syllable):
    """Index of the initial, the vowel's and the final's letter (" " for none)."""
    code = ord(syllable) - 0xAC00
    return code // 588, _VOWELS[code // 28 % 21], _FINALS[code % 28]


def join(initial, vowel, final=" "):
    return chr(0xAC00 + initial * 588 + _VOWELS.index(vowel) * 28 + _FINALS.index(final))


def final_of(word):
    """The final consonant of a word, " " without one."""
    last = word[-1]
    if "가" <= last <= "힣":
        return split(last)[2]
    if last.isdigit():
        return {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ"}.get(last, " ")
    raise ValueError(f"no particle can follow `{word}`")


def with_final(word, final):
    initial, vowel, _ = split(word[-1])
    return word[:-1] + join(initial, vowel, final)


_PARTICLES = {"을": "를", "은": "는", "이": "가", "과": "와", "으로": "로", "이나": "나",
              "이라는": "라는", "이라고": "라고", "이랑": "랑", "으로부터": "로부터", "이라도": "라도"}
_NAMES = {open_form: name for name, open_form in _PARTICLES.items()}
_INVARIABLE = {"에", "에서", "에게", "의", "도", "만", "부터", "까지", "처럼", "보다", "한테", "께서",
               "마다", "밖에", "에는", "에서는", "에도", "께", "에게서", "들", "씨", "님", "쯤", "하고", "에서도",
               "만큼", "조차", "뿐", "끼리", "째"}
_CONTRACTED = {("나", "이"): "내가", ("저", "이"): "제가", ("너", "이"): "네가", ("누구", "이"): "누가"}


def particle(word, name):
    """A word with its particle; of a pair such as 을/를 either names both."""
    name = _NAMES.get(name, name)
    if (word, name) in _CONTRACTED:
        return _CONTRACTED[word, name]
    if name in _PARTICLES:
        final = final_of(word)
        open_end = final == " " or (name.startswith("으로") and final == "ㄹ")
        return word + (_PARTICLES[name] if open_end else name)
    if name not in _INVARIABLE:
        raise ValueError(f"unknown particle {name} behind {word}")
    return word + name


def _is_b(stem):
    return final_of(stem) == "ㅂ" and stem[-1] not in _REGULAR_B


def _is_d(stem):
    return stem[-1] in _IRREGULAR_D or stem == "깨닫"


def _is_s(stem):
    return stem[-1] in _IRREGULAR_S


def _is_h(stem):
    return final_of(stem) == "ㅎ" and stem[-1] not in _REGULAR_H


def _eu(stem):
    """The stem in front of an ending that begins with (으): ends in a vowel or in ㄹ."""
    if _is_b(stem):
        return with_final(stem, " ") + "우"
    if _is_d(stem):
        return with_final(stem, "ㄹ") + "으"
    if _is_s(stem):
        return with_final(stem, " ") + "으"
    if _is_h(stem):
        return with_final(stem, " ")
    return stem if final_of(stem) in " ㄹ" else stem + "으"


def eu(stem, ending):
    """(으)면, (으)니까, (으)려고 ...; an ending of ㄴ, ㄹ or ㅂ alone becomes the final."""
    base = _eu(stem)
    if final_of(base) == "ㄹ" and not _is_d(stem):
        if ending[0] in "ㄴㄹㅂ니세시":
            base = with_final(base, " ")
    if ending[0] in "ㄴㄹㅂ":
        return with_final(base, ending[0]) + ending[1:]
    return base + ending


def a(stem):
    """The 아/어 form: 먹어, 가, 봐, 해, 추워, 불러, 써."""
    if stem.endswith("하"):
        return stem[:-1] + "해"
    if _is_b(stem):
        return with_final(stem, " ") + ("와" if stem in ("돕", "곱") else "워")
    if _is_h(stem):
        initial, vowel, _ = split(stem[-1])
        return stem[:-1] + join(initial, "ㅒ" if vowel == "ㅑ" else "ㅐ")
    if _is_d(stem):
        stem = with_final(stem, "ㄹ")
        return stem + _harmony(stem)
    if _is_s(stem):
        stem = with_final(stem, " ")
        return stem + _harmony(stem)
    initial, vowel, final = split(stem[-1])
    if final != " ":
        return stem + _harmony(stem)
    rest = stem[:-1]
    if stem.endswith("르") and rest and stem not in _PLAIN_REU:
        return with_final(rest, "ㄹ") + ("라" if _harmony(rest) == "아" else "러")
    if vowel == "ㅡ":
        bright = bool(rest) and _harmony(rest) == "아"
        return rest + join(initial, "ㅏ" if bright else "ㅓ")
    if stem in _UNCONTRACTED or vowel in "ㅟㅢ":
        return stem + "어"
    contracted = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}.get(vowel, vowel)
    return rest + join(initial, contracted)


def _harmony(stem):
    return "아" if split(stem[-1])[1] in "ㅏㅑㅗ" else "어"


def past(stem):
    """The past stem: 먹었, 갔, 했."""
    form = a(stem)
    return with_final(form, "ㅆ") if final_of(form) == " " else form + "었"


def honorific(stem):
    special = {"먹": "드시", "마시": "드시", "자": "주무시", "있": "계시"}
    return special.get(stem) or eu(stem, "시")


def exists(stem):
    """있다, 없다 and what they end: adjectives that take the endings of verbs."""
    return stem.endswith(("있", "없"))


def conjugate(stem, ending, adjective=False):
    """A stem with an ending; the past is asked for by 었 in front (었는데)."""
    if ending.startswith("었") and ending != "었":
        ending = ending[1:]
        stem = past(stem)
        return stem + {"을": "을", "은데": "는데", "면": "으면", "니까": "으니까", "요": "어요"}.get(ending, ending)
    verbal = not adjective or exists(stem)
    liquid = final_of(stem) == "ㄹ"
    if ending == "는":
        if not verbal:
            return eu(stem, "ㄴ")
        return (with_final(stem, " ") if liquid else stem) + "는"
    if ending == "은":
        return stem + "는" if exists(stem) else eu(stem, "ㄴ")
    if ending == "는데":
        return conjugate(stem, "는", adjective) + "데"
    if ending == "을":
        return eu(stem, "ㄹ")
    if ending in ("면", "니까", "려고", "러", "며", "세요", "시"):
        return eu(stem, ending)
    if ending == "ㅂ시다":
        return eu(stem, "ㅂ시다")
    if ending == "아":
        return a(stem)
    if ending in ("아서", "아도", "아야", "아라"):
        return a(stem) + ending[1:]
    if ending == "요":
        return stem[:-1] + "세요" if stem.endswith("시") and stem != "마시" else a(stem) + "요"
    if ending == "는다":
        if not verbal or exists(stem):
            return stem + "다"
        if liquid or final_of(stem) == " ":
            return with_final(stem, "ㄴ") + "다"
        return stem + "는다"
    if ending == "습니다":
        if liquid or final_of(stem) == " ":
            return with_final(stem, "ㅂ") + "니다"
        return stem + "습니다"
    if ending == "네":
        return (with_final(stem, " ") if liquid else stem) + "네"
    return stem + ending  # 고 지 지만 게 기 다가 자 자마자 겠... : no change
