"""Elements and tables of the benchmarks' page, as text."""

from xml.sax.saxutils import escape, quoteattr


def tag(name, text="", **attributes):
    """An element; `text` is markup already. A trailing _ of an attribute's name is left out."""
    words = "".join(f" {key.rstrip('_')}={quoteattr(str(value))}"
                    for key, value in attributes.items())
    return f"<{name}{words}>{text}</{name}>"


def table(head, body):
    """Cells are texts, or (class, text)."""
    def cell(kind, content):
        style, text = content if isinstance(content, tuple) else ("", content)
        # The names of rows may be broken at their slashes.
        return tag(kind, escape(str(text)).replace("/", "/<wbr/>"),
                   **({"class_": style} if style else {}))

    lines = [tag("tr", "".join(cell("th", title) for title in head))]
    lines += [tag("tr", "".join(cell("td", content) for content in row)) for row in body]
    return tag("table", "\n".join(lines))
