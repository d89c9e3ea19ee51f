"""What the page around an article is made of: its words by language, its patterns by class.

The tables are data for `rag.ingest.paragraph`, `rag.ingest.clean` and `rag.ingest.metadata`, which hold the method. To
teach the service a new language or a new kind of page furniture, add to the tables.
"""

from __future__ import annotations

import re
from enum import StrEnum

# Longer paragraphs are prose or garbage, never page furniture; not looking closer keeps the time linear.
LONGEST_FURNITURE = 700  # characters
PROSE_WORDS = 12  # fewest words of a paragraph that shows by itself where the body is
LONGEST_CELL = 40  # characters of an entry of a menu or of a line of results
HEADING_WORDS = 7  # most words of a subheading, which must not be taken for a teaser


class Reason(StrEnum):
    """Why a piece of a page is no part of the article, in plain English."""

    ADVERT = "advertising mark"
    PROMOTION = "promotion"
    SPAM_LINKS = "link spam"
    POINTER = "pointer to another article"
    LIST = "list of other articles"
    CAPTION = "photo caption and credit"
    LINKS = "links or image"
    TAGS = "list of tags"
    PLAYER = "reading time or media player"
    WIDGET = "weather or market widget"
    COMMENTS = "comment form or comments"
    CONTROL = "page control"
    MENU = "menu or row of controls"
    APPEAL = "appeal to the reader"
    CONTACT = "contact line"
    ADDRESS = "obfuscated e-mail address"
    NOTICE = "copyright notice"
    COLOPHON = "notice of the publisher"
    TITLE_BAR = "page title"
    MASTHEAD = "masthead"
    HEADER = "page header"
    TAIL = "after the end of the article"
    REPETITION = "repeated on the page"


# What no article says in a sentence of its own: all that takes a whole sentence out of the body.
CERTAIN = frozenset({Reason.ADVERT, Reason.SPAM_LINKS, Reason.POINTER, Reason.CAPTION})
# Furniture that pages set between two paragraphs of an article, so no sign that the article is over.
INLINE = frozenset({Reason.ADVERT, Reason.PROMOTION, Reason.SPAM_LINKS, Reason.POINTER, Reason.CAPTION, Reason.LINKS})


def _words(text: str) -> frozenset[str]:
    """The words of a table; `en:` and the like only tell its reader the language of a line."""
    return frozenset(word for word in text.split() if not word.endswith(":"))


def _pattern(*parts: str) -> re.Pattern[str]:
    """One pattern of several alternatives, in any case."""
    return re.compile("|".join(parts), re.IGNORECASE)


