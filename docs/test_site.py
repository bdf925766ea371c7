"""The built site in a real browser: `make test-docs`, after `make docs`.

`SCREENSHOTS=folder make test-docs` also writes a picture of each page at both sizes.
"""

import json
import os
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from sklearn.linear_model import LogisticRegression

from sk_neuron import SigmoidNeuronClassifier

SITE = Path(__file__).parent / "_build" / "html"
if not SITE.exists():
    raise FileNotFoundError("Build the site first: make docs")
PAGES = sorted(
    path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")
)
PAGES = [page for page in PAGES if not page.startswith("_static/")]
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


@pytest.fixture(scope="module")
def context(browser):
    """A visitor, whose browser keeps what all pages share."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(context, address):
    """Return a function that opens a page, whose complaints fail the test at its end."""
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
    for tab in context.pages:
        tab.close()
    assert complaints == []


# What the screen cuts off, unless it can be scrolled. The page itself cannot.
CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(element => {
    const box = element.getBoundingClientRect();
    const isThere = box.width > 1 && box.height > 1;
    const isOutside = box.right > window.innerWidth + 1 || box.left < -1;
    if (!isThere || !isOutside) return false;
    if (element.closest("svg *, mjx-assistive-mml, .visually-hidden")) return false;
    for (let e = element.parentElement; e.tagName !== "MAIN"; e = e.parentElement) {
        const canScroll = ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
        if (canScroll && !e.className.includes("bd-")) return false;
    }
    return true;
}).map(element => `${element.tagName}: ${element.textContent.slice(0, 60)}`)"""


@pytest.mark.parametrize("page", PAGES)
def test_page(visit, page):
    """No complaint of the browser, no missing picture, nothing that the screen cuts off."""
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
    for size, viewport in SIZES.items():
        tab.set_viewport_size(viewport)
        assert tab.evaluate(CUT_OFF) == [], size
        if folder := os.environ.get("SCREENSHOTS"):
            path = Path(folder, size, f"{page.replace('/', '.')}.png")
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


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("Malitsky", "User guide"),
        ("missing values", "Handle missing values"),
        ("progress bar", "Watch a fit, and stop it"),
        ("noisy labels", "Find and fix wrong labels"),
        ("explain", "Explain a prediction"),
        ("learning rate", "Choose the step size"),
    ],
)
def test_search(visit, words, page):
    tab = visit(f"search.html?q={words}")
    tab.wait_for_selector("ul.search li a")
    assert page in tab.locator("ul.search").inner_text()


def test_code_of_pictures_is_folded(visit):
    tab = visit("auto_tutorial/plot_1_neuron.html")
    folded = tab.locator("details.code-of-picture")
    assert folded.count() > 5
    assert not folded.first.locator("pre").is_visible()
    folded.first.locator("summary").click()
    assert folded.first.locator("pre").is_visible()


def test_notebooks_have_no_markup_of_the_site():
    markup = ":class:", ":doc:", "html)_"
    notebooks = [
        path
        for path in SITE.rglob("*.ipynb")
        if any(word in path.read_text() for word in markup)
    ]
    assert notebooks == []


def test_estimators_link_to_their_pages(visit):
    """The HTML representation of an estimator links to its page of the reference."""
    tab = visit(ANIMATED)
    link = tab.locator(
        "a.sk-estimator-doc-link[href*='SigmoidNeuronClassifier']"
    ).first
    with tab.expect_popup() as page:
        link.evaluate("a => window.open(a.href)")
    assert page.value.title().startswith("SigmoidNeuronClassifier")


@pytest.mark.parametrize("n_wrong", [0, 1, 27])
def test_models_of_the_first_page(visit, n_wrong):
    """They have the weights of the package's neuron and of scikit-learn's model."""
    tab = visit("index.html")
    points = tab.evaluate("POINTS")
    X, recorded = np.array(points["X"]), np.array(points["y"])
    wrong = points["order"][:n_wrong]
    recorded[wrong] = 1 - recorded[wrong]
    share = n_wrong / len(recorded)
    labels = json.dumps(recorded.tolist())
    neuron = SigmoidNeuronClassifier(max_iter=30, label_noise=share)
    for model, call in [
        (neuron, f"fitNeuron(POINTS.X, {labels}, {share})"),
        (
            LogisticRegression(tol=1e-12, max_iter=1000),
            f"fitLogistic(POINTS.X, {labels})",
        ),
    ]:
        model.fit(X, recorded)
        expected = [*model.coef_[0], model.intercept_[0]]
        np.testing.assert_allclose(
            tab.evaluate(call), expected, atol=1e-6, rtol=0
        )
    fit = f"fitNeuron(POINTS.X, {labels}, {share})"
    quality = f"labelQuality(POINTS.X, {labels}, {share}, {fit})"
    np.testing.assert_allclose(
        tab.evaluate(quality),
        neuron.label_quality(X, recorded),
        atol=1e-6,
    )


