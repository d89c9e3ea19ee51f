"""The noun phrases of a question: what a later "it" or "they" may stand for.

Found by function words and by the order of a question, without a tagger: the subject follows the auxiliary, the verb
the subject. Taggers trained on newspapers know no more of "What foods cause it?".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache


def word_set(words: str) -> frozenset[str]:
    """The words of a text as a set; long lists are easier to read so."""
    return frozenset(words.split())


_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|\w+(?:[-'’&/.](?!s\b)\w+)*|['’]s\b|['’](?=\s)|[^\w\s]")
POSSESSIVE_ENDINGS = word_set("'s ’s ' ’")
BE = word_set("is are was were be been being isn't aren't wasn't weren't")
MODALS = word_set(
    """
    do does did has have had can could will would shall should may might must don't doesn't didn't hasn't haven't
    can't couldn't won't wouldn't shouldn't
    """
)
AUXILIARIES = BE | MODALS
DEFINITE = word_set("the this that these those")
ARTICLES = DEFINITE | {"a", "an"}
# Those that tie a phrase to the one before it, "the port of Chancay", and the others.
_JOINING = word_set(
    "of in on at to for from with between against during under over through into near within among across vs"
)
PREPOSITIONS = _JOINING | word_set("by about after before since until without around towards versus than as")
QUESTION_WORDS = word_set("what which who whom whose when where why how")
_OTHER = word_set(
    """
    i me my you your we us our he him his she her it its they them their myself themselves someone somebody
    something anyone anything everyone everything thing things way ways one ones here there tell give show please
    and or but nor not no if because while so ok okay oh yes interesting thanks many much more most less least
    some any all each every both other others another else same also ever actually really still already today now
    just only even too long far often well well-known instead besides then said says told apart off up out down
    away particular
    """
)
_OBJECTS = word_set("it them him her me us")
_SUBJECTS = word_set("i you we he she it they")
_PLURALS = word_set("people men women children teeth feet mice police")
_VERBS = word_set(
    """
    accuse acquire add affect agree allow announce apply appoint approve arrest ask attack attend attract avoid
    ban become begin believe breed bring build buy call carry catch cause change charge choose claim come
    communicate compare compete conquer contain convict cook cost create criticise criticize cut damage define
    deliver demand deny depend describe design destroy develop die differ direct discover discuss drink earn eat
    elect employ end evolve exist expect explain explode export fail fall feel fight finance find fire fix fly
    follow form fund get give go govern grow happen have heal help hire hold hurt impact import improve include
    increase influence injure invade invent invest investigate involve join keep kill know last launch lead learn
    leave let lie live look lose make manage mean measure meet merge move name need negotiate occur offer open
    operate oppose order own pay perform plan play prevent produce promise protect provide publish put quit raise
    reach react receive recover reduce reject relate remove replace reproduce require rescue resign respond rise
    rule run say see seem sell serve ship shoot show sign sing sleep smell smoke sound spend spread stand star
    start stop store succeed sue suffer support survive swim take taste teach tell test think threaten trade
    transform transport travel treat try turn urge use vary visit vote want warn weigh win work write
    """
)
_IRREGULAR = word_set(
    """
    ate beat beaten became become began begun born bought broke broken brought built came caught chose chosen dealt
    done drank drawn drew driven drove eaten fed fell felt fled flew forgot fought found froze frozen gave given
    gone got grew grown held hid hung kept knew known laid led left lent lost made meant met overcame paid put ran
    rode rose said sang sank saw seen sent shook shot shown slept sold sought spent spoke spoken stole stolen stood
    struck swam swept swore taken taught thought threw thrown told took tore understood withdrawn withdrew won worn
    written wrote
    """
)
POSSESSIVES = word_set("its their his her")
# Nouns that mean little without what they are of.
RELATIONAL = word_set(
    """
    advantage age alternative amount application author benefit capital cause challenge character characteristic
    component con consequence cost creation criticism danger definition development difference disadvantage
    drawback effect element example factor feature finding founder function goal history impact implication
    invention issue kind leader level meaning measure member method name number objective option origin owner part
    population price pro problem process property purpose quality rate reaction reason requirement response result
    risk role rule side sign similarity size source stage step symptom theme treatment type use variety way winner
    """
)
_PREDICATE = re.compile(
    r".{2,}(?:able|ible|ful|ed)|important|different|similar|famous|popular|good|bad|best|worst|better|worse|easier|"
    r"harder|safe|free|difficult|dangerous|effective|legal|illegal|ethical|expensive|common|rare|worth|used|like"
)


def _forms(verb: str) -> Iterator[str]:
    stem = verb.removesuffix("e")
    yield from (verb, f"{verb}s", f"{verb}es", f"{stem}ed", f"{verb}{verb[-1]}ed")
    if verb.endswith("y"):
        yield from (f"{verb[:-1]}ies", f"{verb[:-1]}ied")


_LONGEST_CHAIN = 8  # phrases that are one when they are joined; bounds the time
VERB_FORMS = frozenset(form for verb in _VERBS for form in _forms(verb)) | _IRREGULAR


@dataclass(frozen=True)
class Token:
    """A word or sign of a text: `text[start:end]`."""

    text: str
    start: int

    @cached_property
    def lower(self) -> str:
        """In lower case and with a straight apostrophe; abbreviations that would pass for pronouns stay as they are."""
        return self.text if self.text in ("US", "IT") else self.text.lower().replace("’", "'")

    @property
    def end(self) -> int:
        """Where it ends in the text, in characters."""
        return self.start + len(self.text)

    @cached_property
    def is_content(self) -> bool:
        """Whether it may stand in a noun phrase by itself."""
        word = self.lower
        return self.text[0].isalnum() and not (
            word in AUXILIARIES or word in ARTICLES or word in PREPOSITIONS or word in QUESTION_WORDS or word in _OTHER
            or (word.endswith("ly") and len(word) > 5)
        )  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """Tokens `first` to `last` (exclusive) of a question; from `head_end` on they are joined by a preposition."""

    text: str
    tokens: tuple[Token, ...]
    first: int
    last: int
    head_end: int
    coordinate: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words without articles, in lower case."""
        return tuple(token.lower for token in self.tokens if token.text[0].isalnum() and token.lower not in ARTICLES)

    @cached_property
    def own(self) -> tuple[Token, ...]:
        """The tokens before its first preposition."""
        return self.tokens[: self.head_end - self.first]

    @cached_property
    def head(self) -> str:
        """The noun that the other words tell more about, as `stem` has it."""
        return stem(self.own[-1].lower)

    @property
    def article(self) -> str:
        """The article that it begins with, or ""."""
        return self.tokens[0].lower if self.tokens[0].lower in ARTICLES else ""

    @property
    def is_chain(self) -> bool:
        """Whether a preposition joins two phrases in it."""
        return self.head_end < self.last

    @cached_property
    def is_name(self) -> bool:
        """Whether it has a capital letter that neither a sentence's beginning nor its owner accounts for."""
        owner = [place for place, token in enumerate(self.own, self.first) if token.lower in POSSESSIVE_ENDINGS]
        named = enumerate(self.own, self.first)
        return any(token.text[0].isupper() for place, token in named if place > (owner or [0])[-1])

    @property
    def is_plural(self) -> bool:
        """Whether it speaks of several."""
        last = self.own[-1].lower
        return self.coordinate or last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


