// A key presses the button that carries it: <button data-key="k">. So every key is also a button, and what a
// key does stands in the page. With a menu open only the menu's keys count, and none counts while typing.
// With shift, a letter or a digit means the button of "shift+k", else what it means alone: nobody looks at caps lock.
// A key that no button carries becomes an event: "key:shift+arrowup".

const TYPING = "textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])";
const REPEATS = "[data-step], [data-choose]";
const NATIVE = { enter: "a, button, summary", space: "a, button, summary, input" };
const NATIVE_IN_RANGE = new Set(["arrowleft", "arrowright", "arrowup", "arrowdown", "home", "end"]);

export function named(event) {
  if (event.key === " ") return "space";
  if (/^Digit\d$/.test(event.code)) return event.shiftKey ? event.key : event.code.at(-1); // AZERTY has digits on shift
  const isForeignLetter = event.key.length === 1 && event.key > "~" && /^Key[A-Z]$/.test(event.code);
  const key = (isForeignLetter ? event.code.at(-1) : event.key).toLowerCase();
  return event.shiftKey && key.startsWith("arrow") ? `shift+${key}` : key;
}

// The names under which a button may carry this key, the first choice first.
function namesOf(event, key) {
  const plain = /^Digit\d$/.test(event.code) ? event.code.at(-1) : key;
  if (!event.shiftKey || !/^[a-z0-9]$/.test(plain)) return [key];
  return key === plain ? [`shift+${key}`, key] : [key, `shift+${plain}`]; // shift and 7 may be a key by itself: "&"
}

const carrying = (scope, name) => scope.querySelector(`[data-key="${CSS.escape(name)}"]:not(:disabled)`);

let opener = null;

// Somebody who came to a control by Tab means that control; a pointer leaves no such wish behind.
function belongsToFocus(key, focused) {
  if (!focused?.matches(":focus-visible") || focused === opener) return false;
  if (focused.matches("input[type=range]") && NATIVE_IN_RANGE.has(key)) return true;
  return Boolean(NATIVE[key]) && focused.matches(NATIVE[key]);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  const key = named(event);
  if (key === "tab") opener = null;
  const focused = document.activeElement;
  if (focused?.matches(TYPING)) {
    if (key === "escape") focused.blur();
    return;
  }
  const scope = document.querySelector("[popover]:popover-open, dialog[open]") ?? document;
  if (belongsToFocus(key, focused)) return;
  const button = namesOf(event, key).map((name) => carrying(scope, name)).find(Boolean);
  if (button) {
    event.preventDefault();
    if (!event.repeat || button.matches(REPEATS)) button.matches("textarea") ? button.focus() : button.click();
  } else if (scope === document && !document.dispatchEvent(new CustomEvent(`key:${key}`, { cancelable: true }))) {
    event.preventDefault();
  }
}

document.addEventListener("keydown", press);

// A click by pointer leaves the focus on the button, and the next Enter would press it once more. So would a link
// that opened another tab, after the way back.
document.addEventListener("click", (event) => {
  const clicked = event.target.closest("button:not([popovertarget]), a[target=_blank]");
  if (clicked && (event.detail > 0 || clicked.matches("a"))) clicked.blur();
});

// The same of a button that opened a menu by pointer: it has the focus again once the menu closes. Until somebody tabs.
document.addEventListener("click", (event) => {
  const clicked = event.target.closest("[popovertarget]:not([popovertargetaction=hide])");
  if (clicked) opener = event.detail > 0 ? clicked : null;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select")) event.target.blur();
});
