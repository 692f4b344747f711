// Tabs, language and the key; then the page begins.

function tab(name) {
  for (const side of ["customer", "agent"]) {
    $("side-" + side).hidden = side !== name;
    $("tab-" + side).setAttribute("aria-selected", String(side === name));
    $("tab-" + side).tabIndex = side === name ? 0 : -1;
  }
  stored.set("tab", name);
  // Only the side that is seen listens: browsers open no more than six connections to a server over all tabs.
  if (name === "agent") {
    unfollow();
    $("agent-id").value = desk.agent;
    listQueues();
    watchQueues();
    if (desk.open) openTalk(desk.open);
  } else {
    unwatchQueues();
    unfollowTalk();
    follow();
    catchUp();
  }
}

for (const side of ["customer", "agent"]) {
  const t = $("tab-" + side), other = side === "customer" ? "agent" : "customer";
  t.addEventListener("click", () => tab(side));
  t.addEventListener("keydown", (e) => { if (e.key === "ArrowLeft" || e.key === "ArrowRight") { tab(other); $("tab-" + other).focus(); } });
}

function language(lang) {
  page.lang = lang;
  stored.set("lang", lang);
  for (const e of document.querySelectorAll("[data-zh]")) e.placeholder = e.dataset[lang];
  talk.redraw();
  heard.redraw();
  showTickets();
  if (customer.shown) showState(customer.shown);
  const last = [...talk.events.values()].filter((ev) => ev.message).sort((a, b) => b.seq - a.seq)[0];
  if (last) showTurn(last);
  if (desk.open) refreshOpen();
}

$("lang").addEventListener("click", () => language(page.lang === "zh" ? "en" : "zh"));
$("key-row").addEventListener("submit", (e) => {
  e.preventDefault();
  apiKey = $("key").value.trim();
  stored.set("key", apiKey);
  $("key").value = "";
  $("key-row").hidden = true;
  tab(stored.get("tab"));
});
language(stored.get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en"));
begin(customer.id);
tab(stored.get("tab") || "customer");
