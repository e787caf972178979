"""Cases of the rows of `adkit.primitives.special`: where their operands come from; numbers are not differentiated.

The walk compares with differences of SciPy's own function; `tests/functions/test_special.py` compares with mpmath.
"""

from __future__ import annotations

import numpy as np
import scipy.special

from adkit.primitives.special import ROWS

from .case import SIGNED, UNIT

PRO_CV, OBL_CV = scipy.special.pro_cv(1, 2, 0.8), scipy.special.obl_cv(1, 2, 0.8)
POSITIVE = (0.4, 3.0)
INSIDE = (0.15, 0.85)

DOMAINS = {
    # gamma
    "gamma": (POSITIVE,), "gammaln": (POSITIVE,), "loggamma": (POSITIVE,), "rgamma": (SIGNED,), "psi": (POSITIVE,),
    "polygamma": (1, POSITIVE), "polygamma_difference": (0, POSITIVE, POSITIVE), "zeta": (2.5, (1.2, 3.0)),
    "poch": (POSITIVE, POSITIVE), "binom": ((3.0, 5.0), (0.5, 2.5)), "gamma_density": (POSITIVE, POSITIVE),
    "beta_density": (POSITIVE, POSITIVE, INSIDE), "gammainc": (1.7, POSITIVE), "gammaincc": (1.7, POSITIVE),
    "gammaincinv": (1.7, INSIDE), "gammainccinv": (1.7, INSIDE), "betainc": (1.7, 2.5, INSIDE),
    "betaincc": (1.7, 2.5, INSIDE), "betaincinv": (1.7, 2.5, INSIDE), "betainccinv": (1.7, 2.5, INSIDE),
    # error functions
    "erfcinv": ((0.3, 1.7),), "modfresnelm_f": (POSITIVE,), "modfresnelm_k": (POSITIVE,), "erfcx_fraction": (1, (3.0, 5.0)), "faddeeva_fraction": (1, (7.0, 9.0)), "ndtri_exp": ((-3.0, -0.3),),
    "voigt_profile": (SIGNED, POSITIVE, POSITIVE), "owens_t": (SIGNED, SIGNED),
    # Bessel
    "jv": (1.3, POSITIVE), "yv": (1.3, POSITIVE), "iv": (1.3, POSITIVE), "kv": (1.3, POSITIVE), "yn": (2, POSITIVE),
    "kn": (2, POSITIVE), "hankel1": (1.3, POSITIVE), "hankel2": (1.3, POSITIVE), "hankel1e": (1.3, POSITIVE),
    "hankel2e": (1.3, POSITIVE), "kve": (1.3, POSITIVE), "jve": (1.3, POSITIVE), "yve": (1.3, POSITIVE), "ive": (1.3, POSITIVE),
    "spherical_jn": (2, POSITIVE), "spherical_yn": (2, POSITIVE), "spherical_in": (2, POSITIVE), "spherical_kn": (2, POSITIVE),
    "struve": (1.3, POSITIVE), "modstruve": (1.3, POSITIVE), "besselpoly": (POSITIVE, 1.5, 2.0),
    "it2j0y0_j": ((0.2, 3.0),), "it2i0k0_i": ((0.2, 3.0),),
    # integrals and powers
    "exp1": (POSITIVE,), "expi": (POSITIVE,), "expn": (2, POSITIVE), "powm1": (POSITIVE, SIGNED), "logit": (INSIDE,),
    "spence": ((0.3, 3.0),), "huber": (UNIT, SIGNED), "pseudo_huber": (UNIT, SIGNED), "boxcox": (POSITIVE, SIGNED),
    "boxcox1p": (POSITIVE, SIGNED), "inv_boxcox": (UNIT, UNIT), "inv_boxcox1p": (UNIT, UNIT), "lambertw": (POSITIVE, 0, 1e-8),
    "wrightomega": (SIGNED,), "radian": (SIGNED, SIGNED, SIGNED), "tandg": ((10.0, 50.0),), "cotdg": ((10.0, 50.0),),
    "entr": (POSITIVE,),
    # elliptic
    "elliprc": (POSITIVE, POSITIVE), "elliprf": (POSITIVE,) * 3, "elliprd": (POSITIVE,) * 3, "elliprg": (POSITIVE,) * 3,
    "elliprj": (POSITIVE,) * 4, "carlson_integral": (0.5, 0.5, 1.5, 0, POSITIVE, POSITIVE, POSITIVE, 1.0),
    "ellipk": ((-1.0, 0.8),), "ellipe": ((-1.0, 0.8),), "ellipkinc": ((-4.0, 4.0), (-1.0, 0.8)), "ellipeinc": ((-4.0, 4.0), (-1.0, 0.8)),
    **{f"ellipj_{name}": ((-4.0, 4.0), (0.2, 0.8)) for name in ("sn", "cn", "dn", "am")},
    # hypergeometric
    "hyp0f1": (1.3, SIGNED), "hyp1f1": (1.3, 2.1, SIGNED), "hyp2f1": (1.3, 0.7, 2.1, (-0.8, 0.6)), "hyperu": (1.3, 0.7, POSITIVE),
    "wright_bessel": (0.7, 1.4, POSITIVE), "log_wright_bessel": (0.7, 1.4, POSITIVE),
    **{name: (4, SIGNED) for name in ROWS if name.startswith("eval_") and ROWS[name].arity == 2},
    "eval_genlaguerre": (4, 0.7, SIGNED), "eval_gegenbauer": (4, 0.7, SIGNED), "eval_jacobi": (4, 0.7, 1.3, SIGNED),
    "eval_sh_jacobi": (4, 2.7, 1.3, SIGNED), "lpmv": (1, 2, (-0.8, 0.8)), "sph_harm_y": (3, 1, POSITIVE, SIGNED),
    "sph_legendre_p": (3, 1, POSITIVE),
    **dict.fromkeys(("pbdv_value", "pbdv_slope", "pbvv_value", "pbvv_slope"), (1.3, SIGNED)),
    "pbwa_value": (1.3, SIGNED), "pbwa_slope": (1.3, SIGNED),
    **{name: (2, 0.8, (0.3, 1.5)) for name in ROWS if name.startswith("mathieu_")},
    **{name: (1, 2, 0.8, (1.2, 1.9) if "rad" in name and name.startswith("pro") else INSIDE) for name in ROWS if name.startswith(("pro_", "obl_"))},
    **{name: (1, 2, 0.8, float(PRO_CV if name.startswith("pro") else OBL_CV), (1.2, 1.9) if "rad" in name and name.startswith("pro") else INSIDE) for name in ROWS if "_cv_" in name},
    # distributions
    "bdtr": (2, 5, INSIDE), "bdtrc": (2, 5, INSIDE), "bdtri": (2, 5, INSIDE), "nbdtr": (2, 5, INSIDE), "nbdtrc": (2, 5, INSIDE),
    "nbdtri": (2, 5, INSIDE), "pdtr": (2, POSITIVE), "pdtrc": (2, POSITIVE), "pdtri": (2, INSIDE), "chdtr": (3.0, POSITIVE),
    "chdtrc": (3.0, POSITIVE), "chdtri": (3.0, INSIDE), "gdtr": (POSITIVE, 1.7, POSITIVE), "gdtrc": (POSITIVE, 1.7, POSITIVE),
    "gdtria": (INSIDE, 1.7, POSITIVE), "gdtrix": (POSITIVE, 1.7, INSIDE), "chndtr": (POSITIVE, 3.0, POSITIVE),
    "chndtrix": (INSIDE, 3.0, POSITIVE), "chndtrinc": (POSITIVE, 3.0, (0.05, 0.15)), "fdtr": (3.0, 4.0, POSITIVE), "fdtrc": (3.0, 4.0, POSITIVE),
    "fdtri": (3.0, 4.0, INSIDE), "stdtr": (3.0, SIGNED), "stdtrit": (3.0, INSIDE), "nrdtrimn": (INSIDE, POSITIVE, SIGNED),
    "nrdtrisd": ((-2.0, 0.0), (0.6, 0.9), (0.5, 2.0)), "kolmogorov": ((0.5, 1.5),), "kolmogi": (INSIDE,), "kolmogorov_sum": (1, (0.5, 1.5)),
    "smirnov": (4, (0.3, 0.45)), "smirnovi": (4, (0.08, 0.2)), "smirnov_sum": (1, 4, (0.3, 0.45)),
}  # fmt: skip
SIGNED_ROWS = set(
    "erf erfc erfcx erfi dawsn wofz expit log_expit ndtr log_ndtr j0 j1 i0 i1 i0e i1e airy_ai airy_aip airy_bi airy_bip "
    "fresnel_sine fresnel_cosine ber bei berp beip itstruve0 itmodstruve0 "
    "exprel cosm1 exp10 sindg cosdg sine_integral sinh_integral itj0y0_j iti0k0_i modfresnelp_f modfresnelp_k modfresnelm_f "
    "modfresnelm_k kelvin_be kelvin_bep".split()
)
COMPLEX_ROWS = set(
    "gamma loggamma rgamma psi polygamma erf erfc erfi erfcx dawsn wofz ndtr log_ndtr erfcx_fraction faddeeva_fraction "
    "jv yv iv kv hankel1 hankel2 hankel1e hankel2e kve spherical_jn spherical_yn spherical_in spherical_kn airy_ai airy_aip "
    "airy_bi airy_bip fresnel_sine fresnel_cosine exp1 expi sine_integral cosine_integral sinh_integral cosh_integral spence "
    "hyp0f1 hyp1f1 hyp2f1 elliprc elliprf elliprd elliprg elliprj carlson_integral xlogy xlog1py "
    "wrightomega lambertw eval_legendre eval_chebyt eval_chebyu eval_laguerre eval_genlaguerre eval_gegenbauer eval_jacobi".split()
)
# analytic, but complex also for real arguments, which the complex step cannot read; or SciPy loses an imaginary part of 1e-30
NOT_ANALYTIC = set("wofz hankel1 hankel2 hankel1e hankel2e lambertw".split()) | set(
    "jv yv spherical_jn spherical_yn airy_bi rgamma hyp0f1 expi sine_integral cosh_integral sinh_integral".split()
)
# no operand of these has a derivative: they raise; and SciPy's integrals of Airy functions err by 1e-7, and
# its tklmbda by 1e-14, more than a walk over differences forgives; `ive_unscaled` has the derivative of another function on purpose. All are in tests/functions/test_special.py
STRUCTURAL = {
    name
    for name, row in ROWS.items()
    if not any(row.partials) or name.startswith("itairy_") or name in ("ive_unscaled", "tklmbda")
}

# rows without a derivative
X = np.array([[1.5, -0.5], [2.5, -1.75]])
CONSTANT_CASES = {"gammasgn": ((X,), {}, scipy.special.gammasgn), "round_half_even": ((X,), {}, scipy.special.round)}

_FEW = {
    1: [((3,),), ((),), ((0,),)],
    2: [((2, 1), (3,)), ((3,), ()), ((), ()), ((0,), (1,))],
    3: [((2, 1), (3,), ()), ((), (), ()), ((0,), (0,), (1,))],
}
SHAPES = {
    name: _FEW.get(row.arity, [(*((),) * (row.arity - 2), (2, 1), (3,)), ((),) * row.arity])
    for name, row in ROWS.items()
}
