"""What news says every day is no furniture, wherever in the article it is said."""

import pytest
from langchain_core.documents import Document

from rag.ingest.clean import clean

SENTENCES = """
The bridge was designed by a firm of architects from Aarhus and cost 40 million euros.
The company is part of the Lindqvist group, which employs 9,000 people in eleven countries.
Residents must register by Friday to vote in the council election, the clerk said.
Read the council's statement in full before you judge it, Mr Okoro urged.
The show is sponsored by the city and runs until the end of August.
The mill is owned by a pension fund that bought it in 2011.
The new trains are powered by hydrogen and built in the north of the country.
The magazine is published by two sisters who work from a garage in Leith.
The ferry is operated by the county, which has lost money on it every year.
Aldo is a member of the orchestra's board and has played the bassoon since he was nine.
The charity was registered in 1974 and has fed the town's poor ever since.
The posters were printed by pupils of the art school and sold for charity.
The hearing was hosted by the university, whose hall holds six hundred.
Parents can sign up for the free swimming course at the town hall until Monday.
More than 3,000 people subscribed to the newspaper in its first week, its editor said.
The minister asked viewers to share the video so that the missing girl would be found.
Follow the signs to the harbour, the police advised, and leave your car at home.
Click here, the message said, and 200 customers of the bank lost their savings.
The council will read all comments on the plan before it decides in June.
Comments on the draft law can be sent to the ministry by e-mail until 5 May.
Donations to the flood fund have reached two million euros, the Red Cross said on Sunday.
You must be over 65 to travel free of charge, a spokesman for the buses said.
The views expressed in the letter were not those of the party, its leader said.
All rights to the song were sold to a studio in Los Angeles last year.
The copyright of the novel ran out in January, and three publishers have reprinted it.
The report may not be published until the court has ruled, the judge said.
The pictures must not be reproduced without the consent of the family, the court ruled.
Thank you for reading to us, the children wrote on a card for the librarian.
Tickets for the cup final go on sale on Tuesday at nine and cost 25 euros.
Buy your tickets before Friday, the museum advises, as there were long queues last year.
The weather service expects 34°C on Thursday and storms from the west on Friday.
The share price of the bank fell by 4.2% to €12.35 on Monday morning.
Shares in Fen rose 3.1% to $48.20 while the index lost 0.4%.
The team has been made with great care, its coach said after the match.
The agency's mission is to find water on the moon, and it has until 2031 to do so.
Our mission is to bring the crew home, the director of the agency said.
The app was downloaded two million times, and its makers are now being sued.
Users can log in with their old password again, the tax office said on Wednesday.
The site uses cookies without asking its visitors, the data watchdog found.
The editor-in-chief of the daily was arrested at the airport on Saturday night.
The advertisement that cost the minister her job was seen by four million people.
The privacy policy of the clinic was changed after patients complained in writing.
Listen to the river, the old miller used to say, and you will know the weather.
Watch out for wild boar on the road to Marwede, hunters warn in autumn.
Do you have a question for the mayor? She answers on local radio at noon.
See you next year, the singer called to the crowd, and the lights went out.
For more information, residents can call the town hall on 555 0134.
The school's website was hacked, and its menu now shows a picture of a goat.
Photographs by Ana Ruiz, who died in 2019, will be shown in the town hall until March.
The photo of the mayor by the lake was taken by a passer-by.
Join us or leave us alone, the strikers shouted at the managers in the yard.
We need your support more than ever, the president told the crowd in the square.
The clinic received 12,000 letters after the daily newsletter printed its story.
The story continues to trouble the town, in which hardly anyone will speak of it.
In the latest poll the governor leads by six points with three weeks to go.
The next edition of the festival will be devoted to the films of Portugal.
Please leave flowers at the gate, the family asked the mourners on Friday.
The contract was signed by both companies and must be approved by their owners.
The bookshop will close after 114 years; its last customer bought a dictionary.
The prize is supported by the foundation of a brewer and worth 50,000 euros.
Two thirds of readers of the local press are older than fifty, a survey found.
The league's terms and conditions apply to all players, the tribunal decided.
The council recommends that people read the notice on their door with care.
Most popular with visitors was the otter, which the zoo had received from Berlin.
""".strip().split("\n")

CARRIERS = (
    (
        "Valley town to get a new library",
        "The town of Cadel will build a library on the site of its old gasworks, the mayor said on Tuesday.",
        "Work begins in March and will take two years, and the old reading room will stay open until then.",
        "The council had argued over the plan for six winters before it agreed last month.",
    ),
    (
        "Storm takes roof off sports hall",
        "Rain fell all night.",
        "A storm tore the roof off the sports hall of Berin in the night to Monday, and nobody was hurt.",
        "The fire brigade was called out 41 times between midnight and five in the morning.",
        "Pupils were sent home.",
    ),
)


def page(carrier: tuple[str, ...], sentence: str, place: str) -> str:
    headline, *body = carrier
    at = {"first": 0, "middle": len(body) // 2, "last": len(body)}[place]
    return "\n\n".join((headline, *body[:at], sentence, *body[at:]))


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_everyday_sentence_is_lost(sentence: str, place: str) -> None:
    for carrier in CARRIERS:
        text = page(carrier, sentence, place)
        assert clean(Document(page_content=text)).document.page_content == text


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("name", ["CNN", "Reuters", "The Dale Observer", "BBC News"])
@pytest.mark.parametrize("date", ["Published: 4 March 2024", "Published 6:04 PM EST, Mon March 4, 2024"])
def test_headline_with_the_papers_name_and_date_stay(carrier: tuple[str, ...], name: str, date: str) -> None:
    headline, *body = carrier
    text = "\n\n".join((f"{headline} | {name}", date, *body))
    assert clean(Document(page_content=text)).document.page_content == text
