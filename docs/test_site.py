"""The built site in a real browser: `make test-docs`, after `make docs`."""

import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent / "_build" / "html"
if not SITE.exists():
    raise FileNotFoundError("Build the site first: make docs")
PAGES = sorted(
    path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
)
PAGES = [page for page in PAGES if not page.startswith("_static/")]
SCREENSHOTS = SITE.parent / "screenshots"
SIZES = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
# What a script of scikit-learn 1.9 says of the names of features in a diagram it wrote.
HARMLESS = "Expected copy-paste icon is missing from the DOM structure"
(ANIMATED,) = [
    p for p in PAGES if 'class="anim-slider"' in (SITE / p).read_text()
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Keep the log of requests out of that of the tests."""


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=SITE)
    )
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, (
        "These tests need Chromium: apt-get install chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page, whose complaints fail the test at its end."""
    context = browser.new_context()
    complaints = []

    def hear(said):
        if said.type in ("error", "warning") and said.text != HARMLESS:
            complaints.append(said.text)

    def see(sent):
        if not sent.url.startswith((address, "data:", "blob:")):
            complaints.append(f"from elsewhere: {sent.url}")

    def check(answer):
        if answer.status >= 400:
            complaints.append(f"{answer.status}: {answer.url}")

    def watch(tab):
        tab.on("console", hear)
        tab.on("request", see)
        tab.on("response", check)
        tab.on(
            "pageerror",
            lambda error: complaints.append(f"error: {error}"),
        )
        tab.on(
            "requestfailed",
            lambda sent: complaints.append(f"failed: {sent.url}"),
        )

    def open_page(page):
        tab = context.new_page()
        watch(tab)
        tab.goto(f"{address}/{page}", wait_until="load")
        tab.evaluate("window.MathJax?.startup?.promise")
        return tab

    yield open_page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("page", PAGES)
def test_page(visit, page):
    """No complaint of the browser, no missing picture, nothing wider than the screen."""
    tab = visit(page)
    assert tab.title()
    tab.evaluate(
        "document.querySelectorAll('img').forEach(img => img.loading = 'eager')"
    )
    tab.wait_for_function(
        "[...document.images].every(img => img.complete)"
    )
    missing = "[...document.images].filter(img => !img.naturalWidth).map(img => img.src)"
    assert tab.evaluate(missing) == []
    # What MathJax does not know it writes in red.
    assert (
        tab.locator("mjx-merror, mjx-mtext[style*='red']").count() == 0
    )
    width = "[document.documentElement.scrollWidth, window.innerWidth]"
    for size, viewport in SIZES.items():
        tab.set_viewport_size(viewport)
        needed, given = tab.evaluate(width)
        assert needed <= given, size
        path = SCREENSHOTS / size / f"{page.replace('/', '.')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=path, full_page=True)


def test_links(visit, address):
    """Every link within the site leads to a page, and to a place in it; all are linked."""
    read = """pages => Promise.all(pages.map(async page => {
        const address = new URL(page, window.origin);
        const text = await (await fetch(address)).text();
        const dom = new DOMParser().parseFromString(text, "text/html");
        const links = [...dom.querySelectorAll("a[href]")].map(
            a => new URL(a.getAttribute("href"), address).href);
        const places = [...dom.querySelectorAll("[id]")].map(e => e.id);
        return [page, links, places];
    }))"""
    links, places = {}, {}
    for page, to, ids in visit("index.html").evaluate(read, PAGES):
        links[page] = [link for link in to if link.startswith(address)]
        places[page] = ids

    def find_target(link):
        link, _, _ = link.partition(":~:")  # before a text to highlight
        url, place = urldefrag(link)
        return unquote(urlsplit(url).path).lstrip("/"), unquote(place)

    broken, reached = [], set()
    for page in PAGES:
        for target, place in map(find_target, links[page]):
            known = places.get(target, [place])
            if not (SITE / target).is_file() or (
                place and place not in known
            ):
                broken.append((page, target, place))
            if target != page:
                reached.add(target)
    assert broken == []
    assert set(PAGES) - reached <= {"genindex.html", "search.html"}


@pytest.mark.parametrize("size", SIZES)
def test_animation_plays(visit, size):
    tab = visit(ANIMATED)
    tab.set_viewport_size(SIZES[size])
    slider = tab.locator("input.anim-slider")
    picture = tab.locator(".animation img").first
    shown = set()
    last = int(slider.get_attribute("max"))
    for frame in range(0, last + 1):
        slider.fill(str(frame))
        shown.add(picture.get_attribute("src"))
    assert len(shown) == last + 1
    slider.fill("0")
    tab.locator(".anim-buttons button").nth(5).click()
    tab.wait_for_function(
        "document.querySelector('input.anim-slider').value > 2"
    )


def test_formulas(visit):
    tab = visit("user_guide.html")
    tab.wait_for_selector("mjx-container")
    assert tab.locator("mjx-container").count() > 50


def test_search(visit):
    tab = visit("search.html?q=Malitsky")
    tab.wait_for_selector("ul.search li a")
    assert "User guide" in tab.locator("ul.search").inner_text()


def test_estimators_link_to_their_pages(visit):
    """The HTML representation of an estimator links to its page of the reference."""
    tab = visit(ANIMATED)
    link = tab.locator(
        "a.sk-estimator-doc-link[href*='SigmoidNeuronClassifier']"
    ).first
    with tab.expect_popup() as page:
        link.evaluate("a => window.open(a.href)")
    assert page.value.title().startswith("SigmoidNeuronClassifier")
