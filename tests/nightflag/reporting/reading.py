"""A page as a browser sees it."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "br", "img", "link", "input"}
APART = {"br", "caption", "dd", "div", "dt", "h1", "h2", "li", "p", "small", "td", "th", "tr"}


class Page(HTMLParser):
    """The elements, attributes and text of a page; refuses one that does not nest."""

    def __init__(self, path: Path):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.scripts = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.texts += [" "] * (tag in APART)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]