# ---------------------------------------------------------------------------------------------- words
# Interface words that hardly occur in an article's headings. A line is judged by its share of them.
CORE = _words(
    """
    en: advertisement advertisements advert ads subscribe subscribed subscriber subscribers subscription
        newsletter newsletters login logout signup signin cookies cookie comment comments reply replies share
        shares sharing tweet retweet follow click tap skip navigation toggle unsubscribe javascript browser
        paywall sponsored bookmark homepage sitemap affiliate commission refreshes trending related
        recommended latest popular read required marked menu unlock inbox print rss donate
    networks: whatsapp facebook twitter linkedin pinterest instagram telegram reddit youtube tiktok bluesky
        mastodon threads messenger
    es: publicidad anuncio anuncios suscríbete suscribirse suscríbase suscripción suscriptores boletín
        boletines comentario comentarios comentar responder compartir comparte síguenos siga sigue
        relacionadas relacionados relacionada relacionado leído leídas leídos leer lee lea iniciar regístrate
        registrarse tuitear únete leyendo archivado
    fr: publicité annonce abonnez abonner abonnés abonné inscrivez inscrire infolettre commentaire
        commentaires répondre partager partagez suivez lire lus lues connectez connecter cliquez
    de: anzeige werbung abonnieren abonnenten kommentar kommentare teilen anmelden registrieren einloggen
        folgen datenschutz impressum lesen meistgelesen meistgelesene drucken
    pt: publicidade anúncio assine assinante assinantes boletim comentários compartilhar compartilhe leia
        lidas inscreva cadastre entrar partilhar veja
    it: pubblicità annuncio iscriviti abbonati abbonamento commenti commento condividi rispondi seguici
        leggi letti correlati
    nl: advertentie abonneer reacties reageer gerelateerd inloggen aanmelden nieuwsbrief
    sv: annons prenumerera kommentarer nyhetsbrev läs relaterat
    pl: reklama subskrybuj komentarze komentarz udostępnij czytaj zaloguj
    tr: yorum yorumlar abone paylaş reklam ilgili
    ru: реклама подписаться подписывайтесь подпишитесь комментарии комментарий поделиться читайте читать войти
    ar: اقرأ إعلان تعليقات تعليق شارك اشترك
    """
)
# Interface words that articles use as well, so they only add up.
SOFT = _words(
    """
    en: email mail sign log register account password username privacy policy terms conditions use service
        advertising ad sponsor promoted partner content here link links reading reader readers watch listen
        video videos photos gallery podcast podcasts search home page next previous back top save download
        app scripts notifications notification alerts story stories article articles news headlines must more
        most viewed see also like copy url close load show view views all website site accept reject manage preferences
        settings field fields enter name address published publish submit send post leave please free trial
        unlimited access digital premium already continue main today now right earlier posts post's update
        updates contains consent data device partners store yes no useful looked enjoy thoughts below
        continues powered theme member membership banners letter digest spam personalised join accessibility
        imprint licensing standards basket choices agree necessary topics tags tag categories contact us
        about faq careers jobs rights reserved copyright browse experience missed miss picks editor editors
        editor's stay updated daily weekly morning conversation discussion author author's archive archives
        issue issues essay quiz poll vote essays player up try explore discover saved favourites enable
        disable supporter supporters contribute contribution donation donations corrections
    es: correo electrónico dirección publicado publicada publicará campos obligatorios cuenta contraseña
        noticias noticia más visto vistas también puede interesar interesarte último últimas artículo
        artículos política privacidad términos condiciones contacto deja dejar respuesta sesión aceptar
        derechos reservados aquí nuestro startseite inicio portada hemeroteca configurar rechazar introduce
        recibe imprimir enviar pulsa canal entérate gusta guardar información gratis
    fr: adresse publiée champs obligatoires indiqués compte aussi plus actualité derniers dernières laisser
        confidentialité nous contacter mot passe droits réservés recommandés intéresser accueil début sujet même
    de: auch mehr thema interessieren könnte veröffentlicht erforderliche felder markiert konto artikel
        nachrichten hinterlassen schreiben nutzungsbedingungen agb kontakt passwort rechte vorbehalten weitere
    pt: também mais notícias endereço obrigatórios marcados conta artigos deixe direitos pagina
    it: anche notizie più indirizzo pubblicato campi obbligatori articoli lascia diritti riservati potrebbe
    nl: meer ook nieuws lees deel delen wachtwoord privacybeleid voorwaarden
    sv: mest dela logga
    tr: haber haberler tüm
    ru: главная также новости ещё похожие материалы популярное адрес
    ar: الرئيسية فيسبوك على أيضا المزيد أخبار
    """
)
# Words that head a list of other articles.
LISTING = _words(
    """
    en: more most latest related recommended trending popular must miss also top missed picks headlines
        stories articles like next
    es: más mas relacionadas relacionados relacionada leídas leído visto últimas interesar también
    fr: aussi plus derniers dernières lus recommandés sujet
    de: mehr auch meistgelesen weitere interessieren
    pt: mais também lidas leia
    it: anche correlati letti più
    nl: meer ook gerelateerd
    ru: также ещё похожие популярное
    ar: أيضا المزيد
    """
)
# Words of the label in front of a pointer to another article.
POINTING = _words(
    """
    en: read see watch listen related more also recommended flashback throwback archive further icymi trending
    es: lea lee leer relacionado relacionada interesar mire
    fr: lire voir
    de: lesen mehr
    pt: leia veja
    it: leggi anche
    nl: lees ook
    sv: läs
    pl: czytaj zobacz
    tr: ilgili haber
    ru: читайте также
    ar: اقرأ أيضا
    """
)
COMMENTING = _words(
    """
    en: comment comments reply replies conversation discussion
    es: comentario comentarios respuesta
    fr: commentaire commentaires réponse
    de: kommentar kommentare
    pt: comentário comentários
    it: commento commenti
    nl: reacties
    sv: kommentarer
    pl: komentarze
    ru: комментарии комментарий
    ar: تعليقات تعليق
    """
)
# What a site asks of its reader.
ASKED = _words(
    """
    en: newsletter newsletters subscribe subscribed subscriber subscribers subscription cookies cookie signup
        login signin register account password affiliate inbox email comment comments fields javascript
        digest member donate donation donations contribute supporter supporters
    es: boletín suscríbete suscríbase suscripción cuenta correo comentario comentarios campos únete
    fr: abonnez abonnement inscrivez compte commentaire champs
    de: abonnieren anmelden konto kommentar felder
    pt: assine conta comentários
    it: iscriviti abbonati commento campi
    nl: abonneer nieuwsbrief
    ru: подписывайтесь подпишитесь комментарии
    """
)
# The words in which a site speaks of itself, and those in which it speaks to its reader.
SITE_VOICE = _words(
    """
    en: our we us
    es: nuestro nuestra nuestros usamos utilizamos
    fr: notre nos nous utilisons
    de: unser unsere unseren wir verwenden
    pt: nosso nossa usamos
    it: nostro nostra usiamo utilizziamo
    nl: onze wij
    ru: наш нашу наши мы
    """
)
ADDRESS = SITE_VOICE | _words(
    """
    en: you your please subscribe
    es: tu te usted ustedes suscríbete suscríbase síguenos únete
    fr: vous votre vos abonnez inscrivez suivez
    de: sie ihr ihre ihren dich dein deine abonnieren
    pt: você seu sua assine inscreva
    it: tuo tua iscriviti abbonati seguici
    nl: je jouw u uw
    ru: вас ваш вы подписывайтесь подпишитесь
    """
)
# Function words, which say nothing of a line's kind.
FUNCTION = _words(
    """
    en: a an the of to in on at by for from with and or not no be is are was will this that these those it
        its as if so you your our we us my do don't can have has been i m s t re ll don
        may might can could should would
    es: el la los las un una de del al en y o con por para se su lo que es tu te le este esta esto será ser
        está están ha
    fr: les des du et ou à au aux sur dans ce cette vous votre ne pas sera avec est sont il nous notre
    de: der die das den dem ein eine und oder zu zum zur im auf mit für von sie ihre ihr nicht wird sind ist
        dich
    pt: os um uma da dos e em na com seu sua não são você
    it: gli di della delle dei degli nel nella lo per tuo tua non sarà sono ti
    ru: и в на не с по для вас ваш
    """
)
ADVERTISING = _words(
    """
    en: advertisement advertisements advertising advert ads sponsored
    es: anuncio anuncios publicidad
    fr: publicité
    de: anzeige werbung
    pt: publicidade
    it: pubblicità
    nl: advertentie
    sv: annons
    pl: reklama
    ru: реклама
    tr: reklam
    ar: إعلان
    """
)
MEDIA = _words("video audio listen play podcast watch vídeo écouter escuchar anhören")
# The goods of link spam: gambling, pills, sex, essays, loans, crypto.
SPAM = _words(
    """
    casino casinos bet bets betting bahis iddaa escort escorts viagra cialis tadalafil porn porno xxx poker
    slots slot giriş giris jackpot blackjack roulette bookmaker 1xbet apuestas казино ставки букмекер
    дженерики شرط بندی بت کازینو كازينو payday replica backlinks seo cbd togel judi situs порно dissertation
    coursework essay bonus bonusu faucet airdrop btc
    """
)
# What else spam sells, words that articles use as well: two of them make a line of small letters spam.
TRADE = SPAM | _words(
    """
    en: cheap buy outlet deals discount offer free loan loans credit followers likes delivery online handbags
        sunglasses vuitton rolex watches vpn forex crypto bitcoin wallet invest investment earn passive pills
        prescription pharmacy hacker recovery thesis essays vip gacor
    es: comprar barato préstamos
    fr: acheter pas cher rencontre
    de: kaufen billig kredit schufa sofortauszahlung
    id: hari gacor pulsa
    ru: купить недорого диплом заказать доставка займ кредит онлайн
    """
)
# Offers of loans, profits and recovered money, with a private address to write to.
SOLICITED = _words(
    """
    recover recovered recovery hacker loan loans invest invested investment broker profit profits guarantee
    guaranteed spell lottery crypto bitcoin btc earn funds wallet trading trader credit
    """
)
PRIVATE_ADDRESS = _pattern(
    r"@(?:gmail|yahoo|hotmail|outlook|proton\w*|mail|yandex)\.[a-z]{2,3}\b|whatsapp\W{0,4}\+?\d|\bt\.me/"
)
SPAM_WIDE = re.compile(
    r"代写|代開|代开|贷款|征信|时时彩|稳赚|私服|办证|แทงบอล|เว็บตรง|博彩|赌场|娱乐城|彩票|彩金|百家乐|棋牌|色情|六合彩|カジノ|카지노|토토|바카라|คาสิโน|บาคาร่า|สล็อต"
)
# Chinese, Japanese and Korean interface words, found inside the line, as these scripts set few spaces.
WIDE_WORDS = re.compile(
    r"相关|相關|延伸|推荐|推薦|更多|热门|熱門|最新|阅读|閱讀|新闻|新聞|文章|报道|链接|分享|评论|評論|留言|发表|广告|廣告|订阅|訂閱|"
    r"登录|登錄|注册|點擊|点击|扫一扫|扫描|二维码|关注|關注|公众号|微信|微博|朋友圈|收藏|打印|字号|返回|首页|顶部|上一篇|下一篇|"
    r"猜你喜欢|大家都在看|联系我们|隐私|政策|条款|客户端|下载|手机|本文|正文|当前位置|打开|[Aa][Pp]{2}|体验|写下你的|说点什么|转发|点赞|举报|"
    r"関連|記事|広告|コメント|シェア|ツイート|続きを読む|ランキング|会員|ログイン|登録|アプリ|관련|기사|댓글|공유|광고|구독"
)
WIDE_POINTER = re.compile(
    r"^[【\[（(]?(?:相关|相關|延伸|推荐|推薦|更多|扩展|関連|あわせて|関連する|관련)"
    r"(?:阅读|閱讀|新闻|新聞|报道|文章|链接|内容|推荐|推薦|記事|読みたい|기사)"
)
WIDE_LISTING = re.compile(r"^(?:猜你喜欢|大家都在看|热门|最新|相关|更多|推荐|関連|関連記事)\S{0,6}$")
# Sections of a news site, which stand above a headline.
SECTIONS = _words(
    """
    en: world politics business economy sport sports opinion local national international culture arts
        lifestyle life style science technology tech health environment climate travel food education
        entertainment news analysis editorial comment features feature money finance markets property crime
        obituaries obituary weather breaking exclusive press
        release immediate statement region regional europe africa asia americas live
    es: nacional regiones mundo política economía deportes opinión cultura sociedad ciencia salud tecnología
    fr: monde politique économie sports société culture sciences santé environnement régions
    de: politik wirtschaft sport kultur gesellschaft wissen panorama regional lokales meinung feuilleton
        pressemitteilung
    pt: mundo política economia esportes desporto opinião cultura sociedade ciência saúde
    it: mondo politica economia cultura cronaca esteri salute scienza
    tr: son dakika haberleri gündem ekonomi spor dünya
    nl: binnenland buitenland economie politiek cultuur
    ru: политика экономика общество спорт культура мир
    """
)
# Words that names of places begin with, to tell them from persons.
PLACES = _words(
    """
    new north northern south southern east eastern west western central middle upper lower great saint st san
    santa são sankt los las el al rio cape port fort mount lake city county state united hong kuala buenos
    """
)
# Words that names of newspapers, magazines and agencies end in, or start with.
PAPERS = _words(
    """
    en: times post herald tribune gazette observer chronicle journal courier ledger review quarterly
        telegraph guardian standard mail express examiner inquirer sentinel bulletin argus advertiser echo
        reporter register dispatch mercury monitor globe star sun press wire news magazine
        digest weekly daily newspaper broadcasting radio television tv messenger mirror spectator
    es: diario correo gaceta periódico heraldo prensa noticias mercurio semanario
    fr: journal courrier gazette presse écho figaro dépêche tribune quotidien
    de: zeitung kurier anzeiger tagblatt tageblatt nachrichten rundschau allgemeine bote rundfunk merkur
    pt: jornal folha gazeta notícias estado
    it: corriere giornale gazzetta messaggero quotidiano
    nl: krant dagblad courant volkskrant
    sv: dagbladet tidning tidningen tidende avis posten
    pl: gazeta dziennik kurier
    tr: haber gazetesi ajansı
    ru: газета вестник новости ведомости известия
    """
)
# How names of newspapers end that are one word.
PAPER_ENDING = re.compile(
    r"\w{3}(?:zeitung|kurier|anzeiger|blatt|bladet|posten|tidning(?:en)?|tidende|nachrichten|bote|courant|"
    r"herald|chronicle)$",
    re.IGNORECASE,
)
WIDE_PAPER = re.compile(
    r"^[\u3400-\u9fff]{1,6}(?:日报|日報|晚报|晚報|早报|时报|時報|新闻网|新闻社|新聞|周刊|週刊|通讯社|通信社)$"
)