@dataclass(frozen=True)
class Parse:
    """A question taken apart; `stems` are those of its content words."""

    text: str
    tokens: tuple[Token, ...]
    phrases: tuple[Phrase, ...]
    stems: frozenset[str]

    def word(self, place: int) -> str:
        """The token at a place in lower case, "" outside."""
        return self.tokens[place].lower if 0 <= place < len(self.tokens) else ""

    @property
    def end(self) -> int:
        """Where its last word ends, in characters."""
        return next((token.end for token in reversed(self.tokens) if token.text[0].isalnum()), len(self.text))


@lru_cache(maxsize=500)
def parse(question: str) -> Parse:
    """The tokens and noun phrases of a question; a phrase is there alone, and with those that are joined to it.

    >>> [phrase.text for phrase in parse("How does the port of Chancay affect Peru's trade?").phrases]
    ['the port', 'the port of Chancay', 'Chancay', "Peru's trade", 'Peru']
    """
    tokens = tuple(Token(match.group(), match.start()) for match in _TOKEN.finditer(question))
    stems = frozenset(stem(token.lower) for token in tokens if token.is_content)
    return Parse(question, tokens, tuple(_phrases(question, tokens)), stems)


def stem(word: str) -> str:
    """A word without the ending of its plural.

    >>> stem("ports"), stem("glass")
    ('port', 'glass')
    """
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word


