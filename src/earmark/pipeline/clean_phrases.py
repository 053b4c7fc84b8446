"""What mail programs, closings and legal departments write, in English, German, French, Spanish
and Portuguese. Every pattern is matched against one line, or a few joined ones, of bounded length.
"""

import re
from typing import NamedTuple

_IGNORE = re.IGNORECASE

# "On Mon, 3 Nov 2025 at 10:02, Anna <a@x.com> wrote:" and its relatives. A date or an address must
# be in it: "On the phone my boss wrote:" is not one.
ATTRIBUTION = re.compile(
    r"(?:"
    r"on\s.{4,250}\swrote"
    r"|am\s.{4,250}\sschrieb(?:\s.{1,120})?"
    r"|.{1,120}\s(?:schrieb|wrote)\s(?:am|on)\s.{4,120}"
    r"|le\s.{4,250}\sa\sécrit"
    r"|el\s.{4,250}\sescribió"
    r"|(?:em|a|no dia)\s.{4,250}\sescreveu"
    r"|.{1,120}\s(?:a écrit|escribió|escreveu)\s(?:le|el|em|no dia)\s.{4,120}"
    r")\s?:\s*(?:<br>)?",
    _IGNORE,
)
ATTRIBUTION_START = re.compile(r"(?:on|am|le|el|em|a|no dia)\s", _IGNORE)
ATTRIBUTION_SIGN = re.compile(r"\d|@|<")

ORIGINAL_MESSAGE = re.compile(
    r"(?:[-_=*]{2,}\s*)(?:original(?:\s|-)?(?:message|appointment)|ursprüngliche\s(?:nachricht|mail)"
    r"|originalnachricht|message\sd['’]origine|message\soriginal|mensaje\soriginal"
    r"|mensagem\soriginal|forwarded\smessage|weitergeleitete\snachricht|message\stransféré"
    r"|mensaje\sreenviado|mensagem\sencaminhada)(?:\s*[-_=*]{2,})?"
    r"|(?:begin\sforwarded\smessage|anfang\sder\sweitergeleiteten\s(?:nachricht|e-mail)"
    r"|début\sdu\smessage\s(?:réexpédié|transféré)|inicio\sdel\smensaje\sreenviado"
    r"|início\sda\smensagem\sreencaminhada)\s?:"
    r"|.{0,40}(?:reply\sabove\sthis\sline|antworten\ssie\süber\sdieser\szeile"
    r"|répondre\sau-dessus\sde\scette\sligne|responda\spor\sencima\sde\sesta\slínea"
    r"|responda\sacima\sdesta\slinha).{0,40}",
    _IGNORE,
)

_HEADER_WORDS = {
    "from": ("from", "von", "de", "expéditeur", "remitente", "remetente"),
    "date": (
        *("sent", "date", "gesendet", "datum", "envoyé", "enviado", "enviado el", "fecha"),
        *("enviada em", "enviado em", "enviada", "data"),
    ),
    "to": ("to", "an", "à", "para", "pour", "cc", "kopie", "destinataire", "bcc"),
    "subject": ("subject", "betreff", "objet", "asunto", "assunto"),
}
HEADER_KINDS = {word: kind for kind, words in _HEADER_WORDS.items() for word in words}
HEADER_LINE = re.compile(r"\W{0,4}([^\W\d_]+(?:\s(?:el|em))?)\W{0,2}\s?:")

_SENT_FROM = re.compile(
    r"(?:(?:sent|envoyé|enviado|enviada|gesendet|verschickt)\s(?:securely\s)?"
    r"(?:from|via|with|using|depuis|de|du|à partir de|avec|desde|do|da|a partir do|mit|von|aus)"
    r"\s.{2,70}"
    r"|(?:get|obtenir|télécharger|obtener|obter|laden sie)\soutlook\s(?:for|pour|para|für)\s.{2,60}"
    r"|von\smeine[mr]\s.{2,40}\sgesendet"
    r"|diese\snachricht\swurde\svon\smeinem\s.{2,60}gesendet.{0,40})",
    _IGNORE,
)
_DEVICE = re.compile(
    r"iphone|ipad|android|mobile|mobil|handy|smartphone|samsung|galaxy|huawei|pixel|xiaomi|blackberry"
    r"|outlook|mail|yahoo|gmx|web\.de|proton|celular|móvil|telemóvel|portable|phone|app\b|windows"
    r"|téléphone|tablet|spark|superhuman|hey\.com|front\b",
    _IGNORE,
)

