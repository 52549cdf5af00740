"""The pages of mocktill in a browser, with their scripts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.browser import ARGUMENTS, find_browser
from mocktill import Sandbox, running

pytestmark = pytest.mark.slow

SESSION = {
    "mode": "payment",
    "customer_email": "ada@example.com",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "12999",
    "line_items[0][price_data][product_data][name]": "Headphones",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("No browser is here: `make browser` installs one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def mocktill() -> Iterator[Any]:
    sandbox = Sandbox()
    with running(sandbox) as server:
        yield server


@pytest.fixture
def create(mocktill: Any) -> Callable[[], Any]:
    """Create a session, after whose payment the customer sees the panel."""

    def make() -> Any:
        home = f"{mocktill.url}/sandbox"
        answer = requests.post(
            f"{mocktill.url}/v1/checkout/sessions",
            data=SESSION | {"success_url": f"{home}?done=x", "cancel_url": home},
            auth=(mocktill.app.state.sandbox.secret_key, ""),
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json()

    return make


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts = []

    def opened(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def pay_page(open_page: Callable[..., Page], create: Callable[[], Any]) -> Page:
    return open_page(create()["url"])


def fill_in(page: Page, number: str = "4242424242424242") -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")


def press_pay(page: Page) -> None:
    page.get_by_role("button", name="Pay").click()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("4242424242424242", "4242 4242 4242 4242"),
        ("4242 4242", "4242 4242"),
        ("378282246310005", "3782 822463 10005"),
        ("42a42-4", "4242 4"),
    ],
)
def test_the_card_number_is_grouped_as_it_is_typed(
    pay_page: Page, typed: str, shown: str
) -> None:
    field = pay_page.get_by_label("Card number")

    field.press_sequentially(typed)

    expect(field).to_have_value(shown)


def test_a_digit_in_the_middle_is_corrected_where_it_is(pay_page: Page) -> None:
    field = pay_page.get_by_label("Card number")
    field.press_sequentially("42425424")
    for _ in range(3):
        field.press("ArrowLeft")

    field.press("Backspace")
    field.press("4")

    expect(field).to_have_value("4242 4424")
    assert field.evaluate("field => field.selectionStart") == 6


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1234", "12 / 34"),
        ("12/34", "12 / 34"),
        ("534", "05 / 34"),
        ("12", "12 / "),
    ],
)
def test_the_expiry_is_a_month_and_a_year(
    pay_page: Page, typed: str, shown: str
) -> None:
    field = pay_page.get_by_label("Expiry")

    field.press_sequentially(typed)

    expect(field).to_have_value(shown)


def test_a_year_of_four_digits_is_understood(pay_page: Page) -> None:
    field = pay_page.get_by_label("Expiry")

    field.fill("12/2034")

    expect(field).to_have_value("12 / 34")


def test_the_expiry_can_be_deleted(pay_page: Page) -> None:
    field = pay_page.get_by_label("Expiry")
    field.press_sequentially("1234")

    for _ in range(4):
        field.press("Backspace")

    expect(field).to_have_value("")


def test_who_has_pressed_pay_sees_that_it_works_and_cannot_press_again(
    pay_page: Page,
) -> None:
    fill_in(pay_page)
    # The form stays where it is, as long as the answer takes.
    pay_page.evaluate("document.forms[0].onsubmit = () => false")

    press_pay(pay_page)

    busy = pay_page.get_by_role("button", name="Processing…")
    expect(busy).to_be_disabled()
    expect(pay_page.locator("#progress[aria-live]")).to_have_text("Processing…")


def test_a_form_that_is_pressed_twice_at_once_is_sent_once(pay_page: Page) -> None:
    fill_in(pay_page)

    stopped = pay_page.evaluate(
        """() => {
          const [form] = document.forms;
          const stopped = [];
          form.addEventListener("submit", (event) => {
            stopped.push(event.defaultPrevented);
            event.preventDefault();
          });
          form.requestSubmit();
          form.requestSubmit();
          return stopped;
        }"""
    )

    assert stopped == [False, True]


def test_who_goes_back_after_paying_sees_that_it_is_paid(pay_page: Page) -> None:
    fill_in(pay_page)
    press_pay(pay_page)
    pay_page.wait_for_url("**/sandbox?done=x")

    pay_page.go_back()

    expect(pay_page.get_by_text("already been processed")).to_be_visible()
    expect(pay_page.get_by_role("button")).to_have_count(0)


def test_who_goes_back_to_a_declined_payment_after_paying_sees_it_too(
    pay_page: Page,
) -> None:
    """The browser keeps what it was answered, as it must not send the form again."""
    fill_in(pay_page, "4000000000000002")
    press_pay(pay_page)
    expect(pay_page.get_by_role("alert")).to_contain_text("declined")
    fill_in(pay_page)
    press_pay(pay_page)
    pay_page.wait_for_url("**/sandbox?done=x")

    pay_page.go_back()

    expect(pay_page.get_by_text("already been processed")).to_be_visible()


def test_a_page_that_the_browser_kept_is_loaded_again(pay_page: Page) -> None:
    fill_in(pay_page)

    with pay_page.expect_navigation():
        pay_page.evaluate(
            "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
        )

    expect(pay_page.get_by_label("Card number")).to_have_value("")


def test_one_pays_without_a_script(
    open_page: Callable[..., Page], create: Callable[[], Any]
) -> None:
    page = open_page(create()["url"], java_script_enabled=False)
    fill_in(page)

    press_pay(page)

    page.wait_for_url("**/sandbox?done=x")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_fields_have_the_same_background(
    open_page: Callable[..., Page], create: Callable[[], Any], colours: str
) -> None:
    page = open_page(create()["url"], color_scheme=colours)

    backgrounds = page.eval_on_selector_all(
        "input:not([type=hidden], [type=radio]), select",
        "fields => fields.map((field) => getComputedStyle(field).backgroundColor)",
    )

    assert len(backgrounds) > 3
    assert len(set(backgrounds)) == 1


def test_the_panel_shows_what_happens_without_being_asked(
    open_page: Callable[..., Page], mocktill: Any, create: Callable[[], Any]
) -> None:
    page = open_page(f"{mocktill.url}/sandbox")

    session = create()

    expect(page.get_by_role("link", name=session["id"], exact=True)).to_be_visible()


def test_the_panel_does_not_change_while_a_form_has_the_focus(
    open_page: Callable[..., Page], mocktill: Any, create: Callable[[], Any]
) -> None:
    page = open_page(f"{mocktill.url}/sandbox")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(f"{mocktill.url}/sandbox")
    field = page.get_by_label("Number of calls")
    field.fill("7")
    asked.clear()
    session = create()

    page.clock.run_for(10_000)
    expect(page.get_by_role("link", name=session["id"], exact=True)).to_have_count(0)
    assert asked == []

    field.blur()
    page.clock.run_for(2_000)
    expect(page.get_by_role("link", name=session["id"], exact=True)).to_be_visible()
    expect(field).to_have_value("7")


def test_the_panel_works_without_a_script(
    open_page: Callable[..., Page], mocktill: Any, create: Callable[[], Any]
) -> None:
    session = create()
    page = open_page(f"{mocktill.url}/", java_script_enabled=False)

    page.get_by_role("button", name=f"Expire {session['id']}").click()
    expect(page.get_by_text("The session has expired.")).to_be_focused()
    page.get_by_role("link", name=session["id"], exact=True).first.click()

    expect(page.get_by_role("heading", name="Headphones")).to_be_visible()
    expect(page.locator("pre")).to_contain_text(re.compile('"status": "expired"'))
