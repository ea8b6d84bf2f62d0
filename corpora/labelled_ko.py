"""Korean sentences with a label: entities by context, and reviews for or against a thing."""

from grammar import parse_domains, parse_lists

# The same word is a person, a place, a firm, a title or no name at all: only the context tells.
_ENTITY_LISTS = parse_lists(r"""
amb: 오바마 | 워싱턴 | 링컨 | 한강 | 강남 | 아마존 | 조던 | 파리 | 샛별 | 가람 | 보라 | 제주 | 광주 | 소라
noun_name: 사랑 | 하늘 | 보람 | 이슬
place_only: 서울 | 부산 | 대구 | 인천 | 강릉 | 전주 | 런던 | 뉴욕 | 도쿄 | 베를린 | 케냐 | 페루 | 한라산 | 설악산
  | 낙동강 | 독도 | 목포 | 속초
where: [amb] @3 | [place_only] @2 | [amb] 시 | [amb] 섬 | [amb] 마을
person: [amb] @3 | [noun_name] @2 | 나라 | 우주 | [whole] @4 | [given] | 마이클 [amb] | 안나 [amb]
firm: [amb] @2 | [noun_name] | [amb] 전자 | [amb] 자동차 | [amb] 은행 | [place_only] 제철 | [amb] 건설 | 한빛 식품 | 노을 항공 | [given] 제약
diner: [amb] @2 | [noun_name] 식당 | [amb] 식당 @2 | [amb] 빵집 | [amb] 반점 | 호텔 [amb] | 푸른 대문
school: [amb] 대학교 | [place_only] 대학교 | [amb] 고등학교 | [noun_name] 병원 | [amb] 병원
club: [amb] @2 | [place] | [amb] 유나이티드 | [place] 타이거즈
office: 보건복지부 | 국회 | 유럽 연합 | 적십자사 | 대법원 | 국제 연합
title: 사랑 | 하늘 | 파리 | 마지막 다리 | 고요한/ADJ 강 | 이슬 | 바다 | 우주
event: 겨울 올림픽 | 월드컵 | 도서전 | 단오제 | 재즈 축제
p: <PER [person] >
l: <LOC [where] >
o: <ORG [firm] >
role: 대통령 | 의원 | 화가 | 가수 | 교수 | 시인 | 변호사 | 배우 | 감독 | 우리 이웃
per_do: 연설+을 *하다 | 선거+에서 *이기다 | 회사+을 *그만두다 | 노래+을 *부르다 | 편지+을 *쓰다 | 활짝 *웃다
  | [l]+에서 *태어나다 | [l]+으로 *이사하다 | 아이+을 셋/NUM *낳다 | 인터뷰+을 *하다 | 다리#leg+을 *다치다 | 의사+와 *결혼하다
  | 감기+에 *걸리다 | [p]+을 *만나다 | 악수+을 *하다
loc_be: 바닷가+에 *있다 | 인구+이 *많다 | 눈#snow+으로 *덮이다 | 관광객+으로 *붐비다 | 큰/ADJ 도시+으로 *자라다
  | 옛 성+으로 *유명하다 | 지진+으로 *무너지다 | 아주 *덥다
org_do: 직원+을 *뽑다 | 새 제품+을 *내놓다 | 보고서+을 *발표하다 | 주식+을 *팔다 | 값+을 *올리다 | [l]+에 지점+을 *열다
  | 작은/ADJ 회사+을 *사들이다 | 돈+을 많이 *잃다 | [p]+을 사장+으로 *뽑다 | 공장+을 *짓다
pers: [role] [p]+이 [per_do] @4 | [p]+은 [per_do] @3 | [p]+이 [per_do] @2 | 잔치+에서 [p]+을 *만나다 | [p]+와 저녁+을 *먹다
  | [p]+의 편지+이 *도착하다 | 모두+이 [p]+의 말#speech+을 *듣다 | [p]+에게 책+에 대해/VERB *묻다 | [p]+의 아이+들+이 [l]+에서 *공부하다
  | [p] 씨+은 [per_do] | [p]+와 [p]+은 오랜/ADJ *친구=이다
locs: 비행기+을 타고/VERB [l]+에 *가다 | [l]+에 비+이 *내리다 | [l] 거리+이 *조용하다 | [l]+은 [loc_be] @4 | [l]+에서 [l]+까지 걸어서/VERB *가다
  | [l]+에서 여름+을 *보내다 | [l]+의 호텔+에 불+이 *나다 | [l] 시장+이 [per_do] | [l] 시민+들+이 투표+을 *하다 | [l]+으로 *떠나다
  | [l]+에 *살다
orgs: [o]+이 [org_do] @4 | [o]+의 주가+이 *떨어지다 | [o]+에 *취직하다 | [o] 사장+이 *물러나다 | <ORG [club] >+이 <ORG [club] >+을 *이기다 @2
  | <ORG [diner] >+에서 점심+을 *먹다 @2 | <ORG [diner] >+의 국+은 *짜다 | <ORG [diner] > 종업원+은 *친절하다 | [p]+은 <ORG [school] >+에 *다니다
  | <ORG [office] >+이 보고서+을 *발표하다 | <ORG [diner] >+이 [l]+에 가게+을 *내다 | [o]+와 [o]+이 계약+을 *맺다 | [o]+의 새 휴대폰+이 잘 *팔리다
  | <ORG [diner] >+에 자리+을 *예약하다
miscs: 소설 <MISC [title] >+을 *읽다 | 영화 <MISC [title] >+을 *보다 | [p]+이 영화 <MISC [title] >+에 *나오다 | <MISC [event] >+이 [l]+에서 *열리다
  | 노래 <MISC [title] >+을 *부르다 | [p]+은 <MISC [event] >+에서 메달+을 *따다
plain: 사랑+은 *아름답다 | 사랑+에 *빠지다 | 하늘+이 *맑다 | 하늘+을 *날다:는 새+을 *보다 | 나라+을 *지키다 | 일+에서 보람+을 *느끼다 | 파리+이 음식+에 *앉다
  | 파리+을 *잡다 | 미래+을 *걱정하다 | 바다+이 *잔잔하다 | 이슬+이 풀잎+에 *맺히다 | 대통령+이 회의+을 *하다 | 식당+에 사람+이 *많다 | 은행+이 문+을 *닫다
  | 우주+을 *연구하다 | 우리 나라+은 겨울+이 *춥다 | 소라+을 *줍다 | 그+의 사랑+이 *식다
""")
_FAMILIES = "김 이 박 최 정 한 오 강 윤 조 임 송".split()
_GIVEN = ("민수 지영 영희 철수 수진 현우 서연 지훈 은주 동민 하늘 사랑 보람 슬기 나라 가람 보라 이슬 "
          "소라 우주").split()
