"""Dirt goes and the article stays: on the five articles, on made-up pages, and on any text at all."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from layouts import LAYOUTS

from rag.ingest.clean import Cleaned, clean
from rag.ingest.load import SUFFIXES, load_document

ROOT = Path(__file__).resolve().parents[1]
SEEDS = sorted((ROOT.parent / "seeds").glob("*.txt"))


@dataclass(frozen=True)
class Page:
    """A made-up page and what a careful reader would keep of it and know about it."""

    path: Path
    gold: dict[str, Any]

    @property
    def cleaned(self) -> Cleaned:
        return clean(load_document(self.path, self.path.name))

    def __str__(self) -> str:
        return self.path.stem


def pages(split: str) -> list[Page]:
    found = [path for path in sorted((ROOT / "articles").iterdir()) if path.suffix in SUFFIXES]
    golds = {path: json.loads(path.with_suffix(".gold.json").read_text("utf-8")) for path in found}
    return [Page(path, gold) for path, gold in golds.items() if gold["split"] == split]


def folded(text: str) -> str:
    return " ".join(text.split())


def missing(strings: list[str], text: str) -> list[str]:
    return [string for string in strings if folded(string) not in folded(text)]


def cleaned(*lines: str) -> Cleaned:
    return clean(Document(page_content="\n".join(lines)))


LEAD = "The bridge between the islands opened on Monday, two winters late and at twice the price, the county said."
MORE = "The ferry that had served the islands for seventy-one years made its last trip that same morning, full."
LAST = "Drivers will pay ninety-four kroner for a crossing until the loan is repaid, which may take twenty years."


def test_pages_in_aggregate() -> None:
    """Floors slightly below the figures, which are printed: all of 603 strings kept, 90.7 % of 551 dropped."""
    texts = [(page, page.cleaned.document.page_content) for page in pages("dev")]
    drops = {str(page): [line for line in page.gold["drop"] if line not in page.gold["either"]] for page, _ in texts}
    keep = sum(len(page.gold["keep"]) for page, _ in texts)
    drop = sum(map(len, drops.values()))
    lost = {str(page): lines for page, text in texts if (lines := missing(page.gold["keep"], text))}
    gone = sum(len(missing(drops[str(page)], text)) for page, text in texts)
    print(f"kept {1 - sum(map(len, lost.values())) / keep:.1%} of {keep}, dropped {gone / drop:.1%} of {drop}")
    assert sum(map(len, lost.values())) <= 0.005 * keep, lost
    assert gone >= 0.9 * drop


@pytest.mark.parametrize("blank", ["\n", "\n\n"], ids=["tight", "apart"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_other_layouts_and_languages(name: str, blank: str) -> None:
    lines = LAYOUTS[name].strip("\n").split("\n")
    result = cleaned(blank.join(line[1:] for line in lines))
    may_stay = [line[1:] for line in lines if line.startswith("~")]
    kept = [line for line in result.document.page_content.split("\n") if line and line not in may_stay]
    assert kept == [line[1:] for line in lines if line.startswith(" ")]


REMOVED_FROM_SEEDS = {
    "000": ["photo caption and credit"] * 2,
    "001": ["comment form or comments", "page control"],
    "002": ["pointer to another article"] * 2,
    "004": ["photo caption and credit"] * 2,
}


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem[:3])
def test_the_five_articles_keep_every_other_line(path: Path) -> None:
    document = load_document(path, path.name)
    result = clean(document)
    number = path.stem[:3]
    kept, removed = result.document.page_content.split("\n"), [removal.text for removal in result.removed]
    if number == "003":
        assert [line for line in kept if line][:3] == [
            "Peru looking to expand cooperation",
            "Marco V.Balarezo",
            kept[4],
        ]
        assert kept[4].startswith("The win-win cooperation")
        assert kept[-1].startswith("China’s advancements in digital transformation")
        assert len([line for line in kept if line]) == 21
    else:
        assert [removal.reason for removal in result.removed] == REMOVED_FROM_SEEDS[number]
    lines = [line.rstrip() for line in document.page_content.split("\n") if line.strip()]
    assert sorted([line for line in kept if line] + removed) == sorted(lines)


def test_removals_are_recorded_in_page_order_with_reasons() -> None:
    result = cleaned(
        "Home | World | Sport",
        "",
        "Bridge opens at last",
        "",
        LEAD,
        "",
        "Advertisement",
        "",
        MORE,
        "",
        "Share this",
    )
    assert [(removal.text, removal.reason) for removal in result.removed] == [
        ("Home | World | Sport", "menu or row of controls"),
        ("Advertisement", "advertising mark"),
        ("Share this", "page control"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "READ MORE: Ten bridges to see before you die",
        "Lea también: Los diez puentes más largos",
        "À lire aussi : Les ponts les plus longs",
        "Lesen Sie auch: Die längsten Brücken",
        "Leia também: As pontes mais longas",
        "延伸阅读：十座最美的桥",
        "The bridge at dawn. Photo: Ann Lee / AFP",
        "The bridge at dawn (Photo by Ann Lee/Getty Images)",
        "El puente al amanecer. Foto: Ana Ruiz",
        "The bridge at dawn. REUTERS/Ann Lee",
        "Advertisement",
        "- Publicidad -",
        "広告",
        "best casino bonus online-slots.bet cheap replica watches-24.shop",
        "казино онлайн бонус без депозита",
        "Story continues below advertisement",
        "ADVERTISEMENT – CONTINUE READING BELOW",
        "La suite après cette publicité",
        "Continua dopo la pubblicità",
        "Nach der Werbung geht es weiter",
        "Sponsored by Island Bank",
        "Image source, Getty Images",
        "Bild: dpa/Hans Meier",
        "사진=연합뉴스",
        "In this photo the bridge is shown. (Island Guard via AP)",
        "Illustration by Ann Lee. Source image: Alamy",
        "The bridge at dawn. Picture: Island Press/A. Lee",
        "Te recomendamos: Cinco puentes para cruzar",
        "In case you missed it: Five bridges to cross",
        "Les også: Fem broer",
        "Czytaj też: Pięć mostów",
        "Baca juga: Lima jembatan",
        "Đọc thêm: Năm cây cầu",
        "यह भी पढ़ें: पांच पुल",
        "あわせて読みたい：五つの橋",
        "VIDEO: The bridge from the air",
        "https://www.theislandherald.example/news/bridge-opens?print=true",
        "I lost 3 BTC to a fake broker but RecoverPro got it back, write to recoverpro@gmail.com for your funds",
        "buy followers cheap instagram likes smm panel fast delivery",
        "แทงบอลออนไลน์ เว็บตรง สมัครวันนี้ รับโบนัส 100%",
    ],
)
def test_furniture_between_two_paragraphs_goes(line: str) -> None:
    result = cleaned("Bridge opens at last", "", LEAD, "", line, "", MORE, "", LAST)
    assert [removal.text for removal in result.removed] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for our daily newsletter and never miss a story.",
        "© 2024 The Island Herald. All rights reserved.",
        "We use cookies to improve your experience. By continuing you accept our cookie policy.",
        "You have 2 free articles left this month. Subscribe for unlimited access.",
        "This material may not be published, broadcast or rewritten.",
        "Subscribe to our newsletter",
        "Suscríbete a nuestro boletín",
        "Share on Facebook",
        "Melden Sie sich für unseren Newsletter an und lesen Sie weitere Artikel",
        "Listen to this article · 7 min",
        "00:00 / 04:31",
        "Únete a nuestro canal de Telegram",
        "Man of the match? Vote in our poll",
        "Tickets for the bridge run from 12 euros – book now",
        "The soup knife is 30% off this week with code SOUP30. [Shop the deal](/deal)",
        "#bridges #ferries #islands",
    ],
)
def test_what_the_site_says_goes_around_an_article_and_stays_amid_its_prose(line: str) -> None:
    assert cleaned("Bridge opens at last", "", LEAD, "", line, "", MORE, "", LAST).removed == ()
    below = cleaned("Bridge opens at last", "", LEAD, "", MORE, "", LAST, "", line)
    assert [removal.text for removal in below.removed] == [line]


@pytest.mark.parametrize(
    "rows",
    [
        (
            "| Site | Born | Last post |",
            "|---|---|---|",
            "| knitting.example | 1999 | 2011 |",
            "| axolotl.example | 2004 | |",
        ),
        ("Area | 2021 | 2022", "Upper Hald | 3,410 | 2,690", "Seegau | 640 | 581"),
        ("Site\tBorn", "knitting.example\t1999", "axolotl.example\t2004"),
    ],
)
@pytest.mark.parametrize("blank", ["\n", "\n\n"], ids=["tight", "apart"])
def test_a_table_amid_prose_stays(rows: tuple[str, ...], blank: str) -> None:
    assert cleaned(blank.join(("Bridge opens at last", LEAD, *rows, MORE, LAST))).removed == ()
    assert cleaned(blank.join(("Bridge opens at last", LEAD, MORE, "The sites are these:", *rows))).removed == ()


@pytest.mark.parametrize(
    "line",
    [
        "He was 84.",
        "“No.”",
        "GT: How do you see it?",
        "A: Never",
        "What happens next",
        "WHAT HAPPENS NEXT",
        "• a pickle, whichever is ready",
        "- lentils with burnt onion",
        "بنی آدم اعضای یکدیگرند",
        "“四海之内皆兄弟”",
        "Read the label, she said, and then put it back.",
        "The agency did not respond to a request for comment.",
        "More details were not available.",
        "“We use cookies to learn who you are,” said Ann Lee of the privacy group.",
        "Visit www.who.int for the full list, the ministry said.",
        "The share price of Facebook fell by 3.4 percent.",
        "18:52",
        "Stay 1,204",
        "She sold a picture by Picasso.",
        "By 2030 the loan will be repaid.",
        "Copyright law is older than the bridge.",
        "The Fear Never Leaves, It Only Learns to Sit Still",
        "Next: the tunnel",
        "What to watch",
        "Q: Do you like the bridge?",
        "Tickets cost from 12 euros and can be had at the harbour.",
        "Terms apply to all who cross, the county said.",
        "18+ only, the sign on the door said.",
        "He is a member of the county council.",
        "Thanks for reading, he told the class.",
        "Photo by photo, she built the archive.",
        "Follow the money",
        "More bridges planned",
        "12 per cent | 14 per cent | 9 per cent",
        "1. Read the label.",
        "- Subscribe to nothing",
        "Ingredients: 2 onions, 1 lemon",
        "“Buy now,” he said.",
        "> He said: never again",
        "Breakfast/Lunch",
        "→ Step one: mix the flour",
        "More: he said that he would not go.",
        "Donate blood",
        "GDP | 3.4 per cent in the year",
        "Lisätietoja saa osoitteesta kunta.example",
        "The gate opens at nine: “register to read,” says the sign.",
    ],
)
def test_lines_of_an_article_stay(line: str) -> None:
    result = cleaned("Bridge opens at last", "", LEAD, "", line, "", MORE, "", LAST)
    assert result.removed == ()


def test_a_list_that_the_article_announces_may_name_sites() -> None:
    addresses = ["– lucky-casino.example", "– slot-fjord.example", "– https://bet-amber.example"]
    lines = ("Regulator blocks sites", "", LEAD, "", "Among the addresses on the list were:", "", *addresses, "", MORE)
    assert cleaned(*lines).removed == ()
    assert len(cleaned("Regulator blocks sites", "", LEAD, "", *addresses, "", MORE).removed) == 3


@pytest.mark.parametrize(
    "lines",
    [
        ("The Island Herald — read since 1903", "Bridge opens at last", "By Ann Lee"),
        ("The Island Herald", "News   Sport   Shop", "Bridge opens at last"),
        ("Bridge opens at last – The Island Herald", "Bridge opens at last", "14 November 2024"),
    ],
)
def test_a_masthead_is_no_headline(lines: tuple[str, ...]) -> None:
    for blank in ("\n", "\n\n"):
        text = cleaned(blank.join((*lines, LEAD, MORE, LAST))).document.page_content
        assert text.startswith("Bridge opens at last\n")


@pytest.mark.parametrize(
    "lines",
    [
        ("The Last Post", "A bugler retires after forty years", "Facebook   X", "By Ann Lee"),
        ("Island Herald staff strike", "Staff walked out at noon", "By Ann Lee"),
        ("Five bridges: what we know", "Facebook   X", "By Ann Lee"),
        ("Peru votes", "Facebook   X", "14 November 2024"),
        ("Peru votes", "By Ann Lee", "Island Herald, Lima"),
        ("Facebook to charge for comments", "Menu   Home   News"),
    ],
)
def test_a_headline_stays(lines: tuple[str, ...]) -> None:
    for blank in ("\n", "\n\n"):
        page = blank.join((*lines, LEAD, "What we know", MORE, LAST, "© 2024 Island Herald"))
        assert cleaned(page).document.page_content.startswith(f"{lines[0]}\n")


def test_the_body_does_not_end_in_what_the_publisher_says() -> None:
    foot = [
        "Enjoyed this essay? Tell a friend, or two.",
        "The Island Herald is a registered charity.",
        "You have reached the end. Why not begin again?",
    ]
    assert [removal.text for removal in cleaned("Bridge opens", LEAD, MORE, LAST, *foot).removed] == foot
    assert cleaned("Bridge opens", LEAD, foot[1], MORE, LAST).removed == ()


def test_an_article_may_speak_of_cookies_comments_and_networks() -> None:
    lines = [
        "Latest news about comments: Facebook to charge for replies",
        "Facebook will charge companies for replies to comments, the firm said on Tuesday, in a change of its rules.",
        "Cookies and consent",
        "A site must ask for consent before it stores cookies, and most sites do so with a banner that nobody reads.",
        "Twitter, Instagram, TikTok",
        "The rivals Twitter, Instagram and TikTok said on Tuesday that they had no such plans for this year or next.",
    ]
    assert cleaned(*lines).removed == ()


def test_what_comes_after_an_advertisement_at_the_end_stays() -> None:
    result = cleaned(
        "Mayor dies",
        "",
        LEAD,
        "",
        "Advertisement",
        "",
        "He was 84.",
        "",
        "Share",
        "Bins: what changes",
        "© 2024",
    )
    assert result.document.page_content.endswith(f"{LEAD}\n\nHe was 84.")


def test_comments_go_however_long_they_are() -> None:
    result = cleaned(
        "Bridge opens",
        "",
        LEAD,
        MORE,
        LAST,
        "",
        "2 comments",
        f"ann: {MORE}",
        f"bo: {LAST}",
        "Log in to reply",
    )
    assert result.document.page_content.endswith(LAST)
    assert len(result.removed) == 4


def test_link_spam_glued_to_a_paragraph_goes_as_a_span() -> None:
    spam = "cheap viagra overnight rx-speedy.to casino en ligne bonus sans depot"
    result = cleaned("Bridge opens at last", LEAD, f"{MORE} {spam}", LAST)
    assert result.document.page_content.split("\n")[2] == MORE
    assert [removal.text for removal in result.removed] == [spam]


def test_an_obfuscated_address_goes_as_a_span() -> None:
    result = cleaned(
        "Bridge opens at last", LEAD, "Write to [email protected] or call.", MORE, "[email\u00a0protected]"
    )
    assert "Write to or call." in result.document.page_content
    assert [removal.reason for removal in result.removed] == ["obfuscated e-mail address"] * 2


def test_hard_wrapped_paragraphs_are_judged_whole() -> None:
    wrapped = [
        "A court on Wednesday suspended the sale of 640 acres of wetland on the",
        "southern edge of the capital, ruling that a county had tried to sell",
        "land it did not own to a developer that did not yet exist.",
        "",
        "The case was brought by families who graze cattle and cut papyrus along",
        "the river, and who say they learned of the sale when surveyors came to",
        "drive pegs.",
        "",
        "The county had said that the estate would have brought piped water to",
        "the area for the first time, and that it would appeal at once against",
        "the ruling.",
    ]
    result = cleaned("Court halts sale of wetland", "", *wrapped, "", "Share this article")
    assert result.document.page_content == "\n".join(["Court halts sale of wetland", "", *wrapped])


@pytest.mark.parametrize(
    "lines",
    [
        [
            "กรุงเทพมหานครเปิดใช้สะพานแห่งใหม่ข้ามแม่น้ำเจ้าพระยาในวันจันทร์ที่ผ่านมา หลังจากก่อสร้างนานกว่าสามปี",
            "ชาวบ้านบอกว่าดีใจมาก",
        ],
        [
            "四月十七日清晨六点，七十九岁的摆渡人老周第一个走上云东古桥。他走得很慢，手一直扶着石栏。",
            "桥还在。",
        ],
        [
            "В Печоре после ремонта открылась городская библиотека, которую закрыли три года назад.",
            "Ему было 84 года.",
        ],
        [
            "افتتحت السلطات المصرية يوم الاثنين جسرا جديدا فوق نهر النيل بعد ثلاث سنوات من العمل.",
            "كان عمره 84 عاما.",
        ],
        [
            "केरल में सोमवार को एक नया पुल खुला, जिसे बनाने में तीन साल लगे और जिस पर दो अरब रुपये खर्च हुए।",
            "वह 84 वर्ष के थे।",
        ],
        [
            "El puente entre las islas se abrió el lunes, dos inviernos tarde y al doble del precio previsto.",
            "Tenía 84 años.",
        ],
    ],
)
def test_articles_in_other_languages_survive_whole(lines: list[str]) -> None:
    assert cleaned(*lines).removed == ()


def test_a_page_of_dirt_alone_is_kept() -> None:
    document = Document(page_content="Share\nAdvertisement  \n", metadata={"source": "a"})
    assert clean(document).document.page_content == "Share\nAdvertisement"
    assert clean(document).removed == ()
    marks = clean(Document(page_content="[email protected]\n\n[email protected]"))
    assert marks.removed == () and [line.rest for line in marks.lines] == ["[email protected]", "", "[email protected]"]


def test_metadata_are_copied() -> None:
    document = Document(page_content=LEAD, metadata={"source": "a"})
    clean(document).document.metadata["title"] = "changed"
    assert document.metadata == {"source": "a"}


DIRT = [line for path in SEEDS for line in path.read_text("utf-8").split("\n")]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(DIRT), st.text(max_size=40))).map("\n".join)))
def test_cleaning_is_total_and_idempotent(text: str) -> None:
    once = clean(Document(page_content=text))
    again = clean(once.document)
    assert again.removed == ()
    assert again.document.page_content == once.document.page_content
    assert once.document.page_content.strip() or not text.strip()
    assert [line.text for line in once.lines] == [line.rstrip() for line in text.split("\n")]
    rests = [line.rest for line in once.lines if line.rest is not None]
    assert " ".join(rests).split() == once.document.page_content.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "word " * 40_000,
        "a-" * 100_000,
        "(" * 200_000,
        "[" * 200_000,
        "中" * 200_000,
        "a.a" * 66_000,
        "[email protected] " * 11_000,
        (SEEDS[3].read_text("utf-8") + "\n") * 40,
        "Home\n" * 50_000,
        "Aaaaab\n" * 10_000 + "a" * 100_000 + " and so it goes on and on.",
        "| a | b |\n" * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_the_time_is_about_linear(text: str) -> None:
    """Sixteen times the text takes about sixteen times as long; a quadratic method would take 256 times."""

    def seconds(part: str) -> float:
        start = time.process_time()  # what else the machine does, does not count
        clean(Document(page_content=part))
        return time.process_time() - start

    short, long = (min(seconds(part) for _ in range(2)) for part in (text[: len(text) // 16], text))
    assert long < 64 * max(short, 0.002)  # below that the clock and the fixed costs tell more than the method
