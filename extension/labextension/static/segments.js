/** Source text cut up into nested pieces: lines, and within each line the marked sub-expressions. No DOM. */

/**
 * @typedef {import("./document.js").Mark} Mark
 * @typedef {{text: string} | {mark: number, pieces: Piece[]}} Piece  mark: its place in the list of marks
 * @typedef {{number: number, pieces: Piece[]}} SourceLine
 */

/** Marks nested deeper than this are left out: a sum of 3,000 terms is 3,000 expressions deep, which no browser draws. */
const DEEPEST = 64;

/**
 * Cuts source text along marks. A mark over several lines appears in each of them. Columns count characters (code points),
 * as Python does. Of two marks that overlap without nesting, the later one is cut off.
 *
 * @example cut("a*b", 1, [{span: [1, 0, 1, 3], ...}])  // [{number: 1, pieces: [{mark: 0, pieces: [{text: "a*b"}]}]}]
 * @param {string} text
 * @param {number} firstLine  the number of the first line
 * @param {Mark[]} marks
 * @returns {SourceLine[]}
 */
export function cut(text, firstLine, marks) {
  const perLine = new Map();
  const lines = text.split("\n").map((line) => [...line]);
  marks.forEach((mark, i) => {
    const last = Math.min(mark.span[2], firstLine + lines.length - 1);
    for (let number = Math.max(mark.span[0], firstLine); number <= last; number++) {
      const part = partOfLine(mark, number, lines[number - firstLine]);
      if (part.from >= part.to) continue;
      if (!perLine.has(number)) perLine.set(number, []);
      perLine.get(number).push({ ...part, mark: i });
    }
  });
  return lines.map((characters, i) => ({
    number: firstLine + i,
    pieces: nest(characters, perLine.get(firstLine + i) || []),
  }));
}

/** @param {Mark} mark @param {number} number @param {string[]} characters @returns {{from: number, to: number}} */
function partOfLine({ span: [line, column, endLine, endColumn] }, number, characters) {
  const indent = characters.findIndex((character) => character !== " " && character !== "\t");
  return {
    from: number === line ? column : Math.max(0, indent),
    to: Math.min(number === endLine ? endColumn : characters.length, characters.length),
  };
}

/**
 * @param {string[]} characters
 * @param {Array<{from: number, to: number, mark: number}>} parts
 * @returns {Piece[]}
 */
function nest(characters, parts) {
  parts.sort((a, b) => a.from - b.from || b.to - a.to || a.mark - b.mark);
  /** @type {Piece[]} */
  const top = [];
  const stack = [{ to: characters.length, pieces: top }];
  let at = 0;
  const advance = (/** @type {number} */ to) => {
    if (to <= at) return;
    stack[stack.length - 1].pieces.push({ text: characters.slice(at, to).join("") });
    at = to;
  };
  const close = (/** @type {number} */ until) => {
    while (stack.length > 1 && stack[stack.length - 1].to <= until) {
      advance(stack[stack.length - 1].to);
      stack.pop();
    }
  };
  for (const part of parts) {
    close(part.from);
    if (stack.length > DEEPEST) continue;
    advance(part.from);
    const to = Math.min(part.to, stack[stack.length - 1].to);
    /** @type {Piece[]} */
    const pieces = [];
    stack[stack.length - 1].pieces.push({ mark: part.mark, pieces });
    stack.push({ to, pieces });
  }
  close(characters.length);
  advance(characters.length);
  return top;
}

/**
 * How strongly each mark is tinted, from 0 to 1, on a logarithmic scale that spans the sizes which occur (one decade at
 * least, six at most).
 *
 * @param {Mark[]} marks
 * @returns {number[]}
 */
export function tints(marks) {
  const weights = marks.map((mark) => Math.abs(mark.weight ?? 0));
  const largest = weights.reduce((a, b) => Math.max(a, b), 0);
  const smallest = weights.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), largest);
  const decades = largest > 0 ? Math.min(6, Math.max(1, Math.log10(largest / smallest))) : 1;
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(0.05, 1 + Math.log10(weight / largest) / decades)));
}
