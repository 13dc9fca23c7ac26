/* The editor's comforts: saves as one types, counts words, keeps the preview up to date, and loses nothing when the
   session is over. Every page works without this file. What could not be saved stays in this browser until it is. */
(() => {
  "use strict";
  const form = document.getElementById("tutorial");
  if (!form) { return; }
  const frame = document.querySelector("iframe.preview");
  const saved = document.getElementById("saved");
  const notice = document.getElementById("notice");
  const name = `preceptor-draft/${form.dataset.copy}`;
  const ours = ["form_token", "key", "revision", "editor", "signed", "then", "cite", "codes"];
  let timer = 0;
  let busy = false;
  let again = false;
  let over = false;
  let asSaved = saved.textContent;

  const texts = () => [...new FormData(form)].filter(([field]) => !ours.includes(field));
  const now = () => JSON.stringify(texts());
  let known = now();

  // ---- What this browser keeps ----
  const keep = (submitted = false) => {
    const copy = { at: Date.now(), texts: texts(), submitted, editor: form.elements.editor.value, revision: Number(form.elements.revision.value) };
    try { localStorage.setItem(name, JSON.stringify(copy)); } catch { /* no room, or not allowed */ }
  };
  const forget = () => { try { localStorage.removeItem(name); } catch { /* not allowed */ } };
  const kept = () => { try { return JSON.parse(localStorage.getItem(name) || "null"); } catch { return null; } };

  const put = (pairs) => {
    const given = new Map();
    pairs.forEach(([field, value]) => given.set(field, [...(given.get(field) || []), value]));
    for (const field of form.elements) {
      if (!field.name || ours.includes(field.name) || field.type === "submit") { continue; }
      const values = given.get(field.name);
      if (field.type === "checkbox" || field.type === "radio") { field.checked = !!values && values.includes(field.value); }
      else if (values) { field.value = values[0]; }
    }
  };

  const offer = () => {
    const copy = kept();
    // What was sent by a press of a button has arrived when the newest save is that page's.
    const arrived = copy?.submitted && copy.editor === form.dataset.last && copy.revision < Number(form.elements.revision.value);
    if (!copy || arrived || JSON.stringify(copy.texts) === known) { forget(); return; }
    const box = document.getElementById("kept");
    document.getElementById("kept-when").textContent = `Written on ${new Date(copy.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}.`;
    document.getElementById("kept-back").addEventListener("click", () => { put(copy.texts); box.hidden = true; changed(); form.querySelector("#title").focus(); });
    document.getElementById("kept-away").addEventListener("click", () => { forget(); box.hidden = true; form.querySelector("#title").focus(); });
    box.hidden = false;
  };

  // ---- Counting, as the library counts ----
  const words = (text) => text
    .replace(/!\[[^[\]\n]{0,400}\]\([^()\s]{0,200}\)/g, "")
    .replace(/^\s*(?:\d+[.)]|[-*+])\s+/gm, "")
    .replace(/\s{0,9}\[@[^[\]]{0,80}\]/g, "")
    .replace(/\{local:\s*([^{}\n]*?)\s*\}/g, "$1")
    .split(/\s+/).filter(Boolean).length;
  const count = () => {
    let total = 10; // the six headings
    document.querySelectorAll("[data-count]").forEach((place) => {
      const number = words(form.elements[place.dataset.count].value);
      total += number;
      place.textContent = number;
      place.parentElement.classList.toggle("warn", number > 90);
    });
    const all = document.querySelector("[data-total]");
    const bar = document.querySelector("[data-total-bar]");
    if (all) { all.textContent = total; all.classList.toggle("warn", total > 450); }
    if (bar) { bar.value = Math.min(total, bar.max); }
  };

  // ---- Saving ----
  const tell = (sentence, address, link) => {
    notice.replaceChildren(Object.assign(document.createElement("b"), { textContent: sentence }));
    if (address) { notice.append(" ", Object.assign(document.createElement("a"), { href: address, textContent: link })); }
    notice.hidden = false;
  };
  const replaceParts = (html) => {
    for (const [part, text] of Object.entries(html)) {
      const place = document.querySelector(`[data-part="${part}"]`);
      if (!place || place.contains(document.activeElement)) { continue; }
      const open = place.querySelector("details")?.open;
      const parsed = new DOMParser().parseFromString(text, "text/html");
      place.replaceChildren(...parsed.body.childNodes);
      if (open) { place.querySelector("details")?.setAttribute("open", ""); }
    }
    known = now();
  };
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
  const changed = () => {
    count();
    if (now() === known) { forget(); saved.textContent = asSaved; return; } // a field was left, or its change undone
    keep();
    if (!over) { saved.textContent = "Not saved yet"; later(1200); }
  };

  async function save() {
    if (busy) { again = true; return; }
    const sent = now();
    if (sent === known || over) { return; }
    busy = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { "X-Preceptor": "1", Accept: "application/json" } });
      if (answer.ok) { await follow(await answer.json(), sent); }
      else if (answer.status === 401) { tell("You are signed out. Your text is kept in this browser.", form.dataset.entry, "Sign in again, then open this tutorial: it is offered there."); saved.textContent = "Kept in this browser"; over = true; }
      else if (answer.status === 409) { await collide(answer, sent); }
      else if (answer.status === 429 || answer.status >= 500) { throw new Error("later"); }
      else { tell("This could not be saved as it is. Your text is kept in this browser."); saved.textContent = "Kept in this browser"; }
    } catch { saved.textContent = "Kept in this browser. Trying again"; later(8000); }
    busy = false;
    if (again) { again = false; later(300); }
  }
  async function follow(reply, sent) {
    form.elements.revision.value = reply.revision;
    saved.textContent = asSaved = `Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })}`;
    notice.hidden = true;
    const still = now() === sent;
    if (still) { forget(); }
    replaceParts(reply.html);
    if (!still) { known = ""; later(600); }
    frame?.contentWindow?.location.reload();
  }
  async function collide(answer, sent) {
    const reply = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
    over = true;
    if (reply?.conflict) { if (now() === sent) { forget(); } tell("Somebody else saved while you wrote. Both texts are kept.", reply.conflict, "Decide between the two"); saved.textContent = "Both texts are kept"; }
    else { tell("It is not a draft any more, so it was not saved. Your text is kept in this browser."); saved.textContent = "Kept in this browser"; }
  }

  form.addEventListener("input", (event) => { if (!ours.includes(event.target.name)) { changed(); } });
  form.addEventListener("change", (event) => { if (!ours.includes(event.target.name)) { changed(); } });
  form.addEventListener("submit", () => { over = true; clearTimeout(timer); if (kept()) { keep(true); } });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); known = ""; later(0); }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) { location.reload(); } });
  count();
  offer();
  // A link from "to mend" opens what it leads to.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#f-"]');
    const place = link && document.getElementById(link.hash.slice(1));
    if (!place) { return; }
    if (place.tagName === "DETAILS") { place.open = true; }
    event.preventDefault();
    (place.querySelector("input:not([type=hidden]), select, textarea") || place).focus();
  });
  const mend = document.getElementById("mend");
  if (mend?.querySelector("details[open]")) { mend.focus(); }
})();
