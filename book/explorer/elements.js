// Make elements. Text is always set as text, so that a sentence shows as it was typed.

const SVG = "http://www.w3.org/2000/svg";

function html(tag, attributes = {}, ...children) {
  return withParts(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return withParts(document.createElementNS(SVG, tag), attributes, children);
}

function withParts(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function picture(width, height, label, ...children) {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg("svg", { ...size, role: "img", "aria-label": label }, ...children);
}

function byId(id) {
  return document.getElementById(`te-${id}`);
}

// A screen reader reads a live region again when it changes, even to the same text.
function say(region, text) {
  if (region.textContent !== text) region.textContent = text;
}
