/* Taps that work without signal: each is written down on the phone with its own time and id, and leaves by itself.
   A mark is shown as recorded only when the district has it. Without this script every form still works. */
"use strict";
(() => {
  const page = document.body, $ = (s, of = document) => of.querySelector(s), $$ = (s, of = document) => [...of.querySelectorAll(s)];
  /* The server's time. A demo's clock flows at a rate of its own up to what falls due next: it is asked for. */
  let told = Number(page.dataset.now) * 1000, read = Date.now(), rate = page.dataset.story ? 0 : 1, until = Infinity;
  const now = () => Math.min(until, told + (Date.now() - read) * rate);
  const story = async () => {
    try {
      const said = await (await fetch(page.dataset.story)).json(), shown = now();
      told = Math.max(shown, said.now * 1000); read = Date.now(); rate = said.rate; until = Math.max(shown, said.until * 1000);
    } catch { /* the link's band says it */ } finally { setTimeout(story, 500); }
  };
  if (page.dataset.story) story();
  const pad = (n) => String(n).padStart(2, "0");
  const hm = (t) => new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" }).format(t);
  const hms = (t) => new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: "Asia/Shanghai" }).format(t);
  const say = (words) => { $("#say").textContent = words; };
  let csrf = page.dataset.csrf, updated = now(), online = true, login = false, store = null, stamp = "", changed = false;

  const WHY = { "not-found": "名单上没有了", validation: "填的不对", forbidden: "没有这项权限", "out-of-scope": "不归本镇", "wrong-state": "情况已经变了" };

  const tick = () => {
    const clock = $("[data-clock]");
    if (clock) clock.textContent = hm(now());
    for (const c of $$("[data-due]")) {
      const left = Math.floor((Date.parse(c.dataset.due) - now()) / 1000), s = Math.abs(left);
      if (left < 0 && c.dataset.end === "gone") { (c.closest(".row") || c).hidden = true; continue; }
      const h = Math.floor(s / 3600), span = (h ? `${h}:` : "") + pad(Math.floor(s / 60) % 60) + ":" + pad(s % 60);
      c.textContent = ((left < 0 ? c.dataset.over : c.dataset.left) || "") + span;
      c.classList.toggle("over", left < 0);
      const before = c.parentElement.querySelector("[data-before]");
      if (before) before.textContent = left < 0 ? "已超" : "还有";
      if (left === 300 || left === 120 || left === 0) say(left ? `还有 ${left / 60} 分` : "到时限了");
    }
  };

  /* The outbox: IndexedDB; where the phone has none, forms are sent the plain way. */
  const open = () => new Promise((done) => {
    try {
      const ask = indexedDB.open("jiaoying", 1);
      ask.onupgradeneeded = () => ask.result.createObjectStore("outbox", { keyPath: "event" });
      ask.onsuccess = () => done(ask.result);
      ask.onerror = ask.onblocked = () => done(null);
    } catch { done(null); }
  });
  const box = (mode, work) => new Promise((done, fail) => {
    const t = store.transaction("outbox", mode), ask = work(t.objectStore("outbox"));
    t.oncomplete = () => done(ask.result);
    t.onerror = t.onabort = () => fail(t.error);
  });
  /* What another signed-in person tapped on this phone leaves under their own name, when they are back. */
  const mine = (one) => one.url.startsWith("/t/") || one.who === page.dataset.who;
  const waiting = async () => (store ? (await box("readonly", (o) => o.getAll())).filter(mine).sort((a, b) => a.at - b.at) : []);

  const show = async () => {
    const queue = await waiting(), open_ = queue.filter((one) => !one.refused), band = $("#link");
    if (band) {
      const off = !online || login;
      band.classList.toggle("off", off);
      $("[data-link]").textContent = login ? `要重新登录 · 待发送 ${open_.length} 条` : online ? `✓ 已连上 ${hms(updated)} 更新` : `⇡ 没信号 · 待发送 ${open_.length} 条`;
      const right = $("[data-waiting]");
      if (login) right.innerHTML = `<a href="/login?next=${encodeURIComponent(location.pathname)}">登录</a>`;
      else if (changed) right.innerHTML = '<a class="rev" href="">有变化，看新的</a>';
      else right.textContent = online ? `待发送 ${open_.length}` : "照常点，会自己发";
      const kept = $("[data-kept]");
      if (kept && !online) kept.textContent = `名单 ${hm(updated)} 存在本机`;
    }
    for (const one of queue) reflect(one, one.refused ? "refused" : "waiting");
  };

  /* What a queued tap looks like in its place. */
  const reflect = (one, how) => {
    if (one.kind === "door" || one.kind === "help") {
      const row = document.getElementById(`d-${one.door}`);
      if (!row) return;
      const state = $("[data-state]", row);
      if (how !== "refused") {
        row.dataset.mark = one.mark;
        for (const b of $$("button[name=mark]", row)) {
          const on = b.value === one.mark;
          b.textContent = on ? b.dataset.on : b.dataset.off;
          on ? b.setAttribute("aria-pressed", "true") : b.removeAttribute("aria-pressed");
        }
      }
      state.classList.toggle("waiting", how !== "sent");
      state.textContent = how === "sent" ? `已记 ${hm(one.at)}` : how === "refused" ? `没被接受：${one.refused}` : "⇡ 待发送";
      count();
    } else if (one.url === here(one.url)) {
      const form = $$("form[data-out]").find((f) => new URL(f.action).pathname === one.url);
      if (!form) return;
      const buttons = $$("button[name]", form), button = buttons.find((b) => b.value === one.value) || buttons[0] || $("button", form);
      if (!button.dataset.word) button.dataset.word = button.textContent;
      button.classList.toggle("wait", how === "waiting");
      button.textContent = how === "waiting" ? "还没发出，正在再试" : how === "refused" ? `没被接受：${one.refused}` : button.dataset.word;
    }
  };
  const here = (url) => ($$("form[data-out]").some((f) => new URL(f.action).pathname === url) ? url : null);
  const count = () => {
    const rows = $$(".door[data-mark]");
    for (const a of $$("[data-show]")) $("b", a).textContent = a.dataset.show === "all" ? rows.length : rows.filter((r) => r.dataset.mark === a.dataset.show).length;
  };

  const keep = async (form, button) => {
    const data = new FormData(form, button), at = now(), event = crypto.randomUUID ? crypto.randomUUID() : `${at}-${Math.random().toString(16).slice(2)}`;
    if (!data.has("form")) data.set("event", event);
    data.set("occurred_at", new Date(at).toISOString());
    data.delete("csrf");
    const one = { event, at, kind: form.dataset.out, url: new URL(form.action).pathname, search: new URL(form.action).search, who: page.dataset.who, door: data.get("door"), mark: data.get("mark"),
      value: button ? button.value : "", body: new URLSearchParams(data).toString() };
    for (const old of await waiting()) if (old.refused && old.url === one.url && old.door === one.door) await box("readwrite", (o) => o.delete(old.event));
    await box("readwrite", (o) => o.put(one));
    return one;
  };

  /* Send what waits, oldest first. Gone only when the district says it has it, or refuses it and the reason is shown. */
  let sending = false;
  const flush = async () => {
    if (!store || sending) return;
    sending = true;
    try {
      for (const one of await waiting()) {
        if (one.refused) continue;
        let answer;
        try {
          const body = one.body + (csrf ? `&csrf=${encodeURIComponent(csrf)}` : "");
          answer = await fetch(one.url + one.search, { method: "POST", body, signal: AbortSignal.timeout(15000), redirect: "manual", credentials: "same-origin",
            headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded", ...(csrf ? { "X-CSRF-Token": csrf } : {}) } });
        } catch { online = false; break; }
        online = true;
        if (answer.ok) {
          const told = await answer.json().catch(() => ({}));
          await box("readwrite", (o) => o.delete(one.event));
          updated = now();
          reflect(one, "sent");
          arrived(one, told);
        } else if (answer.type === "opaqueredirect" || answer.status === 401) { login = true; break;
        } else if (answer.status === 403 && page.hasAttribute("data-signed") && !one.again) {
          one.again = true; /* perhaps the page is an old copy with an old token: ask for a new one, once */
          await box("readwrite", (o) => o.put(one));
          if (!(await alive())) break;
          sending = false; setTimeout(flush, 0); return;
        } else if (answer.status >= 500 || answer.status === 429 || answer.status === 408) { break;
        } else {
          const told = await answer.json().catch(() => ({}));
          one.refused = /[\u4e00-\u9fff]/.test(told.detail || "") ? told.detail : WHY[told.code] || "没记下，请拨区值班室";
          await box("readwrite", (o) => o.put(one));
        }
      }
    } finally { sending = false; await show(); }
  };
  const arrived = (one, told) => {
    say("已到区里");
    if (one.kind === "report") location.href = told.id ? `/town/disasters/${told.id}` : location.pathname;
    else if (one.kind === "help") { if (location.pathname.endsWith("/help")) location.href = one.url; }
    else if (one.kind !== "door" && here(one.url)) location.reload();
  };

  /* Whether the district is there, what its time is, and whether this page is still true. */
  const alive = async () => {
    if (!page.hasAttribute("data-signed")) return true;
    try {
      const answer = await fetch("/town/now" + location.search, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000), redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) { login = true; return false; }
      if (!answer.ok) return true;
      const told = await answer.json();
      online = true; login = false; csrf = told.csrf; updated = now();
      if (stamp && stamp !== told.stamp && location.pathname === "/town") {
        if ($$("details[open]").length || (document.activeElement && /INPUT|TEXTAREA/.test(document.activeElement.tagName))) changed = true;
        else location.reload();
      }
      stamp = told.stamp;
      return true;
    } catch { online = false; return false; } finally { await show(); }
  };

  document.addEventListener("submit", async (e) => {
    const form = e.target, button = e.submitter;
    if ("forget" in form.dataset && "caches" in window && !form.dataset.done) {
      e.preventDefault();
      form.dataset.done = "1";
      for (const name of await caches.keys()) await caches.delete(name);
      form.submit();
      return;
    }
    if (!form.dataset.out || !store) return;
    e.preventDefault();
    if (button) { if (!button.dataset.word) button.dataset.word = button.textContent; if (form.dataset.out !== "door") button.textContent = "正在记…"; }
    try {
      const one = await keep(form, button);
      if (one.kind === "door") reflect(one, "waiting");
      if (one.kind === "door" && one.mark === "help") more(form, one);
      await flush();
    } catch { store = null; button && button.dataset.word && (button.textContent = button.dataset.word); form.requestSubmit(button); }
  });

  /* 要帮 is recorded with the tap; what kind of help is asked right after, on the list's own page so that it works without signal. */
  const more = (form, one) => {
    const row = form.closest(".door");
    if ($(".more", row)) return;
    const a = document.createElement("a");
    a.className = "more";
    a.href = `${one.url}/help?door=${one.door}`;
    a.textContent = "要什么帮：还没写 ›";
    row.append(a);
  };

  document.addEventListener("click", (e) => {
    const t = e.target.closest("[data-step],[data-unknown],[data-show],[data-print],[data-read]");
    if (!t) return;
    if (t.dataset.step) {
      const input = $("input", t.parentElement);
      input.value = Math.max(0, (input.value === "" ? (t.dataset.step === "1" ? 0 : 1) : Number(input.value)) + Number(t.dataset.step));
      $("[data-unknown]", t.parentElement).setAttribute("aria-pressed", "false");
    } else if ("unknown" in t.dataset) {
      $("input", t.parentElement).value = "";
      t.setAttribute("aria-pressed", "true");
    } else if (t.dataset.show) {
      e.preventDefault();
      $$("[data-show]").forEach((a) => (a === t ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
      $$(".door[data-mark]").forEach((r) => { r.hidden = t.dataset.show !== "all" && r.dataset.mark !== t.dataset.show; });
    } else if ("print" in t.dataset) print();
    else if (t.dataset.read) {
      speechSynthesis.cancel();
      const words = new SpeechSynthesisUtterance($$("h1,.words p,.ask h2").map((one) => one.textContent).join("。"));
      words.lang = "zh-CN";
      speechSynthesis.speak(words);
    }
  });
  document.addEventListener("input", (e) => {
    const count_ = e.target.closest(".count");
    if (count_) $("[data-unknown]", count_).setAttribute("aria-pressed", e.target.value === "" ? "true" : "false");
    if (e.target.name === "time") { const at = $("input[name=when][value=at]"); if (at) at.checked = true; }
    const hour = $("#hour");
    if (hour && (e.target.name === "when" || e.target.name === "time")) {
      const when = $("input[name=when]:checked").value, time = $("input[name=time]").value;
      let t0 = now();
      if (when === "at" && time) { t0 = Date.parse(`${new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(now())}T${time}:00+08:00`); if (t0 > now()) t0 -= 86400000; }
      hour.dataset.due = new Date(t0 + 3600000).toISOString();
      tick();
    }
  });

  $$("[data-step],[data-unknown],[data-print]").forEach((b) => { b.hidden = false; });
  if ("speechSynthesis" in window) $$("[data-read]").forEach((b) => { b.hidden = false; });
  tick();
  setInterval(tick, 1000);
  addEventListener("online", () => { online = true; alive().then(flush); });
  addEventListener("offline", () => { online = false; show(); });
  open().then(async (found) => {
    store = found;
    online = navigator.onLine;
    if (!store && $("#link")) { $("[data-link]").textContent = "这台手机存不下，没信号时点了不算"; return; }
    await show();
    await alive();
    await flush();
    page.dataset.ready = "1";
    setInterval(() => alive().then(flush), page.dataset.story ? 3000 : 30000);
  });
  if ("serviceWorker" in navigator && page.hasAttribute("data-signed")) navigator.serviceWorker.register("/phone-sw.js", { scope: "/town" }).catch(() => {});
})();
