// The texts of the page that stand out from what is behind them by less than WCAG 2 asks for (AA).
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((one) => one / 255).map(
    (one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const [red, green, blue, alpha = 1] = channels(getComputedStyle(one).backgroundColor);
    if (alpha > 0) return [red, green, blue];
  }
  return [255, 255, 255];
};
const contrast = (element) => {
  const style = getComputedStyle(element);
  const colour = element instanceof SVGElement ? style.fill : style.color;
  const [dark, light] = [channels(colour).slice(0, 3), behind(element)].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const faint = new Map();
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const [text, element] = [texts.currentNode.data.trim(), texts.currentNode.parentElement];
  if (!text || !element.getClientRects().length) continue;
  const found = contrast(element);
  if (found < 4.5) faint.set(text.slice(0, 40), Math.round(found * 10) / 10);
}
return Object.fromEntries(faint);
