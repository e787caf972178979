/* Evaluated in the page by test_viewer.py: the texts whose contrast with what lies behind them is below 4.5 to 1. */
(view) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  /** Colours laid over one another, the lowest first; the browser does the arithmetic of every notation. */
  const mixed = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = (element) => {
    const found = [];
    for (let e = element; e; e = e.parentElement) {
      const box = e instanceof SVGGElement ? e.querySelector(".adkit-box") : null;
      found.unshift(box ? getComputedStyle(box).fill : getComputedStyle(e).backgroundColor);
    }
    return found;
  };
  const poor = [];
  const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.tagName === "title" || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const below = grounds(element);
    const [low, high] = [luminance(mixed(below)), luminance(mixed([...below, colour]))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${walker.currentNode.data} (${element.getAttribute("class")}): ${ratio.toFixed(2)}`);
  }
  return poor;
};
