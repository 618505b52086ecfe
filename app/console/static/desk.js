// The desk's own script: clocks, the live stream and its swaps, keys, busy buttons, the bell. No inline code, no eval.
"use strict";
(() => {
  const body = document.body;
  const say = (text) => { const place = document.getElementById("say"); if (place) place.textContent = text; };

  // -- Time: one timer, text only, from the server's clock.
  // It is set anew with every reading of the page. A demo's clock flows at a rate of its own up to what falls due
  // next and stands while that is done: the page asks for it, never shows more than was told, and never goes back.
  let at = 0, read = 0, rate = 1, until = Infinity;
  const now = () => Math.min(until, at + (Date.now() - read) * rate);
  const put = (told, flows, to) => { at = told; read = Date.now(); rate = flows; until = to; };
  const set = (from) => { if (!body.dataset.story) put(Number(from.dataset.now) * 1000, 1, Infinity); };
  const story = async () => {
    try {
      const told = await (await fetch(body.dataset.story)).json(), shown = now();
      put(Math.max(shown, told.now * 1000), told.rate, Math.max(shown, told.until * 1000));
      const band = document.getElementById("notice");
      if (band && band.textContent !== told.notice) band.textContent = told.notice;
      if (band) band.classList.toggle("asks", told.asks);
    } catch { /* the stale band says it */ } finally { setTimeout(story, 500); }
  };
  put(Number(body.dataset.now) * 1000, body.dataset.story ? 0 : 1, Infinity);
  if (body.dataset.story) story();
  const two = (n) => String(n).padStart(2, "0");
  const span = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1000), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
  };
  const beijing = (ms) => { const d = new Date(ms + 8 * 3600e3); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`; };
  const tick = () => {
    const t = now(), clock = document.getElementById("clock");
    if (clock) clock.textContent = beijing(t);
    for (const one of document.querySelectorAll("time[data-due]")) {
      const left = Number(one.dataset.due) * 1000 - t, over = left <= 0;
      const text = over ? `超 ${span(left)}` : ("bare" in one.dataset ? span(left) : `剩 ${span(left)}`);
      if (one.textContent !== text) one.textContent = text;
      one.classList.toggle("over", over);
    }
  };
  if (body.dataset.now) { tick(); setInterval(tick, 500); }

  // -- Live: one stream tells that something changed; the page is read again and only what differs is swapped, by id.
  const live = body.dataset.stream;
  const shape = (node) => {
    const copy = node.cloneNode(true);
    for (const clock of copy.querySelectorAll("time[data-due]")) { clock.textContent = ""; clock.classList.remove("over"); clock.removeAttribute("title"); }
    for (const fresh of [copy, ...copy.querySelectorAll(".fresh")]) fresh.classList.remove("fresh");
    for (const at of copy.querySelectorAll("[data-swung]")) at.remove();
    return copy.outerHTML;
  };
  const shapes = new Map();
  const remember = () => { for (const one of document.querySelectorAll("[data-live]")) if (one.id) shapes.set(one.id, shape(one)); };
  const underHand = (node) => node.contains(document.activeElement) && document.activeElement !== body || node.matches(":hover") && node.hasAttribute("data-hold");
  const swapCells = (old, fresh) => {
    // The hand is in this row: its words change, its buttons wait.
    for (const cell of old.children) {
      const twin = [...fresh.children].find((one) => one.className === cell.className);
      if (twin && !cell.hasAttribute("data-hand") && !cell.contains(document.activeElement)) cell.innerHTML = twin.innerHTML;
    }
  };
  const swap = (fresh) => {
    const old = document.getElementById(fresh.id);
    if (!old || !fresh.id) return;
    const next = shape(fresh);
    if (shapes.get(fresh.id) === next) return;
    if (old.hasAttribute("data-row")) {
      if (old.contains(document.activeElement) || old.querySelector("[data-hand]:hover")) { swapCells(old, fresh); return; }
    } else if (old.querySelector("[data-keep]")) {
      return; // a number being dialled, a form being filled: the card stays until its officer closes it
    } else if (underHand(old) || old.querySelector("form:not([data-quick])") && old.contains(document.activeElement)) {
      return; // left for the next time; what is typed or pointed at stays
    }
    const scroll = old.querySelector("[tabindex]") || old, top = scroll.scrollTop;
    old.replaceWith(fresh);
    shapes.set(fresh.id, next);
    const again = fresh.querySelector("[tabindex]") || fresh;
    again.scrollTop = top;
    // What is new gets an edge for a while: the row itself, or in a list the items that were not there.
    const news = fresh.hasAttribute("data-row") ? [fresh] : [...fresh.querySelectorAll("[id]")].filter((one) => !old.querySelector(`#${CSS.escape(one.id)}`));
    for (const one of news) { one.classList.add("fresh"); setTimeout(() => one.classList.remove("fresh"), 5000); }
    if (window.htmx) window.htmx.process(fresh);
  };
  // The first warning of a quiet day, and the end of the last: the middle column is another one.
  const turn = (page) => {
    const old = document.getElementById("middle"), fresh = page.getElementById("middle");
    if (!old || !fresh || old.dataset.kind === fresh.dataset.kind || old.querySelector("#dialog .dialog")) return;
    old.replaceWith(document.adoptNode(fresh));
    for (const one of fresh.querySelectorAll("[data-live]")) if (one.id) shapes.set(one.id, shape(one));
    if (window.htmx) window.htmx.process(fresh);
  };
  const connected = () => {
    const updated = document.getElementById("updated");
    if (updated) updated.textContent = `连接正常 · ${beijing(last)} 更新`;
  };
  // News after a quiet while is read at once. In a storm a desk rests a second between two readings, or three times as
  // long as one takes: nobody reads faster, and many desks do not slow the calling down.
  let reading = false, again = false, last = now(), took = 0, ended = 0;
  const rest = (least) => Math.max(least, ended + Math.max(1000, 3 * took) - Date.now());
  const refresh = async () => {
    if (reading) { again = true; return; }
    reading = true;
    const began = Date.now();
    try {
      const answer = await fetch(body.dataset.here || location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { location.href = answer.url; return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      set(page.body);
      document.documentElement.className = page.documentElement.className; // night falls, an exercise begins
      turn(page);
      const before = document.querySelectorAll(".queue-item").length, alarms = document.querySelectorAll(".alarm").length;
      for (const one of page.querySelectorAll("[data-live]")) swap(document.adoptNode(one));
      checkDialog(page);
      const waiting = document.querySelectorAll(".queue-item").length;
      if (waiting > before) { say(`待决定多了 ${waiting - before} 件`); ring("decision"); }
      else if (document.querySelectorAll(".alarm").length > alarms) { say("有新告警"); ring("hand"); }
      last = now();
      connected();
      tick();
    } catch { /* the stale band says it */ } finally {
      reading = false;
      ended = Date.now();
      took = Math.min(ended - began, 1000);
      if (again) { again = false; setTimeout(refresh, rest(600)); }
    }
  };
  // A change behind an open dialog that alters its plan stops its button; the server would refuse it as well.
  const checkDialog = (page) => {
    const open = document.querySelector("#dialog [name=plan_hash]"), fresh = page.querySelector("#dialog [name=plan_hash]");
    const button = document.querySelector("#dialog [data-release]");
    if (open && button && (!fresh || fresh.value !== open.value)) { button.classList.add("waiting"); button.textContent = "情况变了，看差别"; }
  };
  if (live && window.EventSource) {
    remember();
    let stream, cutAt = 0, due = 0;
    const soon = () => { if (!due) due = setTimeout(() => { due = 0; refresh(); }, rest(250)); };
    const stale = document.getElementById("stale");
    const open = () => {
      // From what the page already shows; a stream that was cut goes on by itself after the last it heard.
      stream = new EventSource(`/api/v1/events?after=${live}`);
      stream.onopen = () => { if (cutAt) { cutAt = 0; stale.hidden = true; refresh(); } else connected(); };
      stream.onerror = () => {
        if (!cutAt) cutAt = Date.now();
        if (stream.readyState === EventSource.CLOSED) { stream.close(); setTimeout(open, 3000); }
      };
      for (const kind of ["warning", "plan", "delivery", "obligation", "task", "disaster", "alarm", "reset"]) stream.addEventListener(kind, soon);
    };
    open();
    setInterval(() => {
      if (!cutAt || Date.now() - cutAt < 5000) return;
      const away = Date.now() - cutAt;
      stale.hidden = false;
      stale.textContent = `断线 ${span(away)} · 以下是 ${beijing(last)} 的样子 · 呼叫不受影响` + (away > 60000 ? " · 请用另一台值班机或值班电话" : "");
    }, 1000);
    setInterval(() => { if (!cutAt) refresh(); }, 30000); // what time alone changes (a limit that passed) is read too
    addEventListener("pagehide", () => stream.close());
  }

  // -- Buttons: one press is one press; the label says that it is being done.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button && button.dataset.busy) {
      button.textContent = button.dataset.busy;
      setTimeout(() => { button.disabled = true; }, 0);
    }
    setTimeout(() => { delete form.dataset.sent; if (button) button.disabled = false; }, 10000);
  });
  document.addEventListener("htmx:afterRequest", (event) => { const form = event.target.closest && event.target.closest("form"); if (form) delete form.dataset.sent; });
  document.addEventListener("htmx:afterSwap", () => { remember(); tick(); settle(); });

  // -- The dialog keeps the focus; Esc goes back to where it was.
  let before = null;
  const settle = () => {
    const dialog = document.querySelector("#dialog .dialog");
    if (!dialog) return;
    const first = dialog.querySelector("[data-first]") || dialog.querySelector("input:not([type=hidden])");
    if (first) first.focus();
  };
  settle();
  document.addEventListener("keydown", (event) => {
    const dialog = document.querySelector("#dialog .dialog");
    if (!dialog) return;
    if (event.key === "Tab") {
      const stops = [...dialog.querySelectorAll("a[href],button:not([disabled]),input:not([type=hidden]),textarea,summary")].filter((one) => one.offsetParent);
      if (!stops.length) return;
      const at = stops.indexOf(document.activeElement);
      if (event.shiftKey && at <= 0) { event.preventDefault(); stops[stops.length - 1].focus(); }
      else if (!event.shiftKey && at === stops.length - 1) { event.preventDefault(); stops[0].focus(); }
    }
    // Enter never releases: the release button must hold the focus.
    if (event.key === "Enter" && event.target.matches("input") && dialog.contains(event.target)) event.preventDefault();
  });

  // -- Keys. Off while typing; each opens or moves, none acts by itself.
  const rows = () => [...document.querySelectorAll("#board tbody tr")];
  const typing = (node) => node.matches("input,textarea,select,[contenteditable]");
  const go = (one) => { if (one) { one.focus(); one.click(); } };
  const keyed = (key) => document.querySelector(`#dialog [data-key="${key}"]`) || document.querySelector(`[data-key="${key}"]`);
  const moveTo = (row) => { const link = row && row.querySelector("th a"); if (link) { link.focus({ preventScroll: false }); choose(row); } };
  const choose = (row) => { for (const one of rows()) one.removeAttribute("aria-current"); row.setAttribute("aria-current", "true"); };
  const current = () => rows().findIndex((row) => row.getAttribute("aria-current") === "true");
  document.addEventListener("click", (event) => { const row = event.target.closest && event.target.closest("#board tbody tr"); if (row) choose(row); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      const back = document.querySelector("#dialog [data-key=Escape]");
      if (back) { before = back; back.click(); } else if (document.activeElement) document.activeElement.blur();
      return;
    }
    if (typing(event.target)) return;
    const list = rows();
    switch (event.key) {
      case "j": if (list.length) moveTo(list[Math.min(current() + 1, list.length - 1)]); break;
      case "k": if (list.length) moveTo(list[Math.max(current() - 1, 0)]); break;
      case "n": { const open = list.filter((row) => row.querySelector("[data-act]")); const at = current(); const next = open.find((row) => list.indexOf(row) > at) || open[0]; if (next) { moveTo(next); go(next.querySelector("th a")); } break; }
      case "1": document.querySelector(".left a, .left [tabindex]")?.focus(); break;
      case "2": document.querySelector(".middle a")?.focus(); break;
      case "3": document.querySelector(".right-col a, .right-col button")?.focus(); break;
      case "p": case "a": case "e": case "r": case "h": case "w": case "s": case "i": { const one = keyed(event.key); if (one) { event.preventDefault(); event.key === "p" ? one.focus() : go(one); } break; }
      default: return;
    }
  });

  // -- The bell: one click first, so that the browser lets it sound.
  let audio = null;
  const tone = (at, pitch, length) => {
    const sound = audio.createOscillator(), loud = audio.createGain();
    sound.frequency.value = pitch; loud.gain.setValueAtTime(0.25, at); loud.gain.exponentialRampToValueAtTime(0.001, at + length);
    sound.connect(loud).connect(audio.destination); sound.start(at); sound.stop(at + length);
  };
  const exercise = document.documentElement.classList.contains("exercise");
  const ring = (kind) => {
    if (!audio || audio.state !== "running") return;
    const t = audio.currentTime;
    if (exercise) { tone(t, 520, 0.5); return; }
    if (kind === "decision") { tone(t, 880, 0.3); tone(t + 0.35, 660, 0.3); tone(t + 0.7, 880, 0.3); } else tone(t, 740, 0.4);
  };
  const start = () => { try { audio = audio || new AudioContext(); audio.resume(); } catch { audio = null; } };
  const heard = localStorage.getItem("bell");
  const bell = document.querySelector("[data-bell]");
  if (bell) { bell.textContent = heard ? `响铃开 · ${heard} 试过` : "铃关"; bell.classList.toggle("rev", !heard); }
  if (heard) document.addEventListener("pointerdown", start, { once: true });
  const ringer = document.getElementById("ring");
  if (ringer) {
    ringer.addEventListener("click", () => { start(); setTimeout(() => ring("decision"), 60); document.getElementById("heard").hidden = false; });
    document.getElementById("yes").addEventListener("click", () => localStorage.setItem("bell", beijing(now()).slice(0, 5)));
    document.getElementById("no").addEventListener("click", () => localStorage.removeItem("bell"));
  }
})();
