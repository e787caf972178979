"""The census of `scipy.special`: of each public name whether it is differentiable, and in which arguments; constant; or
refused, and why.

A test compares it with the names of the installed SciPy, so that a new one is noticed. Not for: rules.
"""

from __future__ import annotations

import dataclasses

from ..primitives import special as special_rows

__adkit__ = True

DIFFERENTIABLE, CONSTANT, REFUSED_KIND = "differentiable", "constant", "refused"


@dataclasses.dataclass(frozen=True)
class Entry:
    """What adkit does with a name of `scipy.special`.

    kind: "differentiable", "constant" or "refused".
    arguments: the arguments with a derivative; without: those that are refused by name.
    reason: why it is constant or refused.
    """

    name: str
    kind: str
    arguments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    reason: str = ""


# ufuncs with several results -> the rows of each
SEVERAL: dict[str, tuple[str, ...]] = {
    "airy": ("airy_ai", "airy_aip", "airy_bi", "airy_bip"),
    "airye": ("airye_ai", "airye_aip", "airye_bi", "airye_bip"),
    "itairy": ("itairy_ai", "itairy_bi", "itairy_ai_left", "itairy_bi_left"),
    "ellipj": ("ellipj_sn", "ellipj_cn", "ellipj_dn", "ellipj_am"),
    "fresnel": ("fresnel_sine", "fresnel_cosine"),
    "modfresnelp": ("modfresnelp_f", "modfresnelp_k"),
    "modfresnelm": ("modfresnelm_f", "modfresnelm_k"),
    "kelvin": ("kelvin_be", "kelvin_ke", "kelvin_bep", "kelvin_kep"),
    "sici": ("sine_integral", "cosine_integral"),
    "shichi": ("sinh_integral", "cosh_integral"),
    "itj0y0": ("itj0y0_j", "itj0y0_y"),
    "iti0k0": ("iti0k0_i", "iti0k0_k"),
    "it2j0y0": ("it2j0y0_j", "it2j0y0_y"),
    "it2i0k0": ("it2i0k0_i", "it2i0k0_k"),
} | {
    name: (f"{name}_value", f"{name}_slope")
    for name in (
        *"pbdv pbvv pbwa mathieu_cem mathieu_sem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1".split(),
        "mathieu_modsem2",
        *(f"{k}_{w}{cv}" for k in ("pro", "obl") for w in ("ang1", "rad1", "rad2") for cv in ("", "_cv")),
    )
}  # fmt: skip

# ufuncs of scipy.special that are NumPy's under NumPy's own name -> the row
RENAMED = {"cbrt": "cbrt", "exp2": "exp2", "expm1": "expm1", "log1p": "log1p"}

# functions composed of rows -> the arguments with a derivative, and those without
_COMPOSED: dict[str, tuple[str, str]] = {
    "assoc_laguerre": ("x", "n k"),
    "comb": ("N k", ""),
    "diric": ("x", "n"),
    "factorial": ("n", ""),
    "h1vp": ("z", "v n"),
    "h2vp": ("z", "v n"),
    "ivp": ("z", "v n"),
    "jvp": ("z", "v n"),
    "kvp": ("z", "v n"),
    "lambertw": ("z", "k tol"),
    "legendre_p": ("z", "n"),
    "log_softmax": ("x", ""),
    "logsumexp": ("a b", ""),
    "multigammaln": ("a", "d"),
    "perm": ("N k", ""),
    "polygamma": ("x", "n"),
    "sinc": ("x", ""),
    "softmax": ("x", ""),
    "softplus": ("x", ""),
    "spherical_in": ("z", "n"),
    "spherical_jn": ("z", "n"),
    "spherical_kn": ("z", "n"),
    "spherical_yn": ("z", "n"),
    "sph_harm_y": ("theta phi", "n m"),
    "sph_legendre_p": ("theta", "n m"),
    "yvp": ("z", "v n"),
    "zeta": ("q", "x"),
}

_NO_PARAMETER = "a derivative in its parameters has no closed form"
_RULES = "it returns nodes and weights, for which there is no rule"
_POLYNOMIAL = "it makes a polynomial object; the function eval_… of the same family is differentiable in x"
_SEQUENCE = "it returns all orders at once by recurrence; the function of one order is differentiable"
_COEFFICIENTS = "expansion coefficients have no closed derivative in q"
_EIGENVALUE = "the characteristic values have no closed derivative in the parameter"
_INTEGERS = "it is a function of integers"
_ZEROS = "it is a function of counts"
_SETTING = "a setting of the module"