def _phrases(text: str, tokens: tuple[Token, ...]) -> Iterator[Phrase]:
    def phrase(first: int, last: int, head_end: int, *, coordinate: bool = False) -> Phrase:
        words = text[tokens[first].start : tokens[last - 1].end]
        return Phrase(words, tokens[first:last], first, last, head_end, coordinate)

    simple = list(_simple(tokens))
    for number, (first, last) in enumerate(simple):
        yield phrase(first, last, last)
        end, joints = last, set[str]()
        for following, after in simple[number + 1 : number + _LONGEST_CHAIN]:
            if following != end + 1 or tokens[end].lower not in _JOINING | {"and"}:
                break
            joints.add(tokens[end].lower)
            end = after
            if joints == {"and"}:
                yield phrase(first, end, end, coordinate=True)
            elif "and" not in joints or "between" in joints:
                yield phrase(first, end, last)
        for place in range(first + 1, last):
            if tokens[place].lower in POSSESSIVE_ENDINGS:
                yield phrase(first, place, place)


def _simple(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Runs of content words with their article, verbs taken out."""
    place = 0
    while place < len(tokens):
        first = start = place
        if tokens[place].lower in ARTICLES:
            start += 1
            while start < len(tokens) and tokens[start].lower in ("most", "more", "other", "same"):
                start += 1
        place = start
        while place < len(tokens) and (
            tokens[place].is_content or (place > start and tokens[place].lower in POSSESSIVE_ENDINGS)
        ):
            place += 1
        if place > start:
            yield from _without_verb(tokens, first, start, place)
        place = max(place, first + 1)


def _without_verb(tokens: Sequence[Token], first: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What is left of a run of content words, `start` to `end`, on both sides of its verb."""
    while tokens[end - 1].lower in POSSESSIVE_ENDINGS:
        end -= 1
    if first and tokens[first - 1].lower in BE | POSSESSIVE_ENDINGS:
        while end > start + 1 and (_is_predicate(tokens[end - 1]) or _is_doing(*tokens[end - 2 : end])):
            end -= 1
    verb = _verb(tokens, first, start, end)
    if verb is None:
        yield first, end
    else:
        if verb > start:
            yield first, verb
        if verb + 1 < end:
            yield verb + 1, end


def _is_predicate(token: Token) -> bool:
    return _PREDICATE.fullmatch(token.lower) is not None or token.lower in _IRREGULAR


def _is_doing(name: Token, token: Token) -> bool:
    """Whether a name's bearer does something, as in "is Ann Lee building": "the council building" may be a house."""
    return name.text[0].isupper() and token.text.islower() and token.text.endswith("ing")


def _verb(tokens: Sequence[Token], first: int, start: int, end: int) -> int | None:
    """Where the verb stands in a run of content words, `start` to `end`, whose article is at `first`."""
    before = tokens[first - 1].lower if first else ""
    after = tokens[end].lower if end < len(tokens) else ""
    verbs = [place for place in range(start, end) if tokens[place].text in VERB_FORMS]
    bare, alone, lower = first == start, end == start + 1, tokens[start].text[0].islower()
    asks = any(token.lower in MODALS for token in tokens[:first])
    for place in verbs:  # "Mayor Lena Ortiz opened", "voters chose Lena Ortiz"
        said = tokens[place].text.endswith("ed") or tokens[place].text in _IRREGULAR
        beside = tokens[place - 1 : min(place + 2, end)]
        if place > start and said and any(token.text[0].isupper() for token in beside):
            return place
    if before in MODALS and not alone:  # "does exercise affect", "will Chancay take"
        if later := [place for place in verbs if place > start]:
            return later[0]
        unknown = after not in {"of", *AUXILIARIES} and tokens[end - 1].text[0].islower()
        return end - 1 if unknown else None
    if (
        before in PREPOSITIONS | {"and"} and asks and (before != "to" or not lower)
    ):  # "Does a lack of sunlight cause cancer?"
        return next((place for place in verbs if place > start and tokens[place].text in _VERBS), None)
    if not bare:
        superlative = tokens[start - 1].lower in ("most", "more") and alone  # "the most delicious"
        return start if superlative else None
    if not first:  # "Describe crude oil washing"
        return start if tokens[start].lower in VERB_FORMS else None
    if before in ("what", "who", "which", "that") and (not alone or after in ARTICLES):
        return verbs[0] if verbs and after not in AUXILIARIES else None  # "What foods cause cancer?"
    if (before == "to" and lower) or before in _SUBJECTS:
        return start
    if alone and (
        (after in _OBJECTS and lower) or (before not in PREPOSITIONS and (verbs or _is_predicate(tokens[start])))
    ):
        return start
    if not alone and after in _OBJECTS and end - 1 in verbs:  # "Does a lack of sunlight cause it?"
        return end - 1
    return start if start in verbs and asks else None
