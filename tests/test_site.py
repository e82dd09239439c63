"""The offline report: formulas as MathML, pictures described, nothing fetched, everything linked."""

import json
import re
from html import unescape
from urllib.parse import unquote, urlparse

import pytest
from bs4 import BeautifulSoup

from tools import chapters, execute, site
from vaepaper import paths


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of the committed notebooks, before any run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "BUILD", tmp_path_factory.mktemp("build"))
        assert site.main() == 0
        made = (paths.BUILD / "report").glob("*.html")
        return {path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in made}


def loaded(page):
    """What a page loads by itself."""
    tags = page.select("script, img, link, iframe")
    return [tag.get("src") or tag.get("href") or "" for tag in tags]


def test_formulas_become_mathml_and_code_is_left_alone():
    tex = "so $z = \\mu + \\epsilon$, `cost $5`:\n\n$$\\sum_i x_i^2$$\n\n```\n$a$ and $b$\n```\n"
    text = site.with_mathml(tex)
    assert text.count("<math") == 2 and 'display="block"' in text and "ϵ" in unescape(text)
    assert "`cost $5`" in text and "$a$ and $b$" in text
    assert site.with_mathml("from $5 to \\$6") == "from $5 to \\$6"
    text = site.with_mathml("$$ z = 1 \\tag{5} $$")
    assert "<span>(5)</span>" in text and "tag" not in text and text.count("<math") == 1


def test_every_chapter_has_its_page_and_the_front_page_the_ten_figures_in_order(pages):
    assert set(pages) == {"index.html", *(f"{source.stem}.html" for source in chapters.select([]))}
    shown = [src for src in loaded(pages["index.html"]) if "figures/fig" in src]
    assert sorted({int(src[11:13]) for src in shown}) == list(range(1, 11)) and shown == sorted(shown)


def test_pages_fetch_nothing_link_somewhere_describe_pictures_and_show_formulas(pages):
    for name, page in pages.items():
        assert {urlparse(source).scheme for source in loaded(page)} <= {"", "data"}, name
        assert not re.search(r"@import|url\(\s*['\"]?http", str(page)), name
        links = [urlparse(tag["href"]) for tag in page.select("a[href]")]
        inside = {unquote(link.path) or name for link in links if link.scheme not in ("http", "https")}
        assert all(place in pages or (paths.NOTEBOOKS / place).exists() for place in inside), name
        assert all(tag.get("alt") and "No description" not in tag["alt"] for tag in page.select("img")), name
        for tag in page.select("pre, code, script, style"):
            tag.decompose()
        assert "$$" not in page.text and not re.search(r"\\(mu|sigma|sum|frac|epsilon)\b", page.text), name


def test_what_was_run_names_changed_parameters(build):
    [(what, said)] = site.what_was_run()
    assert what == "Run" and "as committed" in said
    done = {"fingerprint": "", "parameters": {"epochs": 5}, "seconds": 9.5, "claims": [], "left": {}}
    stamp = execute.stamp(chapters.select(["02"])[0])
    (paths.writable(stamp.parent) / stamp.name).write_text(json.dumps(done))
    assert dict(site.what_was_run())["Parameters"] == "02 with epochs = 5"
    assert site.short("01_latent_size_sweep") == "1 latent size" and site.short("10_gan") == "10 GAN"
