// Comfort of the payment page. Without this script, the page pays as well.
(() => {
  "use strict";

  // A page from the browser's memory may show a payment that is over.
  window.addEventListener("pageshow", (event) => {
    const [navigation] = performance.getEntriesByType("navigation");
    if (event.persisted || navigation?.type === "back_forward") {
      window.location.replace(window.location.pathname);
    }
  });

  const AMEX = /^3[47]/;

  /** Group the digits of a card number as they are on the card. */
  function groupedNumber(digits) {
    const sizes = AMEX.test(digits) ? [4, 6, 5] : [4, 4, 4, 4, 3];
    const groups = [];
    for (const size of sizes) {
      const from = groups.join("").length;
      if (digits.length > from) groups.push(digits.slice(from, from + size));
    }
    return groups.join(" ");
  }

  /** Write the digits of an expiry as MM / YY. */
  function monthAndYear(digits, deleting) {
    const all = /^[2-9]/.test(digits) ? `0${digits}` : digits;
    const [month, year] = [all.slice(0, 2), all.slice(2)];
    // A browser may fill in four digits of the year.
    const short = /^20\d\d/.test(year) ? year.slice(2, 4) : year.slice(0, 2);
    if (short) return `${month} / ${short}`;
    return month.length === 2 && !deleting ? `${month} / ` : month;
  }

  const onlyDigits = (text) => text.replace(/\D/g, "");

  function keepFormatted(input, format) {
    if (!input) return;
    input.addEventListener("input", (event) => {
      const { value, selectionStart } = input;
      const deleting = event.inputType?.startsWith("delete") ?? false;
      const formatted = format(onlyDigits(value), deleting);
      if (formatted === value) return;
      const before = onlyDigits(value.slice(0, selectionStart)).length;
      const atEnd = selectionStart === value.length;
      input.value = formatted;
      const place = atEnd ? formatted.length : afterDigits(formatted, before);
      input.setSelectionRange(place, place);
    });
  }

  /** Return the place in *text* that has so many digits before it. */
  function afterDigits(text, count) {
    let seen = 0;
    for (let place = 0; place < text.length; place += 1) {
      if (seen === count) return place;
      if (/\d/.test(text[place])) seen += 1;
    }
    return text.length;
  }

  for (const form of document.forms) {
    keepFormatted(form.elements.number, groupedNumber);
    keepFormatted(form.elements.expiry, monthAndYear);
    keepFormatted(form.elements.cvc, onlyDigits);
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) {
        event.preventDefault();
        return;
      }
      sent = true;
      const pressed = event.submitter;
      // A disabled button is not part of the form that the browser sends.
      setTimeout(() => {
        for (const button of form.querySelectorAll("button")) button.disabled = true;
        if (!pressed) return;
        pressed.textContent = pressed.dataset.busy ?? "Processing…";
        pressed.setAttribute("aria-busy", "true");
        document.getElementById("progress").textContent = pressed.textContent;
      });
    });
  }
})();
