/**
 * The functions that programs may call, exactly those of adkit.program.FUNCTIONS. Values are numbers or truth values, as
 * Python has them for scalars in double precision. A name that is not here does not exist: a document cannot reach anything.
 */

/** @typedef {number | boolean} Scalar */

const LN2 = Math.LN2;

/** Half to even, as IEEE 754 and NumPy round. @param {number} x @returns {number} */
function rint(x) {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** @param {number} x @returns {boolean} */
const isNegative = (x) => x < 0 || Object.is(x, -0);
/** @param {number} a @param {number} b @returns {number} nan if either is */
const maximum = (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));
/** @param {number} a @param {number} b @returns {number} nan if either is */
const minimum = (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.min(a, b));
/** @param {number} a @param {number} b @returns {number} */
const logaddexp = (a, b) => (a === b ? a + LN2 : maximum(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));

/**
 * The remainder with the sign of the divisor, as Python has it.
 *
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
export function remainder(a, b) {
  const rest = a % b;
  return rest !== 0 && isNegative(rest) !== isNegative(b) ? rest + b : rest;
}

/** @param {number} a @param {number} b @returns {number} */
export function floorDivide(a, b) {
  if (b === 0 || !Number.isFinite(a)) return a / b;
  return rint((a - remainder(a, b)) / b);
}

/** C's pow, which JavaScript's operator differs from at 1 ** nan and (−1) ** inf. @param {number} a @param {number} b @returns {number} */
export function power(a, b) {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

/** @type {Record<string, (...operands: any[]) => Scalar>} */
const TABLE = {
  absolute: Math.abs,
  arccos: Math.acos,
  arccosh: Math.acosh,
  arcsin: Math.asin,
  arcsinh: Math.asinh,
  arctan: Math.atan,
  arctan2: Math.atan2,
  arctanh: Math.atanh,
  cbrt: Math.cbrt,
  ceil: Math.ceil,
  clip: (x, low, high) => minimum(maximum(x, low), high),
  copysign: (a, b) => (isNegative(b) ? -Math.abs(a) : Math.abs(a)),
  cos: Math.cos,
  cosh: Math.cosh,
  deg2rad: (x) => x * (Math.PI / 180),
  direction: Math.sign,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  fabs: Math.abs,
  floor: Math.floor,
  fmax: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
  fmin: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)),
  fmod: (a, b) => a % b,
  heaviside: (a, b) => (Number.isNaN(a) ? NaN : a === 0 ? b : a > 0 ? 1 : 0),
  hypot: Math.hypot,
  isfinite: Number.isFinite,
  isinf: (x) => Math.abs(x) === Infinity,
  isnan: Number.isNaN,
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  log2: Math.log2,
  logaddexp,
  logaddexp2: (a, b) => logaddexp(a * LN2, b * LN2) / LN2,
  logical_and: (a, b) => Boolean(a) && Boolean(b),
  logical_not: (a) => !a,
  logical_or: (a, b) => Boolean(a) || Boolean(b),
  logical_xor: (a, b) => Boolean(a) !== Boolean(b),
  maximum,
  minimum,
  rad2deg: (x) => x * (180 / Math.PI),
  real: (x) => x,
  reciprocal: (x) => 1 / x,
  rint,
  sign: Math.sign,
  signbit: isNegative,
  sin: Math.sin,
  sinc: (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)),
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
  trunc: Math.trunc,
  where: (condition, a, b) => (condition ? a : b),
};

/** @type {ReadonlyMap<string, (...operands: any[]) => Scalar>} */
export const FUNCTIONS = new Map(Object.entries(TABLE));
