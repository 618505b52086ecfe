/* Keeps the last copy of the town's pages on the phone for when there is no signal. What is tapped goes by the page's own outbox. */
"use strict";
const KEPT = "jiaoying-town-1";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== location.origin || url.pathname === "/town/now") return;
  const page = e.request.mode === "navigate", file = url.pathname.startsWith("/static/");
  if (!page && !file) return;
  e.respondWith((async () => {
    const kept = await caches.open(KEPT);
    if (file) {
      const copy = await kept.match(e.request);
      if (copy) return copy;
    }
    try {
      const answer = await fetch(e.request, page ? { signal: AbortSignal.timeout(8000) } : {});
      if (answer.ok && !answer.redirected) await kept.put(e.request, answer.clone());
      else if (answer.redirected || answer.status === 401 || answer.status === 403) await caches.delete(KEPT); /* signed out: forget the households */
      return answer;
    } catch (error) {
      const copy = await kept.match(e.request, { ignoreSearch: page });
      if (copy) return copy;
      throw error;
    }
  })());
});
