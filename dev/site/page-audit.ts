/**
 * What is measured on a page, as JavaScript for the page: text whose contrast with what is behind it is below WCAG AA (4.5, or 3 for
 * large text), elements wider than the window, images without size or text, and the shift of the layout since it began.
 */
export const audit = `(() => {
  const channel = (value) => { const part = value / 255; return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const back = colour(getComputedStyle(at).backgroundColor);
      if (back.length === 3 || back[3] === 1) return back;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const name = (element) => element.tagName.toLowerCase() + (element.className ? "." + String(element.className.baseVal ?? element.className) : "");
  const low = [...document.querySelectorAll("body *")].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    const style = getComputedStyle(element);
    if (!own || element.closest("[aria-hidden], svg") || style.visibility === "hidden" || element.offsetParent === null) return [];
    const [a, b] = [luminance(colour(style.color)), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return ratio < (large ? 3 : 4.5) ? [name(element) + " " + ratio.toFixed(2)] : [];
  });
  const wide = [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre, svg, .skip, .scroll"))
    .map(name);
  const images = [...document.images].filter((image) => !image.hasAttribute("alt") || !image.width || !image.complete || !image.naturalWidth).map(name);
  return { scrolls: document.documentElement.scrollWidth > innerWidth, low: [...new Set(low)], wide: [...new Set(wide)], images, shift: globalThis.shift ?? 0 };
})()`;

/** Runs before a page does: adds up the shifts of its layout. */
export const observeShift = `globalThis.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.shift += entry.value; }).observe({ type: "layout-shift", buffered: true });`;
