"""Small pages of layouts and languages that tests/articles does not have: `-` marks a line of the page around.

`~` marks one amid the prose that may stay, as nothing but its words tells it from a subheading.
"""

READER_VIEW = """
-theislandherald.example
 Bridge opens two winters late
 By Jane Doe
 14 November 2024
-3–4 minutes
 The bridge between the islands opened on Monday, two winters late and at twice the price, the county said.
 The ferry that had served the islands for seventy-one years made its last trip that same morning, full.
 He was on it.
 Drivers will pay ninety-four kroner for a crossing until the loan is repaid, which may take twenty years.
"""

GOVERNMENT_NOTICE = """
-Skip to main content
-An official website of the State of Marland
-Home > Newsroom > Notices
 Notice of temporary closure: Harbour Road
 Published: 3 June 2024
 The Department of Roads gives notice that Harbour Road will be closed to all traffic from 10 June to 14 June 2024.
 What is changing
 Between 07:00 and 18:00 no vehicle may pass the junction with Mill Lane. Residents may pass on foot.
 • Bus 14 stops at the school
 • The car park stays open
 How to comment
 Written comments may be sent to the department by 7 June, and will be read before the works begin.
 For more information, call 555 0134.
-Was this page helpful?  Yes  No
-Accessibility   Privacy policy   Freedom of information   Contact us
"""

PRESS_RELEASE = """
-Newsroom | Products | Investors | Careers
 FOR IMMEDIATE RELEASE
 Fen Instruments opens factory in Lodz
 The company will employ 240 people and make sensors for weather stations in forty countries, it said on Friday.
 “We looked at eleven towns,” said Maria Nowak, the managing director. “Lodz was the one with the bakers.”
 Production begins in March. The first sensors go to the national weather service, which ordered nine thousand.
 About Fen Instruments
 Fen Instruments makes sensors and was founded in 1987 by two brothers, who no longer speak to each other.
-Share this release
-Facebook   LinkedIn   X
-© 2024 Fen Instruments. All rights reserved.
"""

FORUM = """
-Register   Log in   Search   Members
-Forum » Islands » Ferries and bridges
 The last ferry, as I saw it
 I was on the quay at five on Monday morning with a flask, two sandwiches and a brother who had not wanted to come.
 The captain sounded the horn for a full minute. My brother, who had not wanted to come, asked for a handkerchief.
 Then it was gone.
-12 replies
-SeaDog71 wrote:
-I was there too, on the upper deck, and I can tell you that the captain cried before your brother did, believe me.
-Reply   Quote   Report
-Log in to reply
"""

NEWSLETTER = """
-View this email in your browser
-The Island Herald — Morning Letter
 The bridge that ate the budget
 By Jane Doe
 Good morning. The bridge opened on Monday, two winters late and at twice the price, and nobody was surprised but me.
 I drove over it at nine. It took four minutes, and at the other end a man was selling postcards of the ferry.
 One thing more
 The ferry is for sale. It has room for forty cars, a small kitchen and, the advertisement says, a faithful engine.
-Was this forwarded to you? Sign up here
-You are receiving this email because you subscribed to The Island Herald
-Unsubscribe   Manage preferences   Privacy policy
"""

GERMAN = """
-Zum Inhalt springen
-Startseite | Politik | Wirtschaft | Sport | Abo
-Inselkurier
 Brücke öffnet zwei Winter zu spät
 Von Karin Lindt
 14. November 2024
-Lesezeit: 3 Minuten
 Die Brücke zwischen den Inseln ist am Montag eröffnet worden, zwei Winter zu spät und doppelt so teuer wie geplant.
-Auch interessant: Die längsten Brücken Europas
 Die Fähre, die einundsiebzig Jahre lang gefahren war, legte am selben Morgen zum letzten Mal ab.
 „Ich war dabei“, sagte der Kapitän.
 Autofahrer zahlen neunzig Kronen, bis der Kredit getilgt ist, und das kann zwanzig Jahre dauern.
-Mehr zum Thema
-Fünf Fähren, die es noch gibt
-Was ein Pylon kostet
-Impressum   Datenschutz   AGB
-© 2024 Inselkurier GmbH. Alle Rechte vorbehalten.
"""

