/* Comforts only: every page works without this file. No storage, no timers that outlive the page. */
(() => {
  "use strict";
  const send = (url, body) =>
    fetch(url, { method: "POST", body, headers: { "X-Preceptor": "1" }, credentials: "same-origin", keepalive: true });

  // The page that a launch shows at once stands under the launch's address: a reload must ask for the page alone.
  if (document.body.dataset.address) { history.replaceState(null, "", document.body.dataset.address); }

  // A page brought back from the browser's memory would hold used keys and an old state.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // Seconds during which this page could be seen; given once, so that a second send has the same content.
  let seen = 0;
  let since = document.hidden ? 0 : performance.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { seen += performance.now() - since; } else { since = performance.now(); }
  });
  const seconds = () => Math.round((seen + (document.hidden ? 0 : performance.now() - since)) / 1000);

  // One press sends once. The feature's own window opens with the same press.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.opens) {
      event.preventDefault();
      send(form.action, new FormData(form));
      open(form.dataset.opens, "_blank", "noopener,noreferrer");
      return;
    }
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.querySelector("button[name=format]")) { return; }
    form.dataset.sent = "1";
    const field = form.querySelector("[data-seconds]");
    if (field && !field.value) { field.value = seconds(); }
  });

  // "tutorial shown": after two seconds in view, once.
  const main = document.querySelector("main[data-shown]");
  if (main) {
    let told = false;
    const tell = () => { if (!told && !document.hidden) { told = true; send(main.dataset.shown); } };
    let timer = setTimeout(tell, 2000);
    document.addEventListener("visibilitychange", () => { clearTimeout(timer); timer = setTimeout(tell, 2000); });
  }

  // V: verify card. Esc: back. Off where the learner turned them off, and never while typing.
  if (document.body.hasAttribute("data-keys")) {
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) { return; }
      if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")) { return; }
      if (event.key === "v" || event.key === "V") {
        const form = document.querySelector("form[data-verify]");
        if (form) { event.preventDefault(); form.requestSubmit(); }
      } else if (event.key === "Escape") {
        const back = document.querySelector("a[data-escape]");
        if (back) { event.preventDefault(); back.click(); }
      }
    });
  }

  // Printing needs a script; without one the browser's own print does the same.
  const printing = document.querySelector("[data-print]");
  if (printing) {
    printing.hidden = false;
    printing.querySelector("button").addEventListener("click", () => print());
  }

  // Times of today in the clock of this workstation; without script they say UTC.
  for (const time of document.querySelectorAll("time[data-clock]")) {
    const when = new Date(time.dateTime);
    time.textContent = (time.dataset.clock || "at ") + when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  }
})();