# Closings that end a message whatever follows, and thanks, which only do when a name follows.
_CLOSING = re.compile(
    r"(?:(?:(?:with|my|many)\s)?(?:(?:kind(?:est)?|best|warm(?:est)?|kindly|many|warmly)\s)?"
    r"(?:regards|wishes)|(?:all\sthe\s)?best|cheers|sincerely(?:\syours)?|yours(?:\s\w{4,10})?"
    r"|respectfully|rgds|kr|br"
    r"|(?:mit\s)?(?:freundliche[nr]?|besten?|herzliche[nr]?|viele[n]?|liebe[n]?|schöne[n]?|sonnige"
    r"|schönen?)\s(?:grüße[n]?|gruß|grüssen?|gruss|gruessen?)(?:\saus\s\w{2,20})?"
    r"|grüße|gruß|grüsse|gruss|mfg|vg|lg|bg|hochachtungsvoll|schönen\stag(?:\snoch)?"
    r"|(?:bien\s|très\s)?cordialement|(?:meilleures\s)?salutations(?:\s\w{4,14})?|cdlt|cdt"
    r"|bien\sà\s(?:vous|toi)|bonne\s(?:journée|soirée|réception)|amicalement"
    r"|(?:un\s|muchos\s)?(?:cordial(?:es)?\s)?saludos?(?:\scordial(?:es)?)?|atentamente|atte"
    r"|cordialmente|un\sabrazo"
    r"|(?:com\sos\s)?(?:melhores\s)?cumprimentos|atenciosamente|att|abraços?|um\sabraço"
    r")(?!\w)",
    _IGNORE,
)
_THANKS = re.compile(
    r"(?:(?:(?:many|kind)\s)?(?:thanks|thank\syou|thx|ty)(?:\s(?:so|very)\smuch|\sa\slot|\sagain"
    r"|\sin\sadvance|\sand\s(?:best\s|kind\s)?regards)?"
    r"|(?:vielen\s|besten\s|herzlichen\s)?dank(?:e)?(?:\sim\svoraus|\sund\s(?:viele\s)?grüße)?"
    r"|(?:(?:un\sgrand|mille)\s)?merci(?:\s(?:beaucoup|d['’]avance|et\s.{4,20}))?"
    r"|(?:muchas\s|mil\s)?gracias(?:\sde\santemano|\spor\sadelantado|\sy\ssaludos)?"
    r"|(?:muito\s)?obrigad[oa](?:\s(?:desde\sjá|pela\satenção))?"
    r")(?!\w)",
    _IGNORE,
)
_NEEDS_COMMA = {"best", "all the best", "att", "br", "kr", "ty", "bg"}
_CONNECTOR = re.compile(r"\A[\s,.!&/–-]*(?:(?:und|and|et|y|e)\s)?", _IGNORE)
_AFTERTHOUGHT = re.compile(r"p\.?\s?(?:p\.?\s?)?[sd]\.?\b|nb\b|n\.b\.|edit\b|update\b", _IGNORE)

# One clue may be a customer's sentence about confidence; `notice`, or two in a paragraph, is legal.
LEGAL_CLUE = re.compile(
    r"(?P<notice>(?:this|the)\s(?:e-?mail|message|communication|transmission)\b[^.]{0,80}?\s(?:is|are"
    r"|contains?|may)\s[^.]{0,40}?(?:confidential|privileged)"
    r"|diese\s(?:e-?mail|nachricht)\b[^.]{0,60}?vertraulich"
    r"|ce\s(?:message|courriel|mail)\b[^.]{0,80}?confidentiel"
    r"|este\s(?:mensaje|correo|e-?mail)\b[^.]{0,80}?confidencial"
    r"|esta\smensagem\b[^.]{0,80}?confidencia)"
    r"|(?P<confidential>confidential|vertraulich|confidentiel|confidencia)"
    r"|(?P<recipient>intended\s(?:recipient|solely|only|for\sthe)|sole\suse|named\saddressee"
    r"|richtige[rn]?\sadressat|bestimmungsgemäße|vorgesehene[rn]?\sempfänger|destinataires?\b"
    r"|destinatarios?\b|destinatários?\b)"
    r"|(?P<mistake>received\sth(?:is|e)\b.{0,30}?\sin\serror|irrtümlich|par\serreur|por\serror"
    r"|por\sengano|por\serro\b|notify\sthe\ssender|absender\sinformieren"
    r"|informieren\ssie\b.{0,20}?absender)"
    r"|(?P<forbidden>strictly\sprohibited|unauthori[sz]ed\s(?:use|disclosure|copying|access|review)"
    r"|unbefugt|nicht\sgestattet|est\sinterdite|queda\sprohibid|está\sprohibid|é\sproibid)"
    r"|(?P<register>geschäftsführer(?:in)?:|geschäftsführung:|handelsregister|amtsgericht"
    r"|sitz\sder\sgesellschaft|registergericht|registered\s(?:office|in\sengland)"
    r"|company\s(?:number|no\b)|ust-?id|\bhrb\s?\d|\bsiret\b|\brcs\s\w|vat\s(?:no|number|reg))",
    _IGNORE,
)
LEGAL_LINE = re.compile(
    r"\W*(?:(?:confidentiality|privacy|legal|important)\s(?:notice|note)|disclaimer"
    r"|vertraulichkeitshinweis|avis\sde\sconfidentialité|aviso\s(?:legal|de\sconfidenci\w+))\W*:?"
    r"|\W*(?:please\s)?(?:consider|think\sof)\s(?:the\s)?environment\sbefore\sprinting.{0,80}"
    r"|\W*(?:caution|warning|external|achtung|vorsicht)\W{1,4}(?:external\s)?(?:this|diese).{0,20}"
    r"(?:e-?mail|message|nachricht)\s(?:originated|came|was\ssent|stammt|kommt).{0,200}",
    _IGNORE,
)

