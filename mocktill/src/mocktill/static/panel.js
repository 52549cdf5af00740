// Refresh the panel. Without this script, its forms and links work as well.
(() => {
  "use strict";

  const EVERY_MS = 2000;

  /** Whether a person fills in a form, or copies a text: nothing may move then. */
  function isInUse() {
    return Boolean(document.activeElement?.closest("form")) || !getSelection().isCollapsed;
  }

  async function refresh() {
    if (document.hidden || isInUse()) return;
    const answer = await fetch(window.location.pathname, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (isInUse()) return;
    for (const old of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(old.id);
      const changed = now && now.innerHTML !== old.innerHTML;
      if (changed && !old.contains(document.activeElement)) {
        old.replaceChildren(...now.childNodes);
      }
    }
  }

  document.getElementById("refreshes").textContent =
    "This page refreshes by itself, except while you use a form.";
  document.getElementById("refresh")?.remove();

  (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      // The server may have been stopped; it may come back.
      await refresh().catch(() => {});
    }
  })();
})();