FRENCH = """
-Aller au contenu   S’abonner   Se connecter
-Accueil › Régions › Côte
 Le pont ouvre avec deux hivers de retard
 Par Lucie Morel
 Publié le 14 novembre 2024 à 10h20
-Temps de lecture : 3 min
-Partager   Facebook   X   Copier le lien
 Le pont entre les îles a été ouvert lundi, avec deux hivers de retard et pour le double du prix annoncé.
-La suite après cette publicité
 « C’est long, quatre minutes », dit un vieux pêcheur qui regarde passer les voitures depuis le quai.
-À lire aussi : Les cinq plus vieux bacs d’Europe
 Le bac, en service depuis soixante et onze ans, a fait le matin même son dernier voyage, plein à craquer.
-Vous avez aimé cet article ? Abonnez-vous à notre infolettre
-Mentions légales   Politique de confidentialité   Contact
"""

RUSSIAN = """
-Главная | Политика | Экономика | Общество | Спорт
-$ 96,02 ▲  € 101,5 ▼
 Мост открыли с опозданием на две зимы
 14 ноября 2024
-Фото: Иван Петров / ТАСС
 Мост между островами открыли в понедельник, на две зимы позже срока и вдвое дороже, сообщили власти округа.
-Читайте также: Пять старейших паромов
 Паром, который ходил семьдесят один год, в то же утро сделал последний рейс, и мест на нём не было.
 «Я был на нём», — сказал капитан.
-Подписывайтесь на наш канал в Telegram
-Комментарии
-Войдите, чтобы оставить комментарий
"""

JAPANESE = """
-ホーム | 社会 | 政治 | スポーツ
-会員登録 ログイン
 島を結ぶ橋が開通、二冬の遅れ
 2024年11月14日
-シェア ツイート
 二つの島を結ぶ橋が月曜日に開通した。予定より二冬遅れ、費用は当初の二倍になったと県は発表した。
-関連記事：日本一長い橋
 七十一年間島を結んだ連絡船は、その日の朝に最後の航海を終えた。船は満員だった。
 「乗っていました」と船長は言った。
-続きを読むには会員登録が必要です
-無断転載を禁じます
"""

SUMMARIES = """
-The Island Herald - RSS
 Bridge opens two winters late
 Thu, 14 November 2024
 The bridge between the islands opened on Monday, two winters late and at twice the price, the county said.
 Ferry sold to a circus
 The ferry that served the islands for seventy-one years has been sold to a circus, which will keep the crew on.
 Council meets on Friday
 The council meets on Friday to hear what the bridge has cost, and whether anyone will be asked to resign.
"""

PRINTED = """
-14/11/2024, 10:42   Bridge opens two winters late – The Island Herald
-Advertisement
 Bridge opens two winters late
 Jane Doe · 14 November 2024
 The bridge between the islands opened on Monday, two winters late and at twice the price, the county said.
-https://www.theislandherald.example/news/bridge-opens?print=true
~Page 1 of 2
 The ferry that had served the islands for seventy-one years made its last trip that same morning, full.
-Story continues below advertisement
 Drivers will pay ninety-four kroner for a crossing until the loan is repaid, which may take twenty years.
-https://www.theislandherald.example/news/bridge-opens?print=true
-Page 2 of 2
"""

