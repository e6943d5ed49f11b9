// Shows visitors what they came for: on entry the newest post that is open, after that each answer
// that only they can see, whenever it says something new. SimCord itself stays at the oldest message.

const OPEN_POST_BUTTONS = 10; // only cards to rate have so many
const KEEP_MS = 2000; // meanwhile pictures load and change the heights, unless the visitor acts

const app = document.getElementById("preview-app");
const timeline = document.getElementById("channel-timeline");
const list = document.getElementById("channel-message-list");

// An answer that is higher than the screen ends with what there is to press.
function asks(article) {
  return article.querySelector(".message-ephemeral-note") && article.querySelector(".component-button");
}

function show(article) {
  const bounds = timeline.getBoundingClientRect();
  const card = article.getBoundingClientRect();
  const below = card.bottom - bounds.bottom;
  const above = card.top - bounds.top;
  const isHigh = card.height > bounds.height;
  const wanted = timeline.scrollTop + (isHigh && !asks(article) ? above : Math.max(0, below));
  // Just above the end: at the very end SimCord would follow every new message.
  const end = timeline.scrollHeight - timeline.clientHeight - 2;
  const isPast = above < 0 && !(isHigh && asks(article));
  timeline.scrollTop = Math.min(isPast ? timeline.scrollTop + above : wanted, end);
}

function isOpen(article) {
  return article.querySelectorAll("button:not([disabled])").length >= OPEN_POST_BUTTONS;
}

if (app && timeline && list) {
  app.style.maxWidth = "100%"; // SimCord begins 960 pixels wide on every screen
  const seen = new Map(); // what each answer said last
  let entered = false;
  let wanted = null;
  let until = 0;

  const bring = (article) => {
    wanted = article.dataset.messageId;
    until = performance.now() + KEEP_MS;
  };
  const look = () => {
    const articles = [...list.querySelectorAll("[data-message-id]")];
    if (app.getAttribute("aria-busy") !== "false" || !articles.length) return;
    const answers = articles.filter((article) => article.querySelector(".message-ephemeral-note"));
    const fresh = answers.filter((article) => seen.get(article.dataset.messageId) !== article.textContent);
    fresh.forEach((article) => seen.set(article.dataset.messageId, article.textContent));
    if (!entered) bring(articles.findLast(isOpen) || articles.at(-1));
    else if (fresh.length) bring(fresh.at(-1));
    entered = true;
  };
  const keep = () => {
    look();
    const article = list.querySelector(`[data-message-id="${wanted}"]`);
    if (article && performance.now() < until) show(article);
  };
  setInterval(keep, 100);
  for (const kind of ["pointerdown", "wheel", "touchstart", "keydown"]) {
    document.addEventListener(kind, () => { until = 0; }, { passive: true });
  }
}
