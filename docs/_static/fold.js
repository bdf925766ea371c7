// Code that only draws a picture begins with "# The picture:" and is folded.
for (const block of document.querySelectorAll("div.highlight-Python")) {
  if (!block.textContent.trimStart().startsWith("# The picture:")) continue;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "Code of the picture";
  details.className = "code-of-picture";
  block.replaceWith(details);
  details.append(summary, block);
}
