"""The language of a question, and the words around an answer in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.text.words import FUNCTION_WORDS

ABSTENTION = "The articles do not say."
UNSURE = "The articles do not answer this directly."


@dataclass(frozen=True)
class Language:
    """A language, by its ISO 639-1 code ("und" where it is not known), and what is said in it.

    `lead` goes ahead of quotes in another language ("" in English), `abstention` stands for an answer, `unsure` too
    where there are words worth a look, and `needs_extra` says that questions in it need the multilingual model.
    `function_words` are those that a short question has besides names, in lower case; where two languages share a
    word, both have it.
    """

    code: str
    lead: str
    abstention: str
    unsure: str
    needs_extra: str
    function_words: frozenset[str] = frozenset()

    def is_foreign(self, quotes: Sequence[str]) -> bool:
        """Whether one of the quotes is in another language."""
        return any(language_of(quote).code != self.code for quote in quotes)


_ENGLISH = Language("en", "", ABSTENTION, UNSURE, "", FUNCTION_WORDS)
_CHINESE = Language("zh", "文章原文如下：", "文章没有提到。", "文章没有直接回答这个问题。", "中文提问需要多语言模型")
_OTHER = Language(
    "und",
    "The articles say, in their own language:",
    ABSTENTION,
    UNSURE,
    "Questions in this language need the multilingual model",
)
_LATIN = tuple(
    Language(code, lead, abstention, unsure, need, frozenset(words.split()))
    for code, lead, abstention, unsure, need, words in (
        (
            "es",
            "Los artículos dicen, en su idioma original:",
            "Los artículos no lo dicen.",
            "Los artículos no responden directamente a esto.",
            "Las preguntas en español necesitan el modelo multilingüe",
            "¿ ¡ a al ante antes aquel aquella año años aún bajo como con contra cual cuales cuál cuáles cuando cuándo "
            "cuanta cuantas cuanto cuantos cuánta cuántas cuánto cuántos de del desde después dice dijo donde dónde "
            "durante e el ella ellas ellos en entre era eran eres es esa ese eso esta está están estaba este esto "
            "estos fue fueron ha han hasta hay hace hizo hubo la las le les lo los más me mi mientras muy ni no nos o "
            "otra otro para pero por porque pueden puede que qué quien quienes quién quiénes se según ser será si sí "
            "sido sin sobre son soy su sus también tan te tiene tienen todo todos tu un una unas uno unos y ya",
        ),
        (
            "fr",
            "Les articles disent, dans leur langue d'origine :",
            "Les articles ne le disent pas.",
            "Les articles n'y répondent pas directement.",
            "Les questions en français ont besoin du modèle multilingue",
            "a à ainsi alors après au aussi autre aux avait avant avec c ce celle celui ces cet cette chez combien "
            "comme comment contre d dans de depuis des dit donc dont du elle elles en entre est et été était ont être "
            "fait il ils j je jusqu l la le les leur leurs lors lui mais même n ne nous on ou où par pas pendant peut "
            "plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se selon ses si son sont "
            "sous sur t tous tout très un une vers vous y",
        ),
        (
            "de",
            "In den Artikeln steht, in ihrer Sprache:",
            "In den Artikeln steht das nicht.",
            "Die Artikel beantworten das nicht direkt.",
            "Fragen auf Deutsch brauchen das mehrsprachige Modell",
            "ab aber als am an auch auf aus bei beim bis da dann das dass dem den der des die dies diese dieser durch "
            "ein eine einem einen einer eines er es für gab gegen gibt haben hat hatte hatten ihr ihre im in ins ist "
            "kann können man mehr mit nach nicht noch nur ob oder ohne sein seine seit sich sie sind so über um und "
            "vom von vor wann war waren warum was welche welchem welchen welcher welches wem wen wer werden wessen "
            "wie wieso will wird wo woher wohin wurde wurden zu zum zur zwischen",
        ),
        (
            "nl",
            "In de artikelen staat, in hun eigen taal:",
            "Dat staat niet in de artikelen.",
            "De artikelen geven hierop geen rechtstreeks antwoord.",
            "Vragen in het Nederlands hebben het meertalige model nodig",
            "aan al als bij dan dat de den der deze die dit door een er gaan geen had hadden heb hebben heeft het hij "
            "hoe hoeveel hun in is kan kunnen maar meer met moet na naar niet nog nu om ook onder onze op over "
            "sinds te tegen tot tussen uit van vanaf veel voor waar waarom waarvan wanneer was waren wat welk welke "
            "werd werden wie worden wordt zal ze zich zijn zonder zou zullen",
        ),
        (
            "pt",
            "Os artigos dizem, no idioma original:",
            "Os artigos não o dizem.",
            "Os artigos não respondem diretamente a isto.",
            "As perguntas em português precisam do modelo multilíngue",
            "a à ao aos após aquela aquele as às até com como contra da das de dela dele depois desde disse do dos "
            "durante e é ela ele em entre era eram essa esse esta está estão este eu foi foram há isso já lhe mais "
            "mas muito na não nas nem no nos num numa o onde os ou para pela pelas pelo pelos pode podem por porque "
            "qual quais quando quanta quantas quanto quantos que quê quem são se segundo sem ser será seu seus sob "
            "sobre sua suas também tem têm um uma umas uns você",
        ),
        (
            "it",
            "Gli articoli dicono, in lingua originale:",
            "Gli articoli non lo dicono.",
            "Gli articoli non rispondono direttamente a questo.",
            "Le domande in italiano richiedono il modello multilingue",
            "a ad agli ai al alla alle anche c che chi ci come con contro cosa cui d da dai dal dalla dalle degli dei "
            "del dell della delle dello di dopo dov dove durante e è ed era erano fra gli ha hanno i il in io l la le "
            "lo loro ma nei nel nell nella nelle non o ogni per perché più può qual quale quali quando quant quanta "
            "quante quanti quanto quella quello questa questo se secondo si sono stata stato su sua sue sui sul sulla "
            "suo suoi tra un una uno",
        ),
    )
)
_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[¿¡]|[^\W\d_{_HAN}]+")
_CHINESE_LETTER = re.compile(f"[{_HAN}]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")


def language_of(text: str) -> Language:
    """The language of a question or a sentence, by its script and its function words.

    Names do not count, so that a question about foreign names stays English; where nothing speaks for another language
    it is English. Libraries trained on whole texts take some of those for another language (docs/evaluation.md).

    >>> questions = ("¿Quién es Xi?", "习近平是谁？", "Who is Carlos de la Torre?", "Xi Jinping")
    >>> [language_of(question).code for question in questions]
    ['es', 'zh', 'en', 'en']
    """
    words = [word for place, word in enumerate(_WORD.findall(text)) if not place or word[0].islower() or word in "¿¡"]
    lower = [word.lower() for word in words]
    counts = {one: sum(word in one.function_words for word in lower) for one in (_ENGLISH, *_LATIN)}
    most = max(counts.values())
    foreign = sum(letter.isalpha() and "LATIN" not in unicodedata.name(letter, "LATIN") for letter in text)
    if foreign > 2 * most:
        return _by_script(text)
    return next(language for language, count in counts.items() if count == most)


def _by_script(text: str) -> Language:
    if _KANA.search(text):
        return replace(_OTHER, code="ja")
    if _HANGUL.search(text):
        return replace(_OTHER, code="ko")
    return _CHINESE if _CHINESE_LETTER.search(text) else _OTHER