def open_first_page(visit, size):
    """Return the first page, its two pictures, and a function that reads its state."""
    tab = visit("index.html")
    tab.set_viewport_size(SIZES[size])
    tab.locator("#play").scroll_into_view_if_needed()
    return (
        tab,
        tab.locator("#play svg"),
        lambda: tab.evaluate("play.fit()"),
    )


def count_wrong(state):
    return sum(state["wrong"])


@pytest.mark.parametrize("size", SIZES)
def test_drag_a_label(visit, size):
    """A point that is dragged to the other side has a wrong label; a click flips it."""
    tab, pictures, read = open_first_page(visit, size)
    before = read()
    assert count_wrong(before) == sum(before["found"]) == 0
    box = pictures.nth(1).bounding_box()
    row = tab.evaluate("POINTS.order[0]")
    point = (
        pictures.nth(1)
        .locator(f"[data-row='{row}'] .grip")
        .bounding_box()
    )
    x, y = (
        point["x"] + point["width"] / 2,
        point["y"] + point["height"] / 2,
    )
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 2, y, steps=3)
    tab.mouse.move(box["x"] + 30, y, steps=3)
    tab.mouse.up()
    dragged = read()
    assert [
        i for i, is_wrong in enumerate(dragged["wrong"]) if is_wrong
    ] == [row]
    assert dragged["logistic"] != before["logistic"]
    tab.mouse.move(box["x"] + 30, y)
    tab.mouse.down()
    tab.mouse.up()
    assert count_wrong(read()) == 0


@pytest.mark.parametrize("size", SIZES)
def test_a_click_flips_the_point_under_it(visit, size):
    """On a phone most points overlap with others."""
    tab, pictures, read = open_first_page(visit, size)
    marks = pictures.nth(0).locator(".mark")
    for row in range(marks.count()):
        box = marks.nth(row).bounding_box()
        tab.mouse.click(
            box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        )
        assert count_wrong(read()) == row + 1


@pytest.mark.parametrize("size", SIZES)
def test_flip_a_share(visit, size):
    """With a third of the labels wrong, the neuron that is told of them is better."""
    tab, _, read = open_first_page(visit, size)
    slider = tab.locator("#play input[type=range]")
    slider.fill("33")
    state = read()
    assert count_wrong(state) == 26
    assert "26 of 80 labels" in tab.locator("#play output").inner_text()
    logistic, neuron = (
        float(text.split()[-1])
        for text in tab.locator("#play .score").all_inner_texts()
    )
    assert neuron < logistic - 0.05
    hits = sum(map(bool, np.multiply(state["found"], state["wrong"])))
    assert (
        f"wrong: {hits}," in tab.locator("#play .status").inner_text()
    )
    tab.locator("#play input[type=checkbox]").uncheck()
    assert read()["noise"] == 0
    tab.locator("#play button").click()
    assert count_wrong(read()) == 0


def test_play_by_keyboard(visit):
    """Everything can be done without a mouse."""
    tab, pictures, read = open_first_page(visit, "desktop")
    pictures.nth(0).focus()
    tab.keyboard.press("Space")
    assert count_wrong(read()) == 1
    tab.keyboard.press("Space")
    first = tab.evaluate("play.selected")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("play.selected") != first
    place = tab.evaluate("play.points[play.selected]")
    tab.keyboard.press("Shift+ArrowDown")
    moved = tab.evaluate("play.points[play.selected]")
    np.testing.assert_allclose(moved, [place[0], place[1] - 0.5])
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    assert count_wrong(read()) == 4


# Whether a part that has the focus, or a card around it, has a frame that tells so.
IS_FRAMED = """() => {
    const focused = document.activeElement;
    return [focused, focused.closest(".sd-card") ?? focused].some(element => {
        const style = getComputedStyle(element);
        const outline = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
        return outline || style.boxShadow.includes("3px");
    });
}"""


@pytest.mark.parametrize("page", ["index.html", ANIMATED])
def test_focus_is_seen(visit, page):
    """Whoever goes through a page by the Tab key sees where they are."""
    tab = visit(page)
    tab.add_style_tag(content="* { transition: none !important; }")
    seen = 0
    while True:
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement === document.body"):
            break
        # The control of an estimator is hidden, and its label has the frame.
        if not tab.evaluate(
            "document.activeElement.matches('.sk-toggleable__control')"
        ):
            assert tab.evaluate(IS_FRAMED), tab.evaluate(
                "document.activeElement.outerHTML.slice(0, 200)"
            )
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("size", SIZES)
def test_names_of_parameters_are_whole(visit, size):
    """Each is on one line."""
    tab = visit("generated/sk_neuron.SigmoidNeuronClassifier.html")
    tab.set_viewport_size(SIZES[size])
    names = tab.locator("dl.field-list dd dt > strong")
    n_lines = names.evaluate_all(
        "names => names.map(name => name.getClientRects().length)"
    )
    heights = names.evaluate_all(
        "names => names.map(name => name.getBoundingClientRect().height)"
    )
    assert len(n_lines) > 20
    assert set(n_lines) == {1}
    assert max(heights) < 30