# A text without any of these needs no search for the patterns above, which are slow.
_LEGAL_STEMS = (
    *("confiden", "vertraulich", "intended", "sole use", "addressee", "adressat", "gsgemäße"),
    *("empfänger", "destinat", "in error", "irrtümlich", "par erreur", "por err", "por engano"),
    *("notify the", "absender", "prohibit", "proibid", "unauthori", "unbefugt", "gestattet"),
    *(
        "interdite",
        "geschäftsführ",
        "handelsregister",
        "amtsgericht",
        "registergericht",
        "sitz der",
    ),
    *("registered", "company n", "ust-id", "ustid", "hrb", "siret", "rcs ", "vat ", "disclaimer"),
    *("printing", "privacy no", "legal no", "important no", "caution", "warning", "external"),
    *("achtung", "vorsicht", "aviso legal", "originated"),
)


def may_be_legal(text: str) -> bool:
    """Whether a search for legal phrases is worth its time."""
    lowered = text.lower()
    return any(stem in lowered for stem in _LEGAL_STEMS)


_CONTACT = re.compile(
    r"@\w|https?://|\bwww\.|<(?:EMAIL|PHONE)_\d"
    r"|(?:\+|\b00|\b0|\()\d[\d\s()./-]{6,}\d"
    r"|\b(?:tel|phone|fon|telefon|mobil[e]?|cell|fax|tél|móvil|telemóvel)\b\.?\s?[:.]?\s?[+(\d]",
    _IGNORE,
)
_NAME_LINE = re.compile(
    r"(?:(?:dr|prof|mr|mrs|ms|herr|frau|dipl\.?-?\w*)\.?\s)?"
    r"[^\W\d_][\w'’.-]{0,25}(?:\s(?:[^\W\d_][\w'’.-]{0,25}|&|\|)){0,4}[,.!]?"
    r"|[-–—~]{1,2}\s?[^\W\d_][\w'’-]{0,25}(?:\s[^\W\d_][\w'’.-]{0,25}){0,2}"
    r"|<NAME_\d+>.{0,40}",
)


def is_device_line(line: str) -> bool:
    """ "Sent from my iPhone" and the like."""
    return len(line) < 200 and bool(_SENT_FROM.match(line)) and bool(_DEVICE.search(line))


def is_contact_line(line: str) -> bool:
    """A short line with a phone number, an address or a link."""
    return len(line) <= 120 and bool(_CONTACT.search(line))


def is_name_line(line: str) -> bool:
    """A few words, the first two of which could be a name: written with capitals."""
    if len(line) > 60 or not _NAME_LINE.fullmatch(line):
        return False
    words = [word for word in line.strip("-–—~ ,.!").split() if word[0].isalpha()]
    return bool(words) and all(not word[0].islower() for word in (words[0], words[-1]))


def is_signature_line(line: str) -> bool:
    """What stands below a closing: names, titles, companies, contact details, another closing."""
    if len(line) > 120 or _AFTERTHOUGHT.match(line):
        return False
    if is_name_line(line) or is_contact_line(line) or line == "[image]" or closing_of(line):
        return True
    return len(line.split()) <= 8 and line[-1] not in ".?!:;" and not line[0].islower()


class Closing(NamedTuple):
    """A closing formula that fills a line."""

    only_thanks: bool
    named: bool
    """A name follows on the same line."""


def closing_of(line: str) -> Closing | None:
    """The closing formula that a line consists of, with or without a name behind it."""
    rest, behind, only_thanks, found = line, "", True, ""
    for _ in range(3 if len(line) <= 90 else 0):
        closing = _CLOSING.match(rest)
        match = closing or _THANKS.match(rest)
        if match is None:
            break
        only_thanks = only_thanks and closing is None
        found, behind = match[0], rest[match.end() :]
        rest = _CONNECTOR.sub("", behind, count=1)
    name = rest.strip(" ,.!–-\t")
    if not found or (name and not is_name_line(name)):
        return None
    if name and behind[0].isspace() and found.casefold() in _NEEDS_COMMA:
        return None
    return Closing(only_thanks=only_thanks, named=bool(name))