REFUSED: dict[str, str] = {
    "mathieu_a": _EIGENVALUE,
    "mathieu_b": _EIGENVALUE,
    "pro_cv": _EIGENVALUE,
    "obl_cv": _EIGENVALUE,
    "pro_cv_seq": _EIGENVALUE,
    "obl_cv_seq": _EIGENVALUE,
    **dict.fromkeys(
        "pro_rad2 pro_rad2_cv obl_rad2 obl_rad2_cv".split(),
        "SciPy's radial functions of the second kind do not solve their equation, of which the derivative is made",
    ),
    "mathieu_even_coef": _COEFFICIENTS,
    "mathieu_odd_coef": _COEFFICIENTS,
    "zetac": "the derivative of Riemann's zeta has no closed form",
    "ellip_harm": "Lamé functions have no rule",
    "ellip_harm_2": "Lamé functions have no rule",
    "ellip_normal": "Lamé functions have no rule",
    "assoc_legendre_p": "use lpmv, or sph_legendre_p, which are differentiable in the argument",
    "bdtrik": _NO_PARAMETER,
    "bdtrin": _NO_PARAMETER,
    "btdtria": _NO_PARAMETER,
    "btdtrib": _NO_PARAMETER,
    "chdtriv": _NO_PARAMETER,
    "chndtridf": _NO_PARAMETER,
    "fdtridfd": _NO_PARAMETER,
    "gdtrib": _NO_PARAMETER,
    "nbdtrik": _NO_PARAMETER,
    "nbdtrin": _NO_PARAMETER,
    "pdtrik": _NO_PARAMETER,
    "stdtridf": _NO_PARAMETER,
    **dict.fromkeys("ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc".split(), "the non-central F has no rule"),
    **dict.fromkeys("nctdtr nctdtrit nctdtridf nctdtrinc".split(), "the non-central t has no rule"),
    **dict.fromkeys(
        "assoc_legendre_p_all legendre_p_all sph_harm_y_all sph_legendre_p_all lqmn lqn pbdn_seq pbdv_seq pbvv_seq "
        "riccati_jn riccati_yn lmbda clpmn lpmn lpn".split(),
        _SEQUENCE,
    ),
    **dict.fromkeys(
        "roots_chebyc roots_chebys roots_chebyt roots_chebyu roots_gegenbauer roots_genlaguerre roots_hermite "
        "roots_hermitenorm roots_jacobi roots_laguerre roots_legendre roots_sh_chebyt roots_sh_chebyu roots_sh_jacobi "
        "roots_sh_legendre c_roots cg_roots h_roots he_roots j_roots js_roots l_roots la_roots p_roots ps_roots "
        "s_roots t_roots ts_roots u_roots us_roots".split(),
        _RULES,
    ),
    **dict.fromkeys(
        "chebyc chebys chebyt chebyu gegenbauer genlaguerre hermite hermitenorm jacobi laguerre legendre sh_chebyt "
        "sh_chebyu sh_jacobi sh_legendre".split(),
        _POLYNOMIAL,
    ),
    **dict.fromkeys("bernoulli euler factorial2 factorialk stirling2".split(), _INTEGERS),
    **dict.fromkeys(
        "ai_zeros bi_zeros bei_zeros beip_zeros ber_zeros berp_zeros erf_zeros fresnel_zeros fresnelc_zeros "
        "fresnels_zeros jn_zeros jnjnp_zeros jnp_zeros jnyn_zeros kei_zeros keip_zeros kelvin_zeros ker_zeros "
        "kerp_zeros y0_zeros y1_zeros y1p_zeros yn_zeros ynp_zeros".split(),
        _ZEROS,
    ),
}

_CONSTANT = {
    "gammasgn": "piecewise constant",
    "round": "piecewise constant",
    **dict.fromkeys("geterr seterr errstate test SpecialFunctionError SpecialFunctionWarning".split(), _SETTING),
}

# ufuncs under another name than their row's
_SYNONYMS = {"digamma": "psi", "jn": "jv"}


def _build() -> dict[str, Entry]:
    entries = {
        name: Entry(name, DIFFERENTIABLE, tuple(has.split()), tuple(has_not.split()))
        for name, (has, has_not) in _COMPOSED.items()
    }
    for name, reason in REFUSED.items():
        entries[name] = Entry(name, REFUSED_KIND, reason=reason)
    for name, reason in _CONSTANT.items():
        entries[name] = Entry(name, CONSTANT, reason=reason)
    for name in RENAMED:
        entries[name] = Entry(name, DIFFERENTIABLE, ("x",))
    rows = {name: name for name in special_rows.ROWS} | {name: parts[0] for name, parts in SEVERAL.items()} | _SYNONYMS
    for name, row_name in rows.items():
        row = special_rows.ROWS[row_name]
        internal = isinstance(row, special_rows.Kernel) or row_name == "ive_unscaled"
        if name in entries or internal or (isinstance(row, special_rows.Component) and name not in SEVERAL):
            continue
        arguments = tuple(a for i, a in enumerate(row.arguments) if i not in row.refused)
        without = tuple(a for i, a in enumerate(row.arguments) if i in row.refused)
        entries[name] = Entry(name, DIFFERENTIABLE, arguments, without)
    return dict(sorted(entries.items()))


CENSUS: dict[str, Entry] = _build()
