// Behaviour of the portal that HTML and htmx do not give. No state of its own: the server's pages are the truth.
const $ = (s, el = document) => el.querySelector(s), $$ = (s, el = document) => [...el.querySelectorAll(s)];
const on = (type, sel, fn) => document.addEventListener(type, e => { const el = e.target.closest?.(sel); if (el) fn(el, e); });
const icon = n => { const s = $("#icon-of").content.firstElementChild.cloneNode(true), u = $("use", s); u.setAttribute("href", u.getAttribute("href").split("#")[0] + "#" + n); return s; };
const cookie = (name, value) => { document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`; };
const texts = JSON.parse(document.body.dataset.texts || "{}"), t = (s, ...values) => (texts[s] ?? s).replace(/\{\}/g, () => values.shift());
const typing = el => el.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// theme: follows the system until the user chooses; the server renders the choice from the cookie
on("click", "[data-theme-toggle]", () => {
  const root = document.documentElement, dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  cookie("theme", root.dataset.theme = dark ? "light" : "dark");
});

// a notice on browsers that are no longer looked at; closed, it stays away
const oldest = [[/Trident|MSIE/, 99], [/Firefox\/(\d+)/, 125], [/Chrome\/(\d+)/, 117], [/Version\/(\d+).*Safari/, 17]].find(([re]) => re.test(navigator.userAgent));
if (oldest && +(navigator.userAgent.match(oldest[0])[1] ?? 0) < oldest[1] && !document.cookie.includes("old-browser=closed")) $("#old-browser")?.removeAttribute("hidden");
on("click", "[data-close-notice]", el => { document.getElementById(el.dataset.closeNotice).hidden = true; cookie(el.dataset.closeNotice, "closed"); });

// running clocks: the server sends when it began and its own time, the page counts
const two = n => String(n).padStart(2, "0"), mmss = s => (s >= 3600 ? Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(Math.floor(s) % 60);
const skew = +(document.body.dataset.now || Date.now()) - Date.now();
function tick() { const now = Date.now() + skew; for (const el of $$("[data-since]")) { const t = mmss(Math.max(0, (now - el.dataset.since) / 1000)); if (el.textContent !== t) el.textContent = t; } for (const el of $$("[data-until]")) { const s = (el.dataset.until - now) / 1000; el.textContent = s > 0 ? mmss(s) : el.dataset.done; } }

// times of the server are UTC; people see their own
const zone = { time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, day: { weekday: "short", day: "numeric", month: "short" } };
function localise(root = document) {
  for (const el of $$("time[data-local]", root)) {
    const at = new Date(el.getAttribute("datetime")), today = at.toDateString() === new Date().toDateString(); if (isNaN(at)) continue;
    el.textContent = (today || el.dataset.local === "time" ? "" : at.toLocaleDateString(document.body.dataset.texts ? document.documentElement.lang : [], zone.day) + " ") + at.toLocaleTimeString([], zone.time);
    el.title = at.toString(); el.removeAttribute("data-local");
  }
  for (const el of $$("[data-zone]", root)) el.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
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
on("click", "[data-pick]", el => { const d = el.closest("dialog"), into = document.getElementById(el.dataset.pick), one = $("input:checked", d); if (into && one) { into.value = one.value; into.dispatchEvent(new Event("input", { bubbles: true })); } d.close(); into?.focus(); });
on("click", "dialog [data-close]", el => el.closest("dialog").close());
on("click", "dialog", (el, e) => { if (e.target === el) el.close(); });
on("click", "[data-eye]", el => { const i = $("input", el.parentElement), hidden = i.type === "password"; i.type = hidden ? "text" : "password"; el.setAttribute("aria-pressed", hidden); });
on("click", "[data-print]", () => window.print());
on("click", "[data-copy]", async el => { await navigator.clipboard?.writeText(el.dataset.copy); toast(t("Copied")); });
on("input", "[data-typed]", el => { $("#" + el.dataset.for).disabled = el.value.trim() !== el.dataset.typed; });
// a file as text: by its mark, else UTF-8, else as Windows writes it
const textOf = async f => { const b = new Uint8Array(await f.arrayBuffer()); if (b[0] === 0xff && b[1] === 0xfe) return new TextDecoder("utf-16le").decode(b); try { return new TextDecoder("utf-8", { fatal: true }).decode(b); } catch { return new TextDecoder("windows-1252").decode(b); } };
on("change", "[data-file]", async el => { const f = el.files[0]; if (f) document.getElementById(el.dataset.file).value = await textOf(f); });

// Caps Lock is told at the password field; a search is cleared by its X; a number is called by a click
for (const type of ["keydown", "keyup"]) on(type, "input[type=password]", (el, e) => { const hint = $("[data-caps]", el.closest(".field")); if (hint && e.getModifierState) hint.hidden = !e.getModifierState("CapsLock"); });
on("click", "[data-clear-search]", el => { const i = document.getElementById(el.dataset.clearSearch); i.value = ""; i.focus(); i.form.dispatchEvent(new Event("cleared")); });
on("click", "[data-call]", async (el, e) => { e.preventDefault(); const d = $("#call-dialog"), html = d && await fragment("/call?number=" + encodeURIComponent(el.dataset.call)); if (!html) return void (location.href = el.href); d.replaceChildren(...nodes(html)); if (!d.open) d.showModal(); $("#place-call", d).focus(); });
on("click", "dialog a[data-close]", (el, e) => e.preventDefault());

// uploads: the file goes up at once, the form holds its key; the server says what is wrong with it
on("change", "[data-upload] input[type=file]", async el => {
  const box = el.closest("[data-upload]"), file = el.files[0], wrong = box.closest(".field").querySelector(".errors"); if (!file) return;
  const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRF-Token"];
  const answer = await fetch(box.dataset.upload, { method: "PUT", body: file, headers: { "X-CSRF-Token": token } }).catch(() => null), said = await answer?.json().catch(() => null);
  wrong.textContent = said?.key ? "" : said?.problems?.[0]?.message ?? t("That did not work. Try a smaller file."); el.value = ""; if (said?.key) uploaded(box, said.key);
});
on("click", "[data-upload] [data-clear]", el => uploaded(el.closest("[data-upload]"), ""));
function uploaded(box, key) { const held = $("input[type=hidden]", box), img = $("img", box); held.value = key; held.dataset.is = key ? t("new file") : t("no file"); if (img) { img.hidden = !key; img.src = key && "/files/" + key; } $("[data-clear]", box).hidden = !key; held.dispatchEvent(new Event("input", { bubbles: true })); }

// forms: the save bar appears with the first change and names it; what is put back is no change; leaving asks once
const changed = new Map(); let leaving = false;
const own = el => el.name && !el.name.startsWith("was.") && el.type !== "search" && el.name !== "csrf" && el.name !== "version";
const label = el => el.dataset.label || $(`label[for="${CSS.escape(el.id)}"]`)?.firstChild.textContent.trim() || el.name;
const said = (el, was) => {
  if (el.type === "checkbox") return (was ? el.defaultChecked : el.checked) ? t("on") : t("off");
  if (el.tagName === "SELECT") return (was ? [...el.options].find(o => o.defaultSelected) : el.selectedOptions[0])?.text ?? "";
  if (el.type === "hidden") return (was ? el.dataset.was : el.dataset.is ?? el.dataset.was) ?? t("as it was");
  const unit = el.parentElement.matches(".unit") ? " " + el.parentElement.lastChild.textContent.trim() : "";
  return (was ? el.defaultValue : el.value) + unit;
};
function dirty(form) {
  const bar = $(".savebar", form); if (!bar) return; const all = [...changed.values()], n = all.length;
  bar.classList.toggle("changed", n > 0);
  $(".what", bar).textContent = n > 2 ? t("{} unsaved changes: {}", n, all.map(c => c[0]).join(", ")) : n ? all.map(c => c.join(" ")).join("; ") : t("No changes");
}
on("input", "form[data-form] [name]", el => {
  if (!own(el)) return; const is = said(el, false), was = said(el, true);
  if (is === was) changed.delete(el.name);
  else changed.set(el.name, el.type === "password" ? [label(el)] : [label(el), t("{} instead of {}", is.trim() || t("blank"), was.trim() || t("blank"))]);
  dirty(el.form);
});
on("reorder", "form[data-form] ol", el => { changed.set(el.dataset.name, [el.dataset.label]); dirty(el.closest("form")); });
on("submit", "form:not([method=dialog])", (el, e) => { if (!e.submitter?.matches("[data-stay]")) leaving = true; });
addEventListener("beforeunload", e => { if (changed.size && !leaving) e.preventDefault(); });
const value = el => el.type === "checkbox" ? (el.checked ? "1" : "0") : el.value;
on("change", "form[data-form] [name]", el => { for (const f of $$(`[data-when="${CSS.escape(el.name)}"]`, el.form)) f.hidden = f.dataset.is !== value(el); });
on("click", "form[data-form] [data-cancel]", () => { leaving = true; });
on("click", "[data-take]", el => {
  const i = document.getElementById("f-" + el.dataset.take); if (!i) return;
  if (i.type === "checkbox") i.checked = el.dataset.value === "1"; else i.value = el.dataset.value;
  for (const type of ["input", "change"]) i.dispatchEvent(new Event(type, { bubbles: true })); i.focus();
});

// list selection: the bulk bar comes with the first tick; Shift-click ticks a range
let lastTick;
const ticks = () => $$("#list .tick");
function bulk() {
  const bar = $("#bulk"), at = $("#chips"); if (!bar || !at) return;
  const all = ticks(), n = all.filter(t => t.checked).length, total = +at.dataset.total, more = $("#bulk-all");
  if (n < all.length || !n) bar.elements.all.value = "";
  const whole = bar.elements.all.value === "1"; bar.hidden = !n;
  $("b", bar).textContent = t("{} selected", whole ? total : n);
  more.hidden = whole || n < all.length || total <= n; more.textContent = t("Select all {} that match", total);
  const head = $("#tick-all"); if (head) { head.checked = n > 0 && n === all.length; head.indeterminate = n > 0 && n < all.length; }
}
on("click", ".tick", (el, e) => { const all = ticks(); if (e.shiftKey && lastTick?.isConnected) { const [a, b] = [all.indexOf(lastTick), all.indexOf(el)].sort((x, y) => x - y); for (const t of all.slice(a, b + 1)) t.checked = el.checked; } lastTick = el; bulk(); });
on("change", "#tick-all", el => { for (const t of ticks()) t.checked = el.checked; bulk(); });
on("click", "#bulk-all", () => { $("#bulk").elements.all.value = "1"; bulk(); });
on("click", ".bulk [data-clear]", () => { for (const t of ticks()) t.checked = false; bulk(); });
document.addEventListener("submit", e => { for (const i of $$("[data-list-query]", e.target)) i.value = $("#chips")?.dataset.query ?? ""; }, true);

// fragments of a row: its menu, and a look at it beside the list
const nodes = html => [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
const fragment = async url => { const r = await fetch(url, { headers: { "HX-Request": "true" } }); if (r.redirected) location.reload(); return r.ok ? r.text() : ""; };
on("click", "[data-menu]", async el => { const m = $("#row-menu"); m.replaceChildren(); m.replaceChildren(...nodes(await fragment(el.dataset.menu))); $("a, button", m)?.focus(); });
async function look(url) { const d = $("#drawer"); if (!d) return; $("#row-menu")?.hidePopover?.(); const html = await fragment(url); if (!html) return; d.replaceChildren(...nodes(html)); if (!d.open) d.showModal(); }
on("click", "button[data-look]", el => look(el.dataset.look));
on("click", "[data-copy-link]", async el => { await navigator.clipboard?.writeText(new URL(el.dataset.copyLink, location).href); $("#row-menu").hidePopover(); toast(t("Link copied")); });
// filters beyond the declared ones; the rows of a reference are asked for when its menu opens
on("click", "[data-filter]", el => { $("#more-filters").hidePopover(); const b = $("#filter-" + CSS.escape(el.dataset.filter)); b.hidden = false; b.click(); });
document.addEventListener("toggle", e => { if (e.newState === "open") $("[data-apart]", e.target)?.dispatchEvent(new Event("open")); }, true);

// palette: the server answers with the options; arrows choose, Enter does, on the options of what was typed last
let asked = 0, wait, dest, pending = false, hurried = false;
const options = () => $$("#found [role=option]");
function mark(all, n) { all.forEach((o, i) => o.ariaSelected = i === n); all[n]?.scrollIntoView({ block: "nearest" }); $("#palette input").setAttribute("aria-activedescendant", all[n]?.id || ""); }
async function find(q) {
  const n = ++asked, html = await fragment(`/admin/search?q=${encodeURIComponent(q)}${dest ? "&for=destination" : ""}`).catch(() => ""); if (n !== asked) return;
  pending = false; $("#found").replaceChildren(...nodes(html)); mark(options(), 0); if (hurried) { hurried = false; options()[0]?.click(); }
}
function search(q, after) { clearTimeout(wait); asked += 1; pending = true; hurried = false; wait = setTimeout(() => find(q), after); }
function openPalette(to) { const d = $("#palette"); if (!d) return; const i = $("input", d); dest = to; i.value = ""; i.placeholder = to ? t("Where does the call go?") : t("Name, extension, number, page, or a command"); $("#found").replaceChildren(); if (!d.open) d.showModal(); i.focus(); search("", 0); }
on("click", "[data-palette]", () => openPalette());
on("click", "[data-dest]", el => openPalette(el));
on("input", "#palette input", el => search(el.value, 80));
on("keydown", "#palette input", (el, e) => { const all = options(), at = all.findIndex(o => o.ariaSelected === "true"), by = { ArrowDown: 1, ArrowUp: -1 }[e.key]; if (by && all.length) { e.preventDefault(); mark(all, (at + by + all.length) % all.length); } if (e.key === "Enter") { e.preventDefault(); if (pending) hurried = true; else all[at]?.click(); } });
const runs = { undo: () => $("#undo-last").requestSubmit(), theme: () => $("[data-theme-toggle]").click(), keyboard: () => $("#keyboard").showModal(), api: () => { location.href = "/api/docs"; }, logout: () => $("#sign-out").click() };
on("click", "#found [role=option]", el => {
  $("#palette").close(); const { href, run, value, label: text } = el.dataset;
  if (href) location.href = href; else if (run) runs[run](); else if (dest) {
    const i = document.getElementById(dest.dataset.dest); i.value = value; i.dataset.is = text; $("span:not(.glyph)", dest).textContent = text; $(".glyph", dest).replaceChildren(icon(el.dataset.icon)); dest.setAttribute("aria-label", `${i.dataset.label}: ${text}`);
    i.dispatchEvent(new Event("input", { bubbles: true })); dest.focus();
  }
});

// passkeys: the server's challenge to the browser, its answer into the form
const unb64 = s => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const b64 = b => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
if (window.PublicKeyCredential) for (const part of $$("[data-passkeys]")) part.hidden = false;
async function passkey({ publicKey: o }) {
  o.challenge = unb64(o.challenge); if (o.user) o.user.id = unb64(o.user.id);
  for (const key of [...(o.excludeCredentials ?? []), ...(o.allowCredentials ?? [])]) key.id = unb64(key.id);
  const made = await (o.user ? navigator.credentials.create({ publicKey: o }) : navigator.credentials.get({ publicKey: o })), response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) if (made.response[part]) response[part] = b64(made.response[part]);
  return JSON.stringify({ id: made.id, rawId: b64(made.rawId), type: made.type, response });
}
on("click", "[data-passkey]", async el => {
  const form = el.form, wrong = $("[data-passkey-problem]", form); if (!form.reportValidity()) return; wrong.hidden = true; el.disabled = true;
  try {
    if (!window.PublicKeyCredential) throw new Error(t("This browser has no passkeys here. They need https and the portal's name."));
    const answer = await fetch(el.dataset.passkey, { method: "POST", headers: { "X-CSRF-Token": form.elements.csrf?.value ?? "" }, body: new URLSearchParams(new FormData(form)) }), said = await answer.json();
    if (!answer.ok) throw new Error(said.title);
    form.elements.passkey.value = await passkey(said); form.elements.ceremony.value = said.ceremony; leaving = true; form.submit();
  } catch (e) { $("span", wrong).textContent = e instanceof DOMException ? t("That did not work, or was cancelled. Try again.") : e.message; wrong.hidden = false; el.disabled = false; }
});

// password rules while typing; the server repeats them
const rules = { length: v => v.length >= 10, upper: v => /\p{Lu}/u.test(v), lower: v => /\p{Ll}/u.test(v), digit: v => /\d/.test(v), special: v => /[^\p{L}\d\s]/u.test(v.replace(/['"?#+]/g, "")), forbidden: v => !/['"?#+]/.test(v) };
on("input", "[data-rules]", el => { for (const li of $$("[data-rule]")) { const ok = el.value !== "" && rules[li.dataset.rule](el.value); li.classList.toggle("met", ok); $(".sr", li).textContent = ok ? t("met:") : t("not yet:"); } });

// ordered members: add from the menu, remove, drag, Alt + arrows
let dragged;
const renumber = ol => { $$(".ord", ol).forEach((o, i) => o.textContent = i + 1); ol.dispatchEvent(new CustomEvent("reorder", { bubbles: true })); };
on("dragstart", "[draggable]", el => { dragged = el; });
on("dragover", "[draggable]", (el, e) => { if (dragged && el.parentElement === dragged.parentElement) { e.preventDefault(); el.classList.add("over"); } });
on("dragleave", "[draggable]", el => el.classList.remove("over"));
on("drop", "[draggable]", (el, e) => { e.preventDefault(); el.classList.remove("over"); el.before(dragged); renumber(el.parentElement); });
function move(li, by) { const to = by < 0 ? li.previousElementSibling : li.nextElementSibling; if (to) { by < 0 ? to.before(li) : to.after(li); renumber(li.parentElement); } }
on("reorder", "[data-order] ol", ol => ol.closest("form").requestSubmit());
on("keydown", "[draggable]", (el, e) => { const by = { ArrowUp: -1, ArrowDown: 1 }[e.key]; if (e.altKey && by) { e.preventDefault(); move(el, by); el.focus(); } });
on("click", "[data-move]", el => { move(el.closest("li"), +el.dataset.move); el.focus(); });
on("click", "[data-remove]", el => { const li = el.closest("li"), ol = li.parentElement, s = $(`select[data-add="${ol.id}"]`); s?.append(new Option($("b", li).textContent, $("input", li).value)); li.remove(); renumber(ol); });
on("change", "select[data-add]", el => {
  const ol = document.getElementById(el.dataset.add), o = el.selectedOptions[0]; if (!o?.value) return;
  const li = $("template", ol.parentElement).content.firstElementChild.cloneNode(true);
  $("input", li).value = o.value; $("b", li).textContent = o.text; li.setAttribute("aria-label", o.text + ". Alt and arrow keys move."); for (const b of $$("button", li)) b.setAttribute("aria-label", b.title + " " + o.text);
  o.remove(); el.value = ""; ol.append(li); renumber(ol);
});

// painting the week: a picture of the times that stand in the lines below it, which are what is sent. Half hours; what lies between them stays
const clock = m => two(Math.floor(m / 60)) + ":" + two(m % 60);
function spans(text) {
  const all = text.replace(/\s*[-–—]\s*/g, "-").split(/[\s,]+/).filter(Boolean).map(s => { const m = s.match(/^(\d\d?)(?::(\d\d))?-(\d\d?)(?::(\d\d))?$/); return m && [m[1] * 60 + +(m[2] ?? 0), m[3] * 60 + +(m[4] ?? 0)]; });
  return all.every(s => s && s[0] < s[1] && s[1] <= 1440) ? all : null; // what is not understood is not painted over
}
function painted(text, from, to, set) {
  const was = spans(text); if (!was) return text;
  const all = was.flatMap(([a, b]) => [[a, Math.min(b, from)], [Math.max(a, to), b]]).filter(([a, b]) => a < b); if (set) all.push([from, to]);
  const out = []; for (const [a, b] of all.sort((x, y) => x[0] - y[0])) { const last = out.at(-1); last && a <= last[1] ? last[1] = Math.max(last[1], b) : out.push([a, b]); }
  return out.map(([a, b]) => clock(a) + "-" + clock(b)).join(" ");
}
for (const box of $$("[data-week]")) {
  const inputs = $$("input", box.nextElementSibling), days = $$(".day", box), cells = days.map((day, d) => Array.from({ length: 48 }, (_, c) => {
    const i = document.createElement("i"); i.setAttribute("role", "gridcell"); i.setAttribute("aria-label", inputs[d].parentElement.firstChild.textContent.trim() + " " + clock(30 * c)); i.tabIndex = d || c !== 16 ? -1 : 0; day.append(i); return i;
  }));
  const show = d => { const of = spans(inputs[d].value) ?? []; cells[d].forEach((i, c) => { const m = of.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, 30 * c + 30) - Math.max(a, 30 * c)), 0); i.dataset.f = m >= 30 ? "a" : m ? "part" : ""; i.setAttribute("aria-selected", m > 0); }); };
  const paint = ([d, c], [e, f], set, texts) => inputs.forEach((input, k) => { const text = k >= Math.min(d, e) && k <= Math.max(d, e) ? painted(texts[k], 30 * Math.min(c, f), 30 * Math.max(c, f) + 30, set) : texts[k]; if (input.value !== text) { input.value = text; input.dispatchEvent(new Event("input", { bubbles: true })); } });
  const reach = ([d, c]) => { const i = cells[d][c], was = $('[tabindex="0"]', box); if (was) was.tabIndex = -1; i.tabIndex = 0; i.focus({ preventScroll: true }); };
  const under = e => { const d = days.findIndex(day => e.clientY <= day.getBoundingClientRect().bottom + 2), row = d < 0 ? 6 : d, r = days[row].getBoundingClientRect(); return [row, Math.max(0, Math.min(47, Math.floor((e.clientX - r.left) / r.width * 48)))]; };
  const values = () => inputs.map(i => i.value), fixed = inputs[0].readOnly; let began;
  inputs.forEach((input, d) => { input.addEventListener("input", () => show(d)); show(d); });
  box.addEventListener("pointerdown", e => { if (fixed || e.button || !e.target.closest(".day")) return; e.preventDefault(); const at = under(e); began = { at, set: cells[at[0]][at[1]].dataset.f !== "a", texts: values() }; box.setPointerCapture(e.pointerId); reach(at); paint(at, at, began.set, began.texts); });
  box.addEventListener("pointermove", e => { if (began) paint(began.at, under(e), began.set, began.texts); });
  box.addEventListener("pointerup", () => { began = null; });
  box.addEventListener("pointercancel", () => { if (began) paint([9, 0], [9, 0], false, began.texts); began = null; }); // it was a swipe that scrolls
  box.addEventListener("keydown", e => {
    const d = cells.findIndex(row => row.includes(e.target)), c = cells[d]?.indexOf(e.target); if (d < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -c], End: [0, 47 - c] }[e.key], set = e.target.dataset.f === "a";
    if (!by && e.key !== " ") return;
    e.preventDefault(); e.stopPropagation();
    if (!by) return void (fixed || paint([d, c], [d, c], !set, values()));
    const to = [Math.max(0, Math.min(6, d + by[0])), Math.max(0, Math.min(47, c + by[1]))];
    if (e.shiftKey && !fixed) paint([d, c], to, set, values());
    reach(to);
  });
  box.hidden = false;
}

// live parts: a stream that is silent for 5 s is said to be stale, and old values are dimmed
let heard = Date.now(), stream = false;
const alive = () => { heard = Date.now(); stream = true; stale(false); };
function stale(is) { const b = $("#stale"); if (!b || b.hidden !== is) return; b.hidden = !is; document.body.classList.toggle("stale", is); if (is) $("b + span", b).textContent = t("Reconnecting, values are from {}.", new Date(heard).toLocaleTimeString([], zone.time)); }
for (const e of ["htmx:sse:after:connection", "htmx:sse:before:message"]) document.addEventListener(e, alive);
document.addEventListener("ended", () => setTimeout(() => location.reload(), 700)); // a running call is over: its record has the rest
document.addEventListener("signed-out", () => location.reload());
document.addEventListener("visibilitychange", () => { heard = Date.now(); });
document.addEventListener("htmx:after:swap", () => { localise(); tick(); bulk(); });
setInterval(() => { tick(); if (stream && !document.hidden && Date.now() - heard > 5000) stale(true); }, 1000);

// keyboard: / search, N new, G then a letter to go, J K rows, Space ticks, O looks, Ctrl S save, Ctrl K palette, Ctrl Z undo, ? help
let g = 0;
addEventListener("keydown", e => {
  const key = e.key.toLowerCase(), ctrl = e.ctrlKey || e.metaKey;
  if (ctrl && key === "k") { e.preventDefault(); return openPalette(); }
  if (ctrl && key === "s" && $("#save")) { e.preventDefault(); return $("#save").click(); }
  if (typing(e.target) || $("dialog[open]")) return;
  if (ctrl && key === "z" && !e.shiftKey) { e.preventDefault(); return ($("#undo")?.form ?? $("#undo-last"))?.requestSubmit(); }
  if (ctrl || e.altKey) return;
  if (e.key === "?") return $("#keyboard")?.showModal();
  if (e.key === "/") { e.preventDefault(); const s = $(".searchbox input"); return s ? s.focus() : openPalette(); }
  if (e.key === "n") $("#new")?.click();
  const rows = $$(".table tbody tr:not(.group)"), at = rows.findIndex(r => r.contains(document.activeElement)), row = rows[at];
  if (e.key === "g") return void (g = Date.now());
  if (Date.now() - g < 900) { const to = $(`[data-go="${CSS.escape(e.key)}"]`); if (to) { g = 0; location.href = to.href; } return; }
  if (e.key === "j" || e.key === "k") $("a, td:not(.check) :is(input, button)", rows[at + (e.key === "j" ? 1 : -1)] || rows[0] || document)?.focus();
  if (e.key === "o" && row?.dataset.look) look(row.dataset.look);
  if (e.key === " " && row && document.activeElement.tagName === "A") { const t = $(".tick", row); if (t) { e.preventDefault(); t.click(); } }
});
on("click", "tr[data-href] td, tr[data-look] td", (el, e) => { if (e.target.closest("a, button, input, label, form") || getSelection().toString()) return; const row = el.parentElement; row.dataset.look ? look(row.dataset.look) : location.href = row.dataset.href; });

localise(); tick(); $$(".toast").forEach(fade);
$('[aria-invalid="true"]')?.focus();