# ------------------------------------------------------------------------------------------- patterns
# How sentences end, and what may follow the end: quotes, brackets, initials or an agency in brackets.
ENDS = frozenset(".!?…。！？؟۔।॥።।")
CLOSERS = " \"'”’»›)]}）】」』*_"
SIGNED = re.compile(r"\s*[(（\[][^()（）\[\]]{1,30}[)）\]]\W*$")
QUOTES = re.compile(r"[\"“”„«»「」『』《》]|(?<!\w)['‘]|['’](?!\w)")
WORD = re.compile(r"[^\W\d_]+")
PHRASAL = re.compile(r"(?i)\b(log|sign)[ -](in|up|out)\b|\b(e)-(mail)\b")
BULLET = re.compile(r"^\s*(?:[-*+•·▪◦–—‣●■]|\d{1,3}[.)、])\s+")
# What separates the entries of a menu.
CELL = re.compile(r"[ \t\u00a0]{2,}|\t|\s?[|•·›»¦→☰▾▸]\s?|\s(?:>|/|->)\s")
TRUNCATED = re.compile(r"(?:\.\.\.|…|\[(?:\.\.\.|…)\])\W{0,3}$")
DOMAIN = re.compile(r"^[a-z0-9][a-z0-9-]{1,60}(?:\.[a-z0-9-]{2,60}){0,3}\.[a-z]{2,12}(?:/\S*)?$|^https?://\S+$")
# What is left of an e-mail address that a page hides from robots.
MAIL_MARK = re.compile(
    r"[\[(<]\s?(?:e-?mail|correo(?: electr[oó]nico)?|courriel|电子邮件|メール)[ \u00a0]?"
    r"(?:address[ \u00a0])?(?:protected|hidden|protegido|protégé|geschützt|受保护|保护)\s?[\])>]",
    re.IGNORECASE,
)
HIDDEN_ADDRESS = re.compile(r"(?i)\w ?[(\[‹<{] ?at ?[)\]›>}] ?\w")
URL_ALONE = re.compile(r"^(?:https?://|www\.)\S+$")
MARKDOWN_LINK = re.compile(r"!?\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)")
# What stands between the name in a masthead and its motto or menu.
MOTTO = re.compile(r"\s[-–—:]\s|\s?[|•·]\s?|\s{2,}")
DURATION = re.compile(r"\b\d{1,2}:\d{2}\b")
TAGS = _pattern(
    r"^\W*(?:tags?|filed under|topics|keywords|etiquetas|temas|mots-clés|schlagwörter|"
    r"argomenti|tópicos|assuntos|archivado en|konular|etiketler|теги|trefwoorden|标签|关键词|タグ)\s?[:：]"
)
READING_TIME = _pattern(
    r"^\W*(?:[^\W\d_]+:? ){0,3}\W*\d{1,3}(?:[-–]\d{1,3})?[ -]?(?:min(?:ute|uto|uti|"
    r"uten)?s?\b\.?)(?: [^\W\d_]+){0,3}\W*$",
    r"^\S{0,8}\s?(?:约|約)?\s?\d{1,3}\s?分[钟鐘]?\S{0,4}$",
)
# Standing phrases of page controls, by what they do: an advertisement's edge, players, sharing, settings.
ADVERT_EDGE = _pattern(
    r"^\W*(?:advertisement\W+)?(?:(?:story|article|text|content|post) continues|continue reading|"
    r"scroll (?:down )?(?:to continue|for more)|"
    r"(?:sponsored|presented|brought to you|supported) by|paid (?:content|post|partnership)|partner content|"
    r"report this ad|why am i seeing this|(?:la )?suite (?:de l|après|du|de cet)|el artículo continúa|sigue leyendo|"
    r"continua (?:após|dopo)|artikel weiter|nach der (?:werbung|anzeige)|lees verder|tekst(?:en)? (?:gaat|"
    r"fortsætter))\b"
)
STANDING = _pattern(
    r"^\W*(?:we (?:value|respect|care about) your privacy\b|le respect de votre vie privée\b|votre vie privée\b|"
    r"ihre privatsphäre ist\b|(?:su|tu) privacidad es\b|sua privacidade é\b|"
    r"skip to|jump to|zum inhalt|aller au contenu|saltar al|ir al contenido|vai al contenuto|ir para o|"
    r"hoppa till|gå til|ascolta|ouça|gift (?:this )?article|report (?:an? )?(?:error|typo|problem)|reportar erro|"
    r"(?:register|log in|sign in|regístrate|inscribe)[^.!?]{0,20} (?:to|para) (?:read|continue|seguir|leer)|"
    r"naar de inhoud|"
    r"перейти к|page \d+ (?:of|/) \d+|listen to this|play (?:video|audio)|"
    r"copy (?:the )?link|text size|font size|print this|e-?mail this|"
    r"(?:turn on|allow|enable) notifications|error loading|photo gallery|image gallery|view gallery|"
    r"\d+ of \d+ seconds|"
    r"recommended stories|explore more|show (?:more|less)|expand|close this|sign up for|this article is for|"
    r"for subscribers only|exclusive for subscribers|you have \w+ (?:free )?articles?|in your browser|"
    r"view (?:this )?in|"
    r"view comments|add us as|translate this|choose (?:a )?language|select language|accept all|"
    r"manage (?:cookies|consent)|"
    r"solo para suscriptores|contenido exclusivo|réservé aux abonnés|il vous reste|jetzt (?:lesen|weiterlesen)|"
    r"nur für abonnenten|escucha este|écouter cet|artikel anhören|この記事を|続きを読む)"
)
BARE_PLAYER = re.compile(r"^\W*\d{1,2}:\d{2}(?::\d{2})?\s?/\s?\d{1,2}:\d{2}")
HASHTAGS = re.compile(r"^(?:[#＃][^\s#]+[\s,]*){2,}$")
# Labels in front of another article's title, in more languages than the words above know.
POINTER_LABEL = _pattern(
    r"^\W*(?:in case you missed it|(?:also|further|more|keep|continue|recommended|must|related) read(?:ing|"
    r"s)?|also (?:see|try)|"
    r"don['’]t (?:miss|skip)|up next|next (?:in this issue|article|story|up)|previous (?:article|story)|"
    r"from the archives?|"
    r"(?:editor|editors|editor['’]s|editors['’]) (?:pick|choice)s?|you (?:may|might) (?:also )?like|dig deeper|"
    r"go deeper|"
    r"te (?:recomendamos|puede interesar)|ver (?:también|más)|no te pierdas|además|(?:à|a) (?:voir|"
    r"découvrir) (?:aussi|également)|"
    r"auch interessant|mehr zum thema|das könnte sie|siehe auch|lees ook|bekijk ook|zie ook|läs (?:också|mer|även)|"
    r"les også|læs også|se også|lue myös|czytaj (?:też|także|więcej)|zobacz (?:też|także)|přečtěte si|čtěte také|"
    r"čítajte|citește și|vezi și|pročitajte|olvassa|διαβάστε|"
    r"[İIi]lg[Iiİı]l[İi] haber|[İi]lginizi çekebilir|ayrıca|baca juga|"
    r"simak juga|đọc thêm|xem thêm|"
    r"यह भी पढ़ें|ये भी पढ़ें|আরও পড়ুন|شاهد|اقرأ|إقرأ|بیشتر بخوانید|по теме|см\. также|смотрите|читайте|"
    r"читать также|"
    r"saiba mais|veja (?:também|mais)|leia (?:também|mais)|leggi anche|guarda anche|potrebbe interessarti)"
    r"[^:：|.!?]{0,25}\s?[:：|]\s?\S"
)
# How often a page was read, shared or rated, and how it was liked.
COUNTER = _pattern(
    r"^\W*\d[\d.,]*\s?[km]?\s(?:views?|reads?|shares?|likes?|votes?|ratings?|reactions?|vistas|lecturas|vues|"
    r"lectures|"
    r"aufrufe|visualizações|visualizzazioni|weergaven|просмотр\w*)\W*$",
    r"^\W*(?:阅读|浏览|赞|点赞|点击|閲覧数?|조회수?)(?:量|数)?\s?[:：]?\s?\d[\d,.]*",
    r"[★☆⭐]{3}",
)
# A row of results under way: LIVE: Reds 1 x 0 Blues | 20h Greens x Whites
SCORES = _pattern(
    r"^\W*(?:live|ao vivo|en vivo|en direct|in diretta|canlı)\s?[:：|]\D{0,40}\d{1,3}\s?[-–x×:]\s?\d{1,3}\b"
)
WEATHER = re.compile(r"°|℃|℉|[☀-☄☁⛅🌀-🌬]|^\W*[-−]?\d{1,3}(?:[.,]\d)?\s?[CF]\W*$")
QUOTATION = re.compile(r"[▲▼△▽%€$£]|(?<![\d.,:])\d{1,3}(?:[.,]\d{3})*[.,]\d{1,2}(?![\d.,])")
PRICE_MOVE = re.compile(r"[▲▼△▽]\s?[-+]?\d|\d\s?[▲▼△▽]")
RIGHTS = _pattern(
    r"^\W{0,3}(?:©|\(c\)\s|copyright\s?(?:©|\(c\)|\d{4}|by\b)|版权所有|版權所有|著作権|免责声明)",
    r"all rights reserved|derechos reservados|tous droits réservés|alle rechte vorbehalten",
    r"direitos reservados|diritti riservati|alle rechten voorbehouden|все права защищены|hakları saklıdır",
    r"الحقوق محفوظة|版权所有|版权声明|不得转载|無断転載|备案号|ICP备",
    r"\b(?:may|must) not be (?:(?:re)?published|reproduced|copied|broadcast|redistributed)",
    r"\bdo not (?:redistribute|reproduce|copy)\b|\bprohibida (?:su|la) reproducción|\breproduction interdite\b",
)
# What a house says of itself at the foot of its page.
COLOPHON = _pattern(
    r"\bISSN\b|\bregistered (?:charity|office|company|in england)|\b(?:company|VAT|licen[cs]e) (?:no|number)\b",
    r"\bis (?:a member of|part of|published by|owned by|a registered|a trademark|operated by)\b",
    r"\btypeset in\b|\bprinted (?:on|by)\b|\bmade with\b|\bhosted by\b|\bpowered by\b|\bdesign(?:ed)? by\b",
    r"^(?:an |the )?official (?:web)?site|^our (?:standards|principles|journalism|mission|team)\b|"
    r"\beditor-in-chief\b|\bsyndication\b",
    r"\brepresentante legal\b|\bdirector responsable\b|\bdepósito legal\b|\bdirecteur de la publication\b",
    r"\bverantwortlich im sinne\b|\bhandelsregister\b|\bdirettore responsabile\b|\bregistro (?:oficial|mercantil)\b",
    r"\bviews? expressed\b.{0,60}\b(?:not|own)\b|\bresponsabilidad de sus autores\b|\bcommunity (?:rules|"
    r"guidelines)\b",
)
# What a shop, a bookmaker, a fund-raiser or a pollster calls to, at the end of a line without a full stop.
CALL = _pattern(
    r"(?:^|[-–—|.:!?,➜→…»\[])\W{0,3}(?:"
    r"become (?:one|a (?:member|supporter|subscriber|friend))|"
    r"book (?:now|today|your|online)|buy (?:now|today|tickets|yours)|shop (?:now|the|our)|order (?:now|yours|"
    r"online|today)"
    r"|vote (?:now|here|in our)|join (?:us|now|our|free)|donate(?: (?:now|today|here)|\W*$)|"
    r"chip in|support us|give (?:now|today)|start your free"
    r"|try (?:it|us|for) free|learn more|find out more|get (?:tickets|yours|started|the app|\d+ ?%)|claim your|"
    r"apply now"
    r"|register now|download (?:now|our|the) ?(?:app|guide|report)?|take (?:our|the) (?:quiz|survey|poll)|"
    r"have your say"
    r"|compr[ae] (?:ya|ahora|aquí|já|agora)|reserva (?:ya|ahora|aquí)|vota en nuestra|haz clic|apóyanos|"
    r"más información"
    r"|réservez|achetez|en savoir plus|faites un don|soutenez|profitez|jetzt (?:kaufen|buchen|bestellen|sichern|"
    r"testen|spenden)"
    r"|mehr erfahren|saiba mais|apoie|acquista ora|prenota ora|scopri di più|sostienici|koop nu|bestel nu|"
    r"köp nu|kup teraz"
    r"|купить сейчас|заказать|подробнее|立即购买|点击购买|立即下单|了解更多"
    r")\b[^.!?。]{0,40}\W*$"
)
# The small print of promotions.
PROMOTION = _pattern(
    r"\b(?:terms|t&cs?|conditions)(?: and conditions)? apply\W*$|^\W*18\+\s?[|·.:–—]|\b(?:bet|gamble|"
    r"drink) (?:aware|responsibly)\b",
    r"\b\d{1,2} ?% (?:off|de descuento|de réduction|rabatt|di sconto|korting)\b.{0,60}\b(?:code|código|codice|"
    r"today|week|now)\b",
    r"\b(?:use|with|promo|discount|usa el|avec le|mit dem) (?:code|código|codice)\b|\brabattcode\b|\bgutschein",
    r"^\W*(?:odds|prices) (?:by|from|courtesy|correct)\b",
)
# Questions to the reader about the page itself.
ASIDE = _pattern(
    r"^\W*(?:(?:are you )?enjoy(?:ed|ing)|(?:did you )?(?:like|enjoy|love)|found|did you find) (?:th(?:is|e)|"
    r"what you|our)\b[^?]{0,40}\?",
    r"^\W*(?:you(?:'|’)?(?: ha)?ve reached the end|thanks? (?:you )?for reading)",
    r"^\W*(?:have|got|seen|do you have) (?:a |an |any )?(?:story|tip|news|comment|question|mistake|error|"
    r"typo)s?\b[^?]{0,60}\?",
    r"^\W*(?:we|i) may (?:earn|receive|get) (?:a |an )?(?:small )?(?:affiliate )?commission|"
    r"^\W*support (?:independent|our|quality|local) \w+",
    r"^\W*(?:te ha gustado|le ha gustado|has encontrado un error|vous avez aimé|hat (?:ihnen|dir) der artikel)\b",
)
_CREDIT_WORD = (
    r"(?:(?:file |courtesy |handout |source )?(?:photos?|photographs?|photography|photographers?|pictures?|pics?|"
    r"images?|graphics?|illustrations?|artwork|infographics?|drawings?)"
    r"(?: courtesy| credits?| source| via)?|credits?|fotos?|fotograf[ií]as?|im[aá]gen(?:es)?|imagens?|"
    r"ilustraci[oó]n(?:es)?|infograf[ií]as?|immagini?|beeld|bilder?|grafik|zdjęcie|fot\.|"
    r"cr[eé]dit(?:o|os|s)?(?: photo)?|(?:food )?styling|фото|图片来源|图片|圖片|摄影|图源|写真|사진|资料图)"
)
_INITIALS = r"(?:\b[A-ZÀ-Ý]\.|[^.!?。！？:：\n])"
_NAME = rf"(?=\W*[^\Wa-zß-ÿ]){_INITIALS}{{2,70}}[)）\]]?[.*_]{{0,2}}$"
_AGENCY = r"(?:AFP|EPA|EFE|AP|PA|DPA|dpa|VCG|ANSA|NTB|Reuters|REUTERS|Xinhua|Getty(?: Images)?|Shutterstock|Alamy)"
# Photo credits: a short name after its label, an agency in brackets, with its photographer after a slash,
# behind the caption's full stop and a bar; one credit after the other.
CREDITS = (
    re.compile(
        rf"(?:^|[.!?…。！？\"”»(\[（|/–—]\s{{0,3}}|\s\s|^[*_]{{1,2}})(?i:{_CREDIT_WORD})\s?(?:[:：|©]|/(?=\S)|(?:by|"
        rf"por|von|par|di)\b)\s?{_NAME}"
    ),
    re.compile(rf"\s(?:Photo|Foto|Image|Imagen|Credit|Picture|Fotografía|Bild)s?\s?:\s?{_NAME}"),
    re.compile(
        rf"[(（\[](?:[^()（）\[\]]{{0,60}}/\s?{_AGENCY}|[^()（）\[\]]{{2,60}} via {_AGENCY}|"
        rf"{_AGENCY}\s?/[^()（）\[\]]{{2,60}}"
        rf"|(?i:{_CREDIT_WORD})\s?[/:：][^()（）\[\]]{{2,60}})[)）\]]\.?$"
    ),
    re.compile(r"©\s?(?i:getty|afp|ap\b|reuters|epa|shutterstock|istock|alamy)[^.!?]{0,60}\.?$"),
    re.compile(
        r"(?:^(?=[A-Z]{2,}|Reuters|Getty|Xinhua)|[.!?”»]\s+)[A-Z][A-Za-z]{1,12}\s?/\s?"
        r"[A-ZÀ-Ý][\w.'’-]{0,20}(?: [A-ZÀ-Ý][\w.'’-]{0,20}){0,3}$"
    ),
    re.compile(
        r"^(?i:image (?:source|caption|credit)),\s|^(?:Getty Images|Shutterstock|iStock(?:photo)?|Alamy)$|사진\s?="
    ),
    re.compile(r"(?:^|\s)(?:Foto|Bild|Photo)s?: (?:dpa|picture alliance|imago)\b[^.!?]{0,60}$"),
    re.compile(r"[.!?”»]\s[A-ZÀ-Ý][A-ZÀ-Ý .'’-]{3,40}\s?[(（][^()（）]{2,30}[)）]$"),
    re.compile(r"[.!?”»]\s\|\s(?:[A-ZÀ-Ý][\w.'’-]{0,20}(?:\s?/\s?|\s)?){1,5}$"),
    re.compile(r"(?:^|[。\s])\S{2,8}\s?[摄攝]$|(?:^|[。！？\s])(?:文/)?[图圖]\s?[/／:：]\s?\S{2,12}$"),
)
# Lines that tell who wrote the article, for whom and when: read by rag.ingest.metadata, so kept.
IMPRINT = _pattern(
    r"^\W*(?:by|por|par|von|de|di|da|door|av|words|text|story|interview|reporting|reported|source|publisher|"
    r"fuente|quelle|"
    r"fonte|bron|first published|published|posted|(?:last )?updated|publicado|actualizado|"
    r"publié|veröffentlicht|pubblicato|gepubliceerd|"
    r"作者|记者|記者|来源|來源|发布|發布|责任编辑|编辑|文)(?:[\s:：/]|$)"
)
BYLINE = re.compile(r"(?i:by|por|par|von|di|door|av)\s(?=[A-ZÀ-Ý])|文[:：/／]|作者|记者")
FULL_DATE = re.compile(
    r"\b(?:\d{1,2}(?:\.|st|nd|rd|th|er|º)?,?\s(?:de\s|of\s)?[^\W\d_]{3,12}\.?,?\s(?:de\s)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b"
    r"|\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}"
)
