// The customer's side.

const customer = { id: stored.get("conversation") || "web-" + newID(), stop: null, queue: Promise.resolve(), shown: null };
const talk = new Lines($("talk"), { press: pressed, pick: showTurn, thumb: judge });

const path = (rest) => "/v1/conversations/" + encodeURIComponent(customer.id) + rest;

function heardEvent(ev) {
  const waiting = $("talk").querySelector('.pending[data-id="' + CSS.escape(ev.id) + '"]');
  if (waiting) waiting.remove();
  if (!talk.add(ev)) return;
  if (ev.message) showTurn(ev);
  refreshState();
  $("empty").hidden = true;
}

// catchUp reads what is in the log and not on the page. One at a time.
function catchUp() {
  return (customer.queue = customer.queue.then(async () => {
    for (let more = true; more;) {
      const part = await api("GET", path("/messages?after=" + talk.last));
      part.events.forEach(heardEvent);
      more = part.more && part.events.length > 0;
    }
  }).catch((e) => { if (e.code !== "unknown_conversation") failed(e); }));
}

let refreshing = null;
function refreshState() { // several events in a row are one refresh
  clearTimeout(refreshing);
  refreshing = setTimeout(async () => {
    try { showState(customer.shown = await api("GET", path(""))); } catch { /* the next event tries again */ }
  }, 50);
}

function unfollow() {
  if (customer.stop) customer.stop();
  customer.stop = null;
}

function follow() {
  unfollow();
  customer.stop = listen(path("/events"), () => talk.last, heardEvent, (up, problem) => {
    if (up) tell("");
    else if (!problem) tell(say("offline"), "bad");
    else if (problem.code !== "not_configured") failed(problem);
  });
}

function begin(id) {
  customer.id = id;
  stored.set("conversation", id);
  $("conversation").textContent = id;
  talk.clear();
  $("empty").hidden = false;
}

function who() {
  const m = {};
  if ($("customer-id").value.trim()) m.customer = $("customer-id").value.trim();
  if ($("customer-tier").value) m.profile = { tier: $("customer-tier").value };
  if ($("customer-channel").value) m.channel = $("customer-channel").value;
  return m;
}

// send sends a message. Sending the same id again is safe: the server answers it once.
async function send(m) {
  m = { id: "m-" + newID(), ...who(), ...m };
  const line = el("div", undefined, "event pending");
  line.dataset.id = m.id;
  const bubble = el("div", undefined, "bubble");
  if (m.text) bubble.append(el("div", m.text, "words"));
  for (const a of m.attachments || []) bubble.append(attachmentLine(a));
  if (m.title) bubble.append(el("div", m.title, "words"));
  line.append(said("customer", say("customer"), Date.now(), bubble));
  const state = el("div", say("sending"), "soft state");
  line.append(state);
  $("empty").hidden = true;
  talk.box.append(line);
  talk.toEnd();
  const { title, ...body } = m;
  const attempt = async () => {
    state.replaceChildren(el("span", say("sending")));
    try {
      await api("POST", path("/messages"), body);
      tell("");
      await catchUp();
      line.remove();
    } catch (e) {
      failed(e);
      state.replaceChildren(el("span", say("failed") + " ", "bad"), button(say("retry"), attempt));
    }
  };
  await attempt();
}

function pressed(b) { send(b.payload ? { payload: b.payload, text: "", title: b.title } : { text: b.title }); }

async function judge(ev, thumb) {
  try { await api("POST", path("/rating"), { id: "r-" + newID(), thumb, about: ev.id }); } catch (e) { failed(e); }
}

function sendTyped() {
  const text = $("text").value.trim(), attachments = attached();
  if (!text && !attachments.length) return $("text").focus();
  $("text").value = "";
  $("attach").open = false;
  for (const id of ["a-url", "a-caption"]) $(id).value = "";
  grow();
  send({ text, ...(attachments.length ? { attachments } : {}) });
}

function attached() {
  const url = $("a-url").value.trim(), caption = $("a-caption").value.trim(), type = $("a-type").value;
  if (!$("attach").open || (!url && !caption)) return [];
  if (type === "location") {
    const [lat, lon] = url.split(/[,，\s]+/).map(Number);
    return [{ type, lat, lon, caption }];
  }
  const a = { type };
  if (url) a.url = url;
  if (caption) a.caption = caption;
  return [a];
}

function grow() {
  const t = $("text");
  t.style.height = "auto";
  t.style.height = Math.min(t.scrollHeight + 2, 160) + "px";
}

// enterSends makes Enter send and Shift+Enter a new line. It listens for the line break and not for the key: so phones' keyboards work, and
// Enter belongs to an input method while that composes a word.
function enterSends(field, act) {
  let shift = false;
  field.addEventListener("keydown", (e) => { shift = e.shiftKey; });
  field.addEventListener("beforeinput", (e) => {
    if ((e.inputType === "insertLineBreak" || e.inputType === "insertParagraph") && !shift) { e.preventDefault(); act(); }
  });
}

// The demo shop knows these two customers; nobody else minds.
if (!$("customer-id").value) $("customer-id").value = (stored.get("lang") || navigator.language).startsWith("zh") ? "demo-zh" : "demo-en";
$("send").addEventListener("click", sendTyped);
enterSends($("text"), sendTyped);
$("text").addEventListener("input", grow);
$("new").addEventListener("click", () => { begin("web-" + newID()); follow(); $("text").focus(); });
$("end").addEventListener("click", async () => {
  try {
    await api("POST", path("/close"));
    await catchUp();
    $("stars").hidden = false;
    $("stars").querySelector("button").focus();
  } catch (e) { failed(e); }
});
for (let n = 1; n <= 5; n++) {
  const star = button("★", async () => {
    $("stars").hidden = true;
    try { await api("POST", path("/rating"), { id: "r-" + newID(), score: n }); await catchUp(); } catch (e) { failed(e); }
  });
  star.setAttribute("aria-label", n + " / 5");
  $("stars").append(star);
}
for (const list of document.querySelectorAll(".examples")) {
  list.addEventListener("click", (e) => { if (e.target.tagName === "BUTTON") send({ text: e.target.textContent }); });
}
$("emoji").addEventListener("click", (e) => {
  if (e.target.tagName !== "BUTTON") return;
  $("text").setRangeText(e.target.textContent, $("text").selectionStart, $("text").selectionEnd, "end");
  $("text").focus();
});
