"use strict";
// Takes over the page of the next moment, until the server has gone.
(() => {
  const EVERY = 2000; // milliseconds
  const lost = document.getElementById("lost");
  const next = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) throw new Error(await answer.text());
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      document.title = page.title;
      lost.hidden = true;
    } catch (trouble) {
      if (!(trouble instanceof TypeError)) lost.textContent = trouble.message; // the server's own words
      lost.hidden = false;
    }
    setTimeout(next, EVERY);
  };
  setTimeout(next, EVERY);
  document.documentElement.dataset.ready = "true";
})();