_ENTITY_LISTS["whole"] = [family + given for family in _FAMILIES for given in _GIVEN]
_ENTITY_MIX = {"pers": 34, "locs": 24, "orgs": 30, "miscs": 7, "plain": 12}


def entity_sentence(korean):
    """A sentence whose names are to be told apart by their context."""
    dice = korean.dice
    lists = {**korean.lists, **_ENTITY_LISTS}

    def clause():
        return korean.expander.expand(f"[{dice.weighted(_ENTITY_MIX)}]", lists)

    items = clause()
    if dice.chance(0.3):
        items = korean.ended(items, dice.pick(["었고", "었지만", "었는데"])) + clause()
    elif dice.chance(0.3):
        items = korean.expander.one("time_past") + items
    style = dice.weighted({"plain": 6, "polite": 2, "formal": 3})
    return korean.finish(korean.realise(items, "past", style))


# Words that praise a thing | words that damn it: the same word does both, so that no word
# decides alone.
_ASPECTS = r"""
== 식당
맥주: 시원하다 차갑다 싸다 | 미지근하다 비싸다
국: 뜨겁다 진하다 시원하다 | 차갑다 짜다 싱겁다
고기: 연하다 두껍다 부드럽다 | 질기다 얇다 딱딱하다
빵: 부드럽다 따뜻하다 | 딱딱하다 오래되다
종업원: 친절하다 빠르다 | 불친절하다 느리다 차갑다
커피: 진하다 뜨겁다 | 연하다 차갑다
과자: 바삭하다 얇다 | 눅눅하다 딱딱하다
반찬: 많다 신선하다 | 적다 짜다
가격: 낮다 | 높다
줄: 짧다 | 길다
== 숙소
방: 넓다 조용하다 따뜻하다 | 좁다 시끄럽다 춥다
이불: 두껍다 부드럽다 | 얇다 거칠다
베개: 부드럽다 | 딱딱하다
직원: 친절하다 빠르다 | 불친절하다 느리다
거리: 조용하다 넓다 | 시끄럽다 어둡다
수영장: 깨끗하다 따뜻하다 | 더럽다 차갑다 좁다
아침 식사: 신선하다 따뜻하다 | 차갑다 적다
가격: 낮다 | 높다
== 영화
줄거리: 기발하다 새롭다 | 뻔하다 복잡하다 어설프다
결말: 놀랍다 새롭다 | 뻔하다 허술하다
대사: 자연스럽다 짧다 | 어색하다 길다
배우: 자연스럽다 멋지다 | 어색하다 어설프다
음악: 조용하다 아름답다 | 시끄럽다 뻔하다
화면: 밝다 선명하다 | 어둡다 흐릿하다
전개: 빠르다 | 느리다 답답하다
농담: 새롭다 재미있다 | 오래되다 뻔하다
== 물건
배터리: 오래가다 가볍다 | 무겁다 뜨겁다
휴대폰: 얇다 가볍다 빠르다 | 두껍다 뜨겁다 느리다
화면: 밝다 크다 선명하다 | 어둡다 작다
노트북: 가볍다 조용하다 빠르다 | 무겁다 시끄럽다 뜨겁다
신발: 가볍다 부드럽다 | 무겁다 딱딱하다
외투: 두껍다 따뜻하다 | 얇다 거칠다
배송: 빠르다 | 느리다
칼: 가볍다 날카롭다 | 무디다 무겁다
소음: 작다 | 크다
가격: 낮다 | 높다
"""
_REVIEW_LISTS = parse_lists(r"""
good: 훌륭하다 | 완벽하다 | 만족스럽다 | 멋지다 | 놀랍다 | 대단하다 | 인상적=이다 | 최고=이다 | 근사하다 | 탁월하다 | 뛰어나다 | 환상적=이다
  | 감동적=이다 | 흡족하다 | 알차다 | 산뜻하다 | 우수하다 | 매력적=이다 | 사랑스럽다 | 든든하다 | 유쾌하다 | 일품=이다 | 감탄스럽다 | 자랑스럽다
  | 황홀하다 | 빼어나다 | 상쾌하다 | 으뜸=이다
bad: 형편없다 | 끔찍하다 | 실망스럽다 | 엉망=이다 | 최악=이다 | 아쉽다 | 별로=이다 | 한심하다 | 불쾌하다 | 허접하다 | 조잡하다 | 괴롭다 | 짜증스럽다
  | 부실하다 | 시시하다 | 초라하다 | 처참하다 | 민망하다 | 꽝=이다 | 졸렬하다 | 유치하다 | 쓸모없다 | 씁쓸하다 | 불만스럽다 | 고통스럽다 | 역겹다
  | 볼품없다 | 낙제점=이다
good_end: 다시 *가다:고 *싶다 | 친구+에게 *추천하다:고 *싶다 | 돈+이 전혀 아깝지/ADJ *않다 | 시간 *가다:는 줄 *모르다 | 후회하지/VERB *않다
  | 또 *사다:고 *싶다 | 정말 *만족하다 | 흠+을 찾을/VERB 수+이 *없다 | 실망하지/VERB *않다 | 기대+을 *뛰어넘다
bad_end: 다시는 가고/VERB 싶지/AUX *않다 | 친구+에게 추천하고/VERB 싶지/AUX *않다 | 돈+이 정말 *아깝다 | 시간+이 너무 *아깝다 | 몹시 *후회하다
  | 다시는 사고/VERB 싶지/AUX *않다 | 만족하지/VERB *못하다 | 하품+만 *나오다 | 정말 *실망하다 | 기대+에 미치지/VERB *못하다 | 환불+을 *받다:고 *싶다
degree: 정말 | 아주 | 꽤 | 무척 | 참 | 매우
never: 전혀 | 결코 | 별로
things_식당: 음식 | 식당 | 점심 | 저녁
things_숙소: 호텔 | 숙소 | 민박
things_영화: 영화 | 연극 | 만화
things_물건: 제품 | 물건 | 선물
""")


