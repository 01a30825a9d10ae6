// Shows the values under the pointer, or at the cursor that the arrow keys move. The page is
// complete without it: the same values are in the tables.
for (const field of document.querySelectorAll("svg.field")) {
  const { start, step, unit } = field.dataset;
  const middle = JSON.parse(field.dataset.middle), high = JSON.parse(field.dataset.high);
  const cursor = field.querySelector(".cursor");
  const readout = field.closest("figure").querySelector(".readout");
  let at = -1;
  const text = (value) => (value === null ? "nothing ran" : value + (unit.length > 2 ? " " : "") + unit);
  const show = (index) => {
    at = Math.max(0, Math.min(high.length - 1, index));
    const x = (100 * at) / (high.length - 1) + "%";
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    field.classList.add("reading");
    const when = new Date((Number(start) + at * Number(step)) * 1000).toISOString();
    readout.textContent =
      `${when.slice(0, 10)} ${when.slice(11, 16)} UTC: median ${text(middle[at])}, highest ${text(high[at])}`;
  };
  field.addEventListener("pointermove", (event) => {
    const box = field.getBoundingClientRect();
    show(Math.round(((event.clientX - box.left) / box.width) * (high.length - 1)));
  });
  field.addEventListener("pointerleave", () => field.classList.remove("reading"));
  field.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -high.length, End: high.length }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    show(at < 0 ? 0 : at + move);
  });
}
