"""Bodies as HTML, as the messenger and the usual mail programs write it, and back to text."""

import html
import re
from collections.abc import Mapping
from typing import NamedTuple

_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|blockquote|h[1-6])>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_HIDDEN = re.compile(r"<(style|script)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_LINES = re.compile(r"\n{3,}")

REDACTED_BODY = "<p><i>This message was deleted</i></p>"
"""What Intercom puts in place of a redacted message."""


class Quote(NamedTuple):
    """Mail history below a message."""

    text: str
    intro: str
    """The line above it, in the language of the mail program."""
    labels: tuple[str, ...]
    """What Outlook calls From, Sent, To and Subject."""
    sender: str
    sent: str
    to: str
    subject: str


def to_plain(body: str) -> str:
    """The text of an HTML body: what `display_as=plaintext` gives."""
    text = _HIDDEN.sub("", body)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    return _LINES.sub("\n\n", html.unescape(text)).strip()


def chat_body(text: str, hidden: str, attachment_url: str) -> str:
    """A message of the messenger: paragraphs, line breaks, an image."""
    paragraphs = text.split("\n\n") if "\n\n" in text else [text]
    body = "\n".join([f"<p>{escape(part)}</p>" for part in paragraphs])
    if attachment_url:
        body += f'\n<div class="intercom-container"><img src="{attachment_url}"></div>'
    return body + hide(hidden)


def mail_body(text: str, style: int, signature: str, quote: Quote | None, hidden: str) -> str:
    """A mail: style 0 is Gmail, 1 Outlook, 2 Apple Mail, 3 plain text turned into HTML."""
    writers = (_write_gmail, _write_outlook, _write_apple, _write_plain)
    return writers[style](text, signature, quote) + hide(hidden)


def escape(text: str) -> str:
    """Text as HTML, line breaks kept."""
    text = html.escape(text, quote=False)
    return text.replace("\n", "<br>") if "\n" in text else text


def hide(text: str) -> str:
    """Text that a mail program does not show."""
    if not text:
        return ""
    return f'<span style="display:none;font-size:0;color:#ffffff">{html.escape(text)}</span>'


def fill_marks(body: str, values: Mapping[int, str]) -> str:
    """The body with marks replaced by their (already escaped) values."""
    return body.translate(values) if values else body


def _write_gmail(text: str, signature: str, quote: Quote | None) -> str:
    lines = [f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n")]
    body = f'<div dir="ltr">{"".join(lines)}</div>'
    if signature:
        body += (
            '<br clear="all"><div dir="ltr" class="gmail_signature" '
            f'data-smartmail="gmail_signature">{escape(signature)}</div>'
        )
    if quote:
        body += (
            '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
            f'{escape(quote.intro)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px '
            '0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
            f"{escape(quote.text)}</blockquote></div>"
        )
    return body


def _write_outlook(text: str, signature: str, quote: Quote | None) -> str:
    def paragraph(line: str) -> str:
        return f'<p class="MsoNormal">{escape(line) or "&nbsp;"}<o:p></o:p></p>'

    lines = text.split("\n") + (["", *signature.split("\n")] if signature else [])
    body = f'<div class="WordSection1">{"".join([paragraph(line) for line in lines])}'
    if quote:
        heads = zip(quote.labels, (quote.sender, quote.sent, quote.to, quote.subject), strict=True)
        head = "<br>".join([f"<b>{escape(label)}</b> {escape(value)}" for label, value in heads])
        body += (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
            f'<p class="MsoNormal">{head}<o:p></o:p></p></div>'
            f"{''.join([paragraph(line) for line in quote.text.split(chr(10))])}"
        )
    return body + "</div>"


def _write_apple(text: str, signature: str, quote: Quote | None) -> str:
    body = f"<div>{escape(text)}</div>"
    if signature:
        body += f'<div><br></div><div id="AppleMailSignature">{escape(signature)}</div>'
    if quote:
        body += (
            f'<div><br><blockquote type="cite"><div>{escape(quote.intro)}</div><br>'
            f"<div>{escape(quote.text)}</div></blockquote></div>"
        )
    return body


def _write_plain(text: str, signature: str, quote: Quote | None) -> str:
    parts = [text]
    if signature:
        parts.append(signature)
    if quote:
        cited = "\n".join([f"> {line}" for line in quote.text.split("\n")])
        parts.append(f"{quote.intro}\n\n{cited}")
    blocks = "\n\n".join(parts).split("\n\n")
    return "\n".join([f"<p>{escape(block)}</p>" for block in blocks])