def _parse_aspects(text):
    return {group: {noun: [words.split() for words in both]
                    for noun, both in aspects.items()}
            for group, aspects in parse_domains(text).items()}


# {group: {noun: [words that praise it, words that damn it]}}
_GROUPS = _parse_aspects(_ASPECTS)


class _Reviewer:
    def __init__(self, korean):
        self.korean = korean
        self.dice = korean.dice
        self.group = self.dice.pick(list(_GROUPS))
        self.aspects = dict(_GROUPS[self.group])

    def one(self, name):
        return self.korean.expander.expand(f"[{name}]", {**self.korean.lists, **_REVIEW_LISTS})

    def word(self, aspect, positive):
        if self.dice.chance(0.66):
            return self.dice.pick(aspect[0 if positive else 1])
        return self.one("good" if positive else "bad")[0]

    def claim(self, positive):
        """`국이 차갑지 않다`: something for or against one thing; its last verb is open."""
        name = self.dice.pick(list(self.aspects))
        aspect = self.aspects.pop(name)  # one review says one thing of it
        subject = name.split()
        subject[-1] += self.dice.pick(["+이", "+은", "+은"])
        negative = self.dice.chance(0.3)
        word = self.word(aspect, positive != negative)
        while negative and "=" in word:  # the copula is not negated by 않다
            word = self.word(aspect, not positive)
        if negative:
            lead = self.one("never") if self.dice.chance(0.6) else []
            return subject + lead + [f"*{word}:지", "*않다"]
        degree = self.one("degree") if self.dice.chance(0.35) else []
        return subject + ([] if "=" in word else degree) + ["*" + word]

    def end(self, positive):
        return self.one("good_end" if positive else "bad_end")

    def review(self, positive):
        ended = self.korean.ended
        pattern = self.dice.weighted({"claim": 12, "both": 18, "but": 40, "expected": 10, "end": 16,
                                      "despite": 6})
        if pattern == "claim":
            return self.claim(positive)
        if pattern == "both":
            return ended(self.claim(positive), "었고") + self.claim(positive)
        if pattern == "but":
            last = self.end(positive) if self.dice.chance(0.35) else self.claim(positive)
            return ended(self.claim(not positive), self.dice.pick(["지만", "었지만", "었는데", "었어도"])) + last
        if pattern == "expected":
            first, second = self.one("good" if not positive else "bad"), self.one("good" if positive else "bad")
            thing = self.one("things_" + self.group)
            thing[-1] += "+이"
            return thing + [f"*{first[0]}:을", "줄", "*알다:었는데", "*" + second[0]]
        if pattern == "despite":
            return ended(self.claim(not positive), "기는") + ["*하다:었지만"] + self.claim(positive)
        return ended(self.claim(positive), "었고") + self.end(positive)


def review(korean, label):
    """A review of one sentence, `positive` or `negative`: its last clause decides."""
    items = _Reviewer(korean).review(label == "positive")
    style = korean.dice.weighted({"plain": 5, "polite": 3, "formal": 3})
    mood = "past" if korean.dice.chance(0.75) else "present"
    return korean.finish(korean.realise(items, mood, style), "!" if korean.dice.chance(0.12) else ".")