SPANISH = """
-Ir al contenido
-Última hora   Política   Economía   Deportes
-Inicio / Sociedad
 El puente abre con dos inviernos de retraso
 La obra costó el doble de lo previsto
 Ana Ruiz
 Lima - 14 nov. 2024 - 10:20 UTC
-Compartir en Facebook   Compartir en X
-Vista del puente al amanecer. ANA LEE (AFP)
 El puente entre las islas se abrió el lunes, dos inviernos tarde y al doble del precio previsto, dijo el condado.
~Regístrate gratis para seguir leyendo
 El transbordador que sirvió a las islas durante setenta y un años hizo su último viaje esa misma mañana.
-Más información
-El Gobierno estudia otro puente
-Diez puentes de película
 “Yo iba en él”, dijo el capitán.
 Los conductores pagarán noventa y cuatro coronas por cruzar hasta que se pague el préstamo.
-Archivado en:
-Puentes · Islas · Transporte
-Si está interesado en licenciar este contenido, pinche aquí
-Lo más visto
-Muere el perro del faro
-Aviso legal   Política de cookies   RSS
"""

PORTUGUESE = """
-Assine | Entre | Newsletters
-publicidade
 Ponte abre com dois invernos de atraso
 Por Redação
 14/11/2024 às 10h20 • Atualizado há 2 horas
-Foto: Divulgação/Prefeitura
 A ponte entre as ilhas foi aberta na segunda-feira, com dois invernos de atraso e pelo dobro do preço previsto.
~Clique aqui para entrar no nosso canal do WhatsApp
 A balsa que serviu as ilhas por setenta e um anos fez a última viagem naquela mesma manhã, cheia.
-Veja também
-Cachorro atravessa a ponte sozinho
 Os motoristas pagarão noventa e quatro coroas pela travessia até que o empréstimo seja pago.
-Tópicos: ponte, ilhas
-Reportar erro
-Mais lidas
-1 Prefeito renuncia
-2 Escola reabre
"""

TURKISH = """
-Ana Sayfa | Gündem | Ekonomi | Spor
 Köprü iki kış gecikmeyle açıldı
 Giriş: 14.11.2024 - 10:20 Güncelleme: 14.11.2024 - 12:00
-Abone ol   Google News
 Adalar arasındaki köprü pazartesi günü açıldı; iki kış gecikti ve planlanandan iki kat pahalıya mal oldu.
-REKLAM
 Yetmiş bir yıl boyunca adalara hizmet eden vapur aynı sabah son seferini yaptı ve doluydu.
-İlginizi çekebilir: En uzun beş köprü
 “Ben de oradaydım” dedi kaptan.
-Yorumlar (3)
-Yorum yapmak için giriş yapın
"""

TRANSCRIPT = """
-All episodes   Subscribe   Support the show
 Episode 14: The last ferry
 12 May 2023
-Apple Podcasts | Spotify | RSS
-00:00 / 31:12
 HOST: You were on the last ferry. What did you take with you?
 CAPTAIN: A flask and my brother, who had not wanted to come, and who cried before we had left the quay.
 HOST: And then?
 CAPTAIN: Then it was gone. You may like a thing for seventy years and not know it until somebody builds a bridge.
 HOST: Thank you.
-Subscribe wherever you get your podcasts
-Support the show from $3 a month
"""

PAYWALL = """
-The Morning Post-Gazette
-Subscribe for $1
 County to pay back bridge toll, judge says
 Ann Lee
 Staff writer
 Jan. 7, 2023 Updated: Jan. 8, 2023 9:12 a.m.
-Comments
-Gift Article
-Share
 A judge ordered the county on Friday to pay back the toll that it had charged drivers before the bridge was finished.
-Most Popular
-1. Dog finds way home over bridge
 About 9,000 drivers had paid it. The county said it had needed the money, and that it would think about an appeal.
 “We will think about it on Monday,” a spokesman said.
-Want to read more? Subscribe now and get your first month free
-Reach Ann Lee: ann.lee@postgazette.example
-Sign Up
-By signing up you agree to our Terms of Use and Privacy Policy
-About the Author
-Contact   Careers   Advertise with us   Do not sell my info
"""

LAYOUTS = {name.lower(): page for name, page in list(globals().items()) if name.isupper() and isinstance(page, str)}
