/**
 * The expressions of a program: a part of Python's (numbers, names, operators, one comparison, calls of known functions), read
 * into a tree of closures. Nothing of a document is ever run as JavaScript.
 */

import { floorDivide, FUNCTIONS, power, remainder } from "./functions.js";

/**
 * @typedef {import("./functions.js").Scalar} Scalar
 * @typedef {(scope: ReadonlyMap<string, Scalar>) => any} Evaluate
 */

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|\/\/|[<>=!]=|[-+*/%<>&|^~(),]))/y;

/** Deeper than this no row of the table goes; a document that does is refused. */
const DEEPEST = 60;

/** Binary operators by precedence, the loosest first. @type {Array<Record<string, (a: any, b: any) => Scalar>>} */
const LEVELS = [
  {
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "==": (a, b) => Number(a) === Number(b),
    "!=": (a, b) => Number(a) !== Number(b),
  },
  { "|": (a, b) => Boolean(a) || Boolean(b) },
  { "^": (a, b) => Boolean(a) !== Boolean(b) },
  { "&": (a, b) => Boolean(a) && Boolean(b) },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b, "//": floorDivide, "%": remainder },
];

/** @type {Record<string, (a: any) => Scalar>} */
const SIGNS = { "-": (a) => -a, "+": (a) => +a, "~": (a) => !a };

/**
 * @example parse("a * b + 1")(new Map([["a", 2], ["b", 3]]))  // 7
 * @param {string} text
 * @returns {Evaluate}
 * @throws {SyntaxError} for anything that is not such an expression
 */
export function parse(text) {
  const reader = new Reader(tokens(text));
  const evaluate = reader.binary(0);
  if (reader.peek() !== null) throw new SyntaxError(`cannot read ${text}`);
  return evaluate;
}

/** @param {string} text @returns {string[]} */
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(`cannot read ${text}`);
    found.push(match[0].trim());
  }
  return found;
}

class Reader {
  /** @param {string[]} words */
  constructor(words) {
    this.words = words;
    this.next = 0;
    this.depth = 0;
  }

  /** @returns {string | null} */
  peek() {
    return this.next < this.words.length ? this.words[this.next] : null;
  }

  /** @param {string} word */
  expect(word) {
    if (this.peek() !== word) throw new SyntaxError(`expected ${word}`);
    this.next += 1;
  }

  /** @param {number} level @returns {Evaluate} */
  binary(level) {
    if (level === LEVELS.length) return this.unary();
    let left = this.binary(level + 1);
    for (let word = this.peek(); word !== null && Object.hasOwn(LEVELS[level], word); word = this.peek()) {
      this.next += 1;
      const [operate, a, b] = [LEVELS[level][word], left, this.binary(level + 1)];
      left = (scope) => operate(a(scope), b(scope));
    }
    return left;
  }

  /** @returns {Evaluate} */
  unary() {
    const word = this.peek();
    if (word === null || !Object.hasOwn(SIGNS, word)) return this.powers();
    this.#enter();
    this.next += 1;
    const [sign, operand] = [SIGNS[word], this.unary()];
    this.depth -= 1;
    return (scope) => sign(operand(scope));
  }

  /** Binds tighter than a sign on its left, looser than one on its right. @returns {Evaluate} */
  powers() {
    const base = this.atom();
    if (this.peek() !== "**") return base;
    this.#enter();
    this.next += 1;
    const exponent = this.unary();
    this.depth -= 1;
    return (scope) => power(Number(base(scope)), Number(exponent(scope)));
  }

  /** @returns {Evaluate} */
  atom() {
    const word = this.peek();
    if (word === null) throw new SyntaxError("an expression ends too early");
    this.next += 1;
    if (word === "(") {
      const inner = this.#inside();
      this.expect(")");
      return inner;
    }
    if (/^[\d.]/.test(word)) {
      const value = Number(word);
      return () => value;
    }
    if (!/^[A-Za-z_]/.test(word)) throw new SyntaxError(`unexpected ${word}`);
    if (this.peek() === "(") return this.#call(word);
    return (scope) => {
      const value = scope.get(word);
      if (value === undefined) throw new SyntaxError(`${word} is not known`);
      return value;
    };
  }

  /** @param {string} name @returns {Evaluate} */
  #call(name) {
    const called = FUNCTIONS.get(name);
    if (called === undefined) throw new SyntaxError(`${name} is not known`);
    this.expect("(");
    /** @type {Evaluate[]} */
    const operands = [this.#inside()];
    while (this.peek() === ",") {
      this.next += 1;
      operands.push(this.#inside());
    }
    this.expect(")");
    return (scope) => called(...operands.map((operand) => operand(scope)));
  }

  /** @returns {Evaluate} */
  #inside() {
    this.#enter();
    const inner = this.binary(0);
    this.depth -= 1;
    return inner;
  }

  #enter() {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new SyntaxError("an expression is too deep");
  }
}
