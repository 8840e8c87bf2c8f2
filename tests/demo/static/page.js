// Looks every second whether the demo has something new to show, and loads the page again if so.
const self = document.currentScript;
let version = self.dataset.version;
let misses = 0;

async function look() {
  try {
    const state = await (await fetch("/state")).json();
    misses = 0;
    if (String(state.version) !== version) location.reload();
    else if (!state.done) setTimeout(look, 1000);
  } catch {
    // The demo has ended; the page stays as it is.
    if (++misses < 5) setTimeout(look, 1000);
  }
}

if (self.dataset.done !== "yes") setTimeout(look, 1000);

// On a narrow screen the list runs sideways: bring the issue that is shown into sight.
const here = document.querySelector(".list a[aria-current]");
if (here && matchMedia("(max-width: 820px)").matches) {
  here.parentElement.parentElement.scrollLeft = here.parentElement.offsetLeft - 8;
}
