"use strict";
// Plotly does two things that the page's content security policy refuses; both have a permitted form.
(() => {
  // It writes style attributes: the same text is allowed as a property.
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
  // It brings a style sheet for maps, which no report has; the sheets that it needs begin empty.
  document.head.appendChild = (node) =>
    node.tagName === "STYLE" && node.textContent ? node : Node.prototype.appendChild.call(document.head, node);
})();
