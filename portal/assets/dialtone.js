// Behaviour of the portal that HTML and htmx do not give. No state of its own: the server's pages are the truth.
const $ = (s, el = document) => el.querySelector(s), $$ = (s, el = document) => [...el.querySelectorAll(s)];
const on = (type, sel, fn) => document.addEventListener(type, e => { const el = e.target.closest?.(sel); if (el) fn(el, e); });
const icon = n => { const s = $("#icon-of").content.firstElementChild.cloneNode(true), u = $("use", s); u.setAttribute("href", u.getAttribute("href").split("#")[0] + "#" + n); return s; };
const cookie = (name, value) => { document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`; };
const typing = el => el.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// theme: follows the system until the user chooses; the server renders the choice from the cookie
on("click", "[data-theme-toggle]", () => {
  const root = document.documentElement, dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  cookie("theme", root.dataset.theme = dark ? "light" : "dark");
});

// running clocks: the server sends when it began and its own time, the page counts
const two = n => String(n).padStart(2, "0"), mmss = s => (s >= 3600 ? Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(Math.floor(s) % 60);
const skew = +(document.body.dataset.now || Date.now()) - Date.now();
function tick() { const now = Date.now() + skew; for (const el of $$("[data-since]")) { const t = mmss(Math.max(0, (now - el.dataset.since) / 1000)); if (el.textContent !== t) el.textContent = t; } for (const el of $$("[data-until]")) { const s = (el.dataset.until - now) / 1000; el.textContent = s > 0 ? mmss(s) : el.dataset.done; if (s < -2) { el.removeAttribute("data-until"); location.reload(); } } }

// times of the server are UTC; people see their own
const zone = { time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, day: { weekday: "short", day: "numeric", month: "short" } };
function localise(root = document) {
  for (const el of $$("time[data-local]", root)) {
    const at = new Date(el.getAttribute("datetime")), today = at.toDateString() === new Date().toDateString(); if (isNaN(at)) continue;
    el.textContent = (today || el.dataset.local === "time" ? "" : at.toLocaleDateString([], zone.day) + " ") + at.toLocaleTimeString([], zone.time);
    el.title = at.toString(); el.removeAttribute("data-local");
  }
  for (const el of $$("input[name=tz]", root)) el.value = -new Date().getTimezoneOffset();
}

// tooltip for anything with data-tip; works with mouse and keyboard
let tip; const hideTip = () => { tip?.remove(); tip = null; };
function showTip(el) { hideTip(); tip = Object.assign(document.createElement("div"), { className: "tip", textContent: el.dataset.tip }); document.body.append(tip); const r = el.getBoundingClientRect(), t = tip.getBoundingClientRect(); tip.style.left = Math.max(8, Math.min(innerWidth - t.width - 8, r.left + r.width / 2 - t.width / 2)) + "px"; tip.style.top = (r.top - t.height - 8 < 8 ? r.bottom + 8 : r.top - t.height - 8) + "px"; }
on("pointerover", "[data-tip]", showTip); on("pointerout", "[data-tip]", hideTip); on("focusin", "[data-tip]", showTip); on("focusout", "[data-tip]", hideTip);

function toast(text) { const t = document.createElement("div"), s = document.createElement("span"); t.className = "toast"; s.textContent = text; t.append(icon("circle-check"), s); $(".toasts")?.append(t); fade(t); }
function fade(t) { setTimeout(() => t.remove(), 8000); }
document.addEventListener("dialtone:toast", e => toast(e.detail?.value ?? String(e.detail)));

// what unfolds below its button
on("click", "[data-expand]", el => { const open = el.getAttribute("aria-expanded") === "true"; el.setAttribute("aria-expanded", !open); document.getElementById(el.getAttribute("aria-controls")).hidden = open; });

// dialogs, password eye, copy
on("click", "[data-dialog]", el => document.getElementById(el.dataset.dialog)?.showModal());
on("click", "dialog [data-close]", el => el.closest("dialog").close());
on("click", "dialog", (el, e) => { if (e.target === el) el.close(); });
on("click", "[data-eye]", el => { const i = $("input", el.parentElement), hidden = i.type === "password"; i.type = hidden ? "text" : "password"; el.setAttribute("aria-pressed", hidden); });
on("click", "[data-copy]", async el => { await navigator.clipboard?.writeText(el.dataset.copy); toast("Copied"); });
on("input", "[data-typed]", el => { $("#" + el.dataset.for).disabled = el.value.trim() !== el.dataset.typed; });
on("change", "[data-file]", async el => { const f = el.files[0]; if (f) document.getElementById(el.dataset.file).value = await f.text(); });

// forms: the save bar appears with the first change and names it; leaving asks once
const changed = new Map(); let leaving = false;
const label = el => $(`label[for="${CSS.escape(el.id)}"]`)?.firstChild.textContent.trim() || el.name;
function dirty(form) {
  const bar = $(".savebar", form); if (!bar) return; const names = [...new Set(changed.values())];
  bar.classList.toggle("changed", names.length > 0);
  $(".what", bar).textContent = names.length ? `${names.length} unsaved ${names.length > 1 ? "changes" : "change"}: ${names.join(", ")}` : "No changes yet";
}
on("input", "form[data-form] [name]", el => { changed.set(el.name, label(el)); dirty(el.form); });
on("reorder", "form[data-form] ol", el => { changed.set(el.dataset.name, el.dataset.label); dirty(el.closest("form")); });
on("submit", "form", () => { leaving = true; });
addEventListener("beforeunload", e => { if (changed.size && !leaving) e.preventDefault(); });
on("change", "form[data-form] [name]", el => { for (const f of $$(`[data-when="${CSS.escape(el.name)}"]`, el.form)) f.hidden = f.dataset.is !== el.value; });
on("click", "form[data-form] [data-cancel]", () => { leaving = true; });

// password rules while typing; the server repeats them
const rules = { length: v => v.length >= 10, upper: v => /\p{Lu}/u.test(v), lower: v => /\p{Ll}/u.test(v), digit: v => /\d/.test(v), special: v => /[^\p{L}\d\s]/u.test(v.replace(/['"?#+]/g, "")), forbidden: v => !/['"?#+]/.test(v) };
on("input", "[data-rules]", el => { for (const li of $$("[data-rule]")) { const ok = el.value !== "" && rules[li.dataset.rule](el.value); li.classList.toggle("met", ok); $(".sr", li).textContent = ok ? "met:" : "not yet:"; } });

// ordered members: add from the menu, remove, drag, Alt + arrows
let dragged;
const renumber = ol => { $$(".ord", ol).forEach((o, i) => o.textContent = i + 1); ol.dispatchEvent(new CustomEvent("reorder", { bubbles: true })); };
on("dragstart", "[draggable]", el => { dragged = el; });
on("dragover", "[draggable]", (el, e) => { if (dragged && el.parentElement === dragged.parentElement) { e.preventDefault(); el.classList.add("over"); } });
on("dragleave", "[draggable]", el => el.classList.remove("over"));
on("drop", "[draggable]", (el, e) => { e.preventDefault(); el.classList.remove("over"); el.before(dragged); renumber(el.parentElement); });
function move(li, by) { const to = by < 0 ? li.previousElementSibling : li.nextElementSibling; if (to) { by < 0 ? to.before(li) : to.after(li); renumber(li.parentElement); } }
on("keydown", "[draggable]", (el, e) => { const by = { ArrowUp: -1, ArrowDown: 1 }[e.key]; if (e.altKey && by) { e.preventDefault(); move(el, by); el.focus(); } });
on("click", "[data-move]", el => { move(el.closest("li"), +el.dataset.move); el.focus(); });
on("click", "[data-remove]", el => { const li = el.closest("li"), ol = li.parentElement, s = $(`select[data-add="${ol.id}"]`); s?.append(new Option($("b", li).textContent, $("input", li).value)); li.remove(); renumber(ol); });
on("change", "select[data-add]", el => {
  const ol = document.getElementById(el.dataset.add), o = el.selectedOptions[0]; if (!o?.value) return;
  const li = $("template", ol.parentElement).content.firstElementChild.cloneNode(true);
  $("input", li).value = o.value; $("b", li).textContent = o.text; li.setAttribute("aria-label", o.text + ". Alt and arrow keys move."); for (const b of $$("button", li)) b.setAttribute("aria-label", b.title + " " + o.text);
  o.remove(); el.value = ""; ol.append(li); renumber(ol);
});

// live parts: a stream that is silent for 5 s is said to be stale, and old values are dimmed
let heard = Date.now(), stream = false;
const alive = () => { heard = Date.now(); stream = true; stale(false); };
function stale(is) { const b = $("#stale"); if (!b || b.hidden !== is) return; b.hidden = !is; document.body.classList.toggle("stale", is); if (is) $("b + span", b).textContent = "Reconnecting, values are from " + new Date(heard).toLocaleTimeString([], zone.time) + "."; }
for (const e of ["htmx:sse:after:connection", "htmx:sse:before:message"]) document.addEventListener(e, alive);
document.addEventListener("ended", () => setTimeout(() => location.reload(), 700)); // a running call is over: its record has the rest
document.addEventListener("signed-out", () => location.reload());
document.addEventListener("visibilitychange", () => { heard = Date.now(); });
document.addEventListener("htmx:after:swap", () => { localise(); tick(); });
setInterval(() => { tick(); if (stream && !document.hidden && Date.now() - heard > 5000) stale(true); }, 1000);

// keyboard: / search, N new, G then a letter to go, J K rows, Ctrl S save
let g = 0;
addEventListener("keydown", e => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "s" && $("#save")) { e.preventDefault(); return $("#save").click(); }
  if (typing(e.target) || e.ctrlKey || e.metaKey || e.altKey || $("dialog[open]")) return;
  if (e.key === "/") { const s = $(".searchbox input"); if (s) { e.preventDefault(); s.focus(); } }
  if (e.key === "n") $("#new")?.click();
  if (e.key === "g") return void (g = Date.now());
  if (Date.now() - g < 900) { const to = $(`[data-go="${CSS.escape(e.key)}"]`); if (to) location.href = to.href; }
  if (e.key === "j" || e.key === "k") { const rows = $$(".table tbody tr:not(.group)"), i = rows.findIndex(r => r.contains(document.activeElement)), n = rows[i + (e.key === "j" ? 1 : -1)]; $("a, input, button", n || rows[0] || document)?.focus(); }
});
on("click", "tr[data-href] td", (el, e) => { if (!e.target.closest("a, button, input, label, form") && !getSelection().toString()) location.href = el.parentElement.dataset.href; });

localise(); tick(); $$(".toast").forEach(fade);
$('[aria-invalid="true"]')?.focus();
