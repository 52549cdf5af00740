"""Somebody in the shop, with a browser: what they do and what they see."""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from tests.stack.http_shop import HttpShop, Offer
from tests.stripe_side import CARD

# A first request to a function may wait for a cold start on a busy machine.
PATIENCE_MS = 60_000
DECLINED = "4000000000000002"

# Where the storefront shows one offer, by its kind.
PAGES = {
    "bid": "/rows/row-{}",
    "quote": "/rows/row-{}",
    "auction": "/auctions/{}",
    "order": "/orders/{}",
    "product": "/hero-me",
    "content": "/content/{}",
}
FRAME = "iframe[title='Secure payment']"


@dataclass
class Visitor:
    page: Page
    shop: HttpShop
    sub: str | None

    @classmethod
    def in_context(
        cls, context: BrowserContext, shop: HttpShop, sub: str | None
    ) -> Self:
        context.set_default_timeout(PATIENCE_MS)
        shopper = {"sub": sub, "token": shop.stack.token(sub) if sub else None}
        context.add_init_script(
            # For the shop's own pages. Stripe's have no use for it, and not every frame
            # has a storage.
            "try { sessionStorage.shopper ??= "
            f"JSON.stringify({json.dumps(shopper)}); }} catch {{}}"
        )
        return cls(context.new_page(), shop, sub)

    def another_tab(self) -> "Visitor":
        return Visitor(self.page.context.new_page(), self.shop, self.sub)

    # ------------------------------------------------------------ what they do

    def open(self, path: str) -> None:
        self.page.goto(path)

    def open_offer(self, kind: str) -> Offer:
        """Put a new offer on sale to this visitor, and look at it in the shop."""
        offer = self.shop.offer(kind, self.sub or "nobody")
        self.open(PAGES[kind].format(offer.id))
        return offer

    def press(self, name: str) -> None:
        self.button(name).click()

    def go_to_pay(self, name: str) -> None:
        """Press a button of the shop that leads to Stripe's page."""
        self.press(name)
        expect(self.page.get_by_label("Card number")).to_be_visible()

    def open_form(self) -> FrameLocator:
        """Open Stripe's form of a product, which is in a frame of the shop's page."""
        self.press("Buy without logging in")
        form = self.page.frame_locator(FRAME)
        expect(form.get_by_label("Card number")).to_be_visible()
        return form

    def pay(self, card: str = CARD) -> None:
        fill_in_card(self.page, card)

    def press_cancel(self) -> None:
        self.page.get_by_role("link", name=re.compile("back", re.IGNORECASE)).click()

    # ------------------------------------------------------------ what they see

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def card(self, name: str) -> Locator:
        return self.page.locator(f"#{name}")

    def sees_heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", name=text)).to_be_visible()

    def sees_badge(self, card: str, text: str) -> None:
        expect(self.card(card).locator(".card-head .badge")).to_have_text(text)

    def is_told(self, sentence: str) -> None:
        alerts = self.page.get_by_role("alert").filter(has_text=sentence)
        expect(alerts).to_be_visible()


def fill_in_card(place: Any, card: str) -> None:
    """Fill in Stripe's form, on its page or in its frame, and send it."""
    email = place.get_by_label("Email")
    if email.is_editable():
        email.fill("buyer@example.test")
    place.get_by_label("Card number").fill(card)
    place.get_by_label(re.compile("^Expir")).fill("12 / 34")
    place.get_by_label("CVC").fill("123")
    place.get_by_role("button", name=re.compile("^Pay")).click()
