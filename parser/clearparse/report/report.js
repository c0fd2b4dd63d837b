// Sorts a table by the column whose header is clicked. The report is complete without it.
for (const table of document.querySelectorAll("table.sorted")) {
  const headers = [...table.tHead.rows[0].cells].filter((header) => header.textContent);
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") !== "descending";
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(table.tBodies[0], column, down);
    });
  });
}

/** Sort rows by a column: numbers by value, and after them texts, such as the dash of a missing score. */
function sort(body, column, down) {
  const key = (row) => {
    const text = row.cells[column].textContent, number = parseFloat(text.replaceAll(",", "").replace("−", "-"));
    return isNaN(number) ? text : number;
  };
  const order = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x !== typeof y) return typeof x === "number" ? 1 : -1;
    return x === y ? 0 : x > y ? 1 : -1;
  };
  const rows = [...body.rows].sort((a, b) => down ? -order(a, b) : order(a, b));
  body.append(...rows);
}
