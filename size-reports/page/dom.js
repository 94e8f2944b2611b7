// Small helpers over the document. Text is always set as text: names come from
// the files that were measured.

export const byId = (id) => document.getElementById(id);

// <tag class=... other attributes>children</tag>; a child is a node or text.
export function element(tag, attributes = {}, ...children) {
  const isSvg = ['svg', 'g', 'rect', 'text', 'path', 'line', 'circle', 'title'].includes(tag);
  const node = isSvg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');
export const signed = (number) => (number > 0 ? `+${grouped(number)}` : number < 0 ? `−${grouped(-number)}` : '0');
export const share = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '-');

// A note at the pointer, for what has no room.
export function showTip(event, text) {
  const tip = byId('tip');
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8))}px`;
}
export const hideTip = () => { byId('tip').hidden = true; };
