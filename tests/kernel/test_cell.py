"""What a `%%grad` cell computes, and what it leaves in the user's namespace."""

import dataclasses
import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytest

import adkit
from adkit.handle import TracedArray

MIME = "application/vnd.adkit.trace.v1+json"


def number(value):
    """A derivative as a float."""
    return float(np.asarray(value))


def assert_ordinary(namespace):
    """No traced value and no substitute is left, however deep."""
    for name, value in namespace.items():
        if name.startswith("_"):
            continue
        leaves = [value]
        while leaves:
            leaf = leaves.pop()
            assert not isinstance(leaf, TracedArray), name
            assert not (getattr(leaf, "__name__", "") or "").startswith("adkit."), name
            leaves += leaf if isinstance(leaf, list | tuple) else leaf.values() if isinstance(leaf, dict) else []


# ------------------------------------------------------------------------------------------------ inputs


def test_a_named_input_assigned_in_the_cell(run):
    g = run("%%grad x\nx = 1.5\ny = np.sin(x) * x\ny")
    assert number(g["x"]) == pytest.approx(math.cos(1.5) * 1.5 + math.sin(1.5), rel=1e-14)
    assert set(g.gradient) == {"x"}


def test_a_named_input_from_an_earlier_cell(run):
    run("x = 1.5")
    assert number(run("%%grad x\nx ** 2")["x"]) == 3.0


def test_an_earlier_input_that_the_cell_assigns_after_reading_it(run, shell):
    run("x = 1.5")
    assert number(run("%%grad x\ny = x ** 2\nx = 7.0\ny")["x"]) == 3.0
    assert shell.user_ns["x"] == 7.0


def test_an_assignment_hides_the_value_of_an_earlier_cell(run):
    run("x = 100.0")
    assert number(run("%%grad x\nx = 1.5\nx ** 2")["x"]) == 3.0


def test_only_the_first_assignment_is_the_input(run):
    assert number(run("%%grad x\nx = 1.5\nx = x * 2\nx ** 2")["x"]) == 12.0


def test_inputs_that_nobody_named(run):
    run("w = np.array([1.0, 2.0])\nn = 3\nlabel = 'a'\nfrom math import pi")
    g = run("%%grad\nx = 2.0\nk = 5\nnp.sum(w * x * n * pi) + k")
    assert set(g.gradient) == {"x", "w"}
    assert number(g["x"]) == pytest.approx(9 * math.pi)
    np.testing.assert_allclose(g["w"], [6 * math.pi] * 2)


def test_several_names_and_order_of_names(run):
    g = run("%%grad w x\nx, w = 2.0, 3.0\nx * w ** 2")
    assert list(g.gradient) == ["w", "x"]
    assert (number(g["w"]), number(g["x"])) == (12.0, 9.0)


def test_a_python_int_is_promoted(run, shell):
    g = run("%%grad x\nx = 3\nx ** 2")
    assert number(g["x"]) == 6.0
    assert type(shell.user_ns["x"]) is int


def test_an_accumulator_is_no_input(run):
    g = run("%%grad\nx = 2.0\ns = 0.0\nfor i in range(3):\n    s = s + x ** i\ns")
    assert set(g.gradient) == {"x"}
    assert number(g["x"]) == 5.0


def test_a_function_of_an_earlier_cell_reads_the_input(run):
    run("x = 2.0\ndef f():\n    return x ** 3")
    assert number(run("%%grad x\nf()")["x"]) == 12.0


# ------------------------------------------------------------------------------------------------ outputs


def test_the_output_is_the_last_expression(run):
    g = run("%%grad x\nx = 2.0\ny = x ** 3\nx ** 2")
    assert number(g["x"]) == 4.0
    assert g.value == 4.0


def test_the_output_is_the_last_name_assigned(run):
    g = run("%%grad x\nx = 2.0\ny = x ** 2\nz = y * 3\ndef later():\n    pass")
    assert number(g["x"]) == 12.0
    assert g.document()["output"]["name"] == "z"


def test_a_last_expression_without_value_is_no_output(run, capsys):
    g = run("%%grad x\nx = 2.0\ny = x ** 2\nprint('here')")
    assert number(g["x"]) == 4.0


def test_a_loop_fills_the_output(run):
    g = run("%%grad x\nx = 2.0\ny = np.zeros(3)\nfor i in range(3):\n    y[i] = x ** i")
    assert g.document()["output"]["name"] == "y"
    np.testing.assert_allclose(np.ravel(g["x"]), [0, 1, 4])


def test_the_output_named_on_the_line(run):
    g = run("%%grad x --of y\nx = 2.0\ny = x ** 2\nz = y * 3\nz")
    assert number(g["x"]) == 4.0
    assert g.document()["output"]["name"] == "y"


def test_a_list_of_scalars_is_a_vector_output(run):
    g = run("%%grad x\nx = 2.0\n[x, x ** 2]")
    np.testing.assert_allclose(np.ravel(g["x"]), [1, 4])


# ------------------------------------------------------------------------------------------------ the trace


def test_the_value_is_the_trace(run, shell):
    g = run("%%grad x --name saved\nx = 2.0\nx ** 2")
    assert type(g).__name__ == "Trace"
    assert shell.user_ns["saved"] is g
    assert shell.user_ns["_"] is g
    assert shell.user_ns["Out"][shell.execution_count - 1] is g
    assert number(g.gradient["x"]) == number(g["x"]) == number(g.x) == 4.0


def test_a_semicolon_silences(run):
    assert run("%%grad x\nx = 2.0\nx ** 2;") is None


def test_a_silenced_trace_can_still_be_named(run, shell):
    run("%%grad x --name g\nx = 2.0\nx ** 2;")
    assert number(shell.user_ns["g"]["x"]) == 4.0


def test_a_vector_output_gives_the_jacobian(run):
    g = run("%%grad x\nx = np.array([1.0, 2.0])\nnp.array([x[0] * x[1], x[0], x[1] ** 2])")
    np.testing.assert_allclose(g["x"], [[2, 1], [1, 0], [0, 4]])


def test_the_elementwise_case_is_shown_as_the_derivative(run):
    g = run("%%grad x\nx = np.array([1.0, 2.0])\nnp.sin(x)")
    np.testing.assert_allclose(g["x"], np.cos([1.0, 2.0]))
    assert g.document()["derivatives"][0]["kind"] == "derivative"


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_mode(run, mode):
    g = run(f"%%grad x --mode {mode}\nx = 2.0\nx ** 2")
    assert g.mode == mode
    assert number(g["x"]) == 4.0
    assert adkit.settings.current().mode == "auto"


def test_second_order(run):
    assert number(run("%%grad x --order 2\nx = 2.0\nx ** 3")["x"]) == 12.0


def test_views(run):
    g = run("%%grad x --view list,graph\nx = 2.0\nx ** 2")
    assert g._repr_mimebundle_()[MIME]["views"] == ["list", "graph"]
    g = run("%%grad x --view none\nx = 2.0\nx ** 2")
    assert g._repr_mimebundle_()[MIME]["views"] == []


def test_names_and_lines_come_from_the_cell(run):
    g = run("%%grad x\nx = 2.0\nu = np.sin(x)\nloss = u * x\nloss")
    rows = {row["name"]: row for row in g.document()["rows"]}
    assert rows["u"]["line"] == 3
    assert rows["u"]["snippet"] == "np.sin(x)"
    assert rows["loss"]["line"] == 4
    assert g.document()["source"]["text"].startswith("%%grad x\n")


def test_a_branch_is_shown_as_a_guard(run):
    g = run("%%grad x\nx = 2.0\nif x > 0:\n    y = x ** 2\nelse:\n    y = -x\ny")
    guards = [row for row in g.document()["rows"] if row["kind"] == "guard"]
    assert [row["line"] for row in guards] == [3]


# ------------------------------------------------------------------------------------------------ check


def test_check_prints_a_verdict(run, capsys):
    g = run("%%grad x --check\nx = 2.0\nnp.sin(x)")
    assert "agree" in capsys.readouterr().out
    assert g.document()["badge"]["verdict"] == "agree"


def test_check_finds_a_kink(run, capsys):
    g = run("%%grad x --check\nx = 0.0\nnp.abs(x)")
    assert g.document()["badge"]["verdict"] == "kink"


# ------------------------------------------------------------------------------------------------ substitution


def test_numpy_and_math_of_the_cell_and_of_earlier_functions(run, shell):
    run("def f(x):\n    y = np.zeros(2)\n    y[0] = math.sin(x)\n    y[1] = x\n    return y.sum()")
    g = run("%%grad x\nx = 1.0\nz = np.array([x, f(x)])\nz.sum()")
    assert number(g["x"]) == pytest.approx(2 + math.cos(1.0))
    assert shell.user_ns["np"] is np
    assert shell.user_ns["math"] is math


def test_functions_imported_by_name(run, shell):
    run("from numpy import zeros, array\nfrom math import sin")
    g = run("%%grad x\nx = 1.0\ny = zeros(2)\ny[0] = sin(x)\narray([y[0], x]).sum()")
    assert number(g["x"]) == pytest.approx(1 + math.cos(1.0))
    assert (shell.user_ns["zeros"], shell.user_ns["sin"]) == (np.zeros, math.sin)


@pytest.mark.parametrize(
    "imports", ["import math as m", "from math import exp", "from math import *", "import scipy.special, math as m"]
)
def test_imports_in_the_cell(run, shell, imports):
    call = "m.exp" if " as m" in imports else "exp"
    g = run(f"%%grad x\n{imports}\nx = 1.0\n{call}(x)")
    assert number(g["x"]) == pytest.approx(math.e)
    assert shell.user_ns["m" if " as m" in imports else "exp"] in (math, math.exp)


def test_imports_in_a_function_of_the_cell(run, shell):
    function = "def f(t):\n    import math\n    from math import sin as s\n    return math.exp(t) + s(t)"
    g = run(f"%%grad x\n{function}\nx = 1.0\nf(x)")
    assert number(g["x"]) == pytest.approx(math.e + math.cos(1.0))
    assert run("f(1.0)") == math.exp(1.0) + math.sin(1.0)


def test_a_library_function_bound_by_the_cell_is_the_real_one(run, shell):
    run("%%grad x\nx = 1.0\nsine = math.sin\nmake = np.zeros\nlib = np.linalg\nsine(x)")
    assert shell.user_ns["sine"] is math.sin
    assert shell.user_ns["make"] is np.zeros
    assert shell.user_ns["lib"] is np.linalg


def test_a_module_name_that_the_cell_binds_anew(run, shell):
    run("%%grad x\nx = 1.0\ny = math.sin(x)\nmath = 'mine'\ny")
    assert shell.user_ns["math"] == "mine"


def test_a_module_name_that_the_cell_deletes(run, shell):
    run("%%grad x\nx = 1.0\ny = math.sin(x)\ndel math\ny")
    assert "math" not in shell.user_ns


def test_a_plain_cell_afterwards_sees_plain_modules(run):
    run("%%grad x\nx = 1.0\nmath.sin(x)")
    assert type(run("np.zeros(2)")) is np.ndarray
    assert run("math.sin(1.0)") == math.sin(1.0)


# ------------------------------------------------------------------------------------------------ the namespace


def test_every_name_holds_what_a_plain_cell_would_have_made(run, shell):
    code = """
        x = 1.5
        w = np.array([1.0, 2.0])
        a = x * 2
        b = np.sin(x)
        c = math.sin(x)
        d = w * x
        e = d.sum()
        f = np.zeros(3)
        f[1] = x
        g = [a, (b, {"c": c})]
        h = x > 1
        i = w[0]
        j = np.argmax(d)
        k = np.float32(2.0) * w
        m = w.astype(np.float32) * x
        n = -x
        o = abs(x) ** 2
        p = round(3.7)
        q = len(w)
        r = d.shape
        s = np.array([x, x])
        t = 1j * x
        loss = e + a
    """
    run(code)
    plain = {name: shell.user_ns[name] for name in "xwabcdefghijkmnopqrst"}
    run("%reset_selective -f ^[a-oq-tw-x]$")
    run("%%grad x w\n" + inspect.cleandoc(code))
    for name, value in plain.items():
        assert type(shell.user_ns[name]) is type(value), name
        assert getattr(shell.user_ns[name], "dtype", None) == getattr(value, "dtype", None), name
    np.testing.assert_equal(
        {k: shell.user_ns[k] for k in "abcdefhijkmnopqrst"}, {k: plain[k] for k in "abcdefhijkmnopqrst"}
    )
    assert_ordinary(shell.user_ns)


def test_containers_of_earlier_cells_hold_ordinary_values(run, shell):
    run("history = []\nstate = {}\nclass Model:\n    pass\nmodel = Model()")
    run("%%grad x\nx = 2.0\nmodel.w = x * 2\nhistory.append(model.w)\nstate['all'] = history\nmodel.w ** 2")
    assert shell.user_ns["history"] == [4.0]
    assert shell.user_ns["state"]["all"] is shell.user_ns["history"]
    assert type(shell.user_ns["model"].w) is float


def test_cyclic_containers(run, shell):
    run("%%grad x\nx = 2.0\nloop = [x * 2]\nloop.append(loop)\nloop[0] ** 2")
    assert shell.user_ns["loop"][0] == 4.0
    assert shell.user_ns["loop"][1] is shell.user_ns["loop"]


def test_an_input_array_keeps_its_identity(run, shell):
    run("w = np.array([1.0, 2.0])\nalias = w")
    run("%%grad w\nsame = w\n(w ** 2).sum()")
    assert shell.user_ns["w"] is shell.user_ns["alias"]
    assert shell.user_ns["same"] is shell.user_ns["alias"]


@pytest.mark.parametrize("change", ["w[0] = 5.0", "w += 4.0", "w[:] = w * 2", "v = w[1:]\nv[0] = 7.0"])
def test_mutation_of_an_earlier_array_reaches_the_array(run, shell, change):
    run("w = np.array([1.0, 2.0])\nalias = w")
    g = run(f"%%grad w\ny = (w ** 2).sum()\n{change}\ny")
    plain = {"np": np, "w": np.array([1.0, 2.0])}
    exec(change, plain)
    assert shell.user_ns["w"] is shell.user_ns["alias"]
    np.testing.assert_array_equal(shell.user_ns["alias"], plain["w"])
    np.testing.assert_allclose(g["w"], [2, 4])


def test_views_go_on_aliasing_after_the_cell(run, shell):
    run("w = np.array([1.0, 2.0, 3.0])")
    run("%%grad w\nv = w[1:]\nu = np.zeros(3)\nt = u[:2]\nt[0] = w[0]\n(v ** 2).sum() + u.sum()")
    run("v[0] = 9.0\nu[1] = 8.0")
    np.testing.assert_array_equal(shell.user_ns["w"], [1, 9, 3])
    np.testing.assert_array_equal(shell.user_ns["t"], [1, 8])


def test_a_read_only_array_stays_as_it_is(run, shell):
    run("w = np.array([1.0, 2.0])\nw.flags.writeable = False")
    run("%%grad w\n(w ** 2).sum()")
    assert not shell.user_ns["w"].flags.writeable


def test_defaults_and_closures_of_functions_hold_ordinary_values(run):
    run("%%grad x\nx = 2.0\nk = x * 2\ndef f(t=k):\n    return t\nf()")
    assert type(run("f()")) is float


def test_an_inner_cell_magic(run):
    run("x = 2.0")
    assert number(run("%%grad x\n%%time\nx ** 2")["x"]) == 4.0


def test_inside_another_cell_magic(run):
    run("%%capture shown\n%%grad x --name g\nx = 2.0\nx ** 2")
    assert number(run("g['x']")) == 4.0


def test_rebinding_an_input_leaves_the_earlier_array_alone(run, shell):
    run("w = np.array([1.0, 2.0])\nalias = w")
    run("%%grad w\nw = w * 2\nw.sum()")
    np.testing.assert_array_equal(shell.user_ns["alias"], [1, 2])
    np.testing.assert_array_equal(shell.user_ns["w"], [2, 4])


def test_augmented_assignment_of_a_float_binds_only_its_name(run, shell):
    run("x = 1.0")
    run("%%grad x\ny = x\nx += 1\nx * y")
    assert (shell.user_ns["x"], shell.user_ns["y"]) == (2.0, 1.0)
    assert type(shell.user_ns["x"]) is float


def test_one_value_under_two_names_is_one_object(run, shell):
    run("%%grad w\nw = np.array([1.0, 2.0])\na = w * 2\nb = a\nc = [a]\na.sum()")
    assert shell.user_ns["a"] is shell.user_ns["b"] is shell.user_ns["c"][0]


def test_nothing_is_added_to_the_namespace(run, shell):
    before = set(shell.user_ns)
    run("%%grad x\nx = 2.0\ny = x * 2\ny")
    added = {name for name in set(shell.user_ns) - before if not name.startswith("_")}
    assert added == {"x", "y"}


def test_dataclasses_and_namespaces(run, shell):
    run("from dataclasses import dataclass\nfrom types import SimpleNamespace")
    run("@dataclass(frozen=True)\nclass P:\n    a: object")
    run("%%grad x\nx = 2.0\np = P(x * 2)\ns = SimpleNamespace(q=[x])\np.a ** 2")
    assert dataclasses.astuple(shell.user_ns["p"]) == (4.0,)
    assert shell.user_ns["s"] == SimpleNamespace(q=[2.0])


def test_functions_defined_in_the_cell_work_afterwards(run):
    run("%%grad x\nx = 2.0\ndef f(t):\n    return np.sin(t) * 2\nf(x)")
    assert run("f(1.0)") == np.sin(1.0) * 2


def test_source_of_functions_defined_in_the_cell(run, shell):
    run("%%grad x\n\n\nx = 2.0\n\ndef f(t):\n    # doubled\n    return t * 2\n\nf(x)")
    assert inspect.getsource(shell.user_ns["f"]) == "def f(t):\n    # doubled\n    return t * 2\n"


def test_users_ast_transformers_apply(run, shell):
    import ast

    class Doubling(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.copy_location(ast.Constant(node.value * 2), node) if node.value == 10.0 else node

    shell.ast_transformers.append(Doubling())
    assert run("%%grad x\nx = 1.0\nx * 10.0").value == 20.0


def test_line_magics_and_shell_commands_in_the_cell(run, capsys):
    g = run("%%grad x\n%pwd\nx = 2.0\nx ** 2")
    assert number(g["x"]) == 4.0


def test_blank_lines_and_indentation(run, shell):
    g = run("%%grad x\n\n   \nx = 2.0\n\ny = x ** 2\n\n\n")
    assert number(g["x"]) == 4.0
    assert {row["line"] for row in g.document()["rows"] if row["name"] == "y"} == {6}


def test_without_history(run, shell):
    """As under nbval, which stores no history and names no cell."""
    g = run("%%grad x\nx = 2.0\ny = x ** 2\ny", store_history=False)
    assert number(g["x"]) == 4.0


def test_called_by_hand(shell):
    g = shell.run_cell_magic("grad", "x", "x = 2.0\nx ** 2\n")
    assert number(g["x"]) == 4.0


# ------------------------------------------------------------------------------------------------ the line magic


def test_line_magic(run):
    run("x = 2.0")
    assert number(run("%grad x ** 3")["x"]) == 12.0
    assert number(run("%grad --order 2 x ** 3")["x"]) == 12.0
    assert run("%grad --mode forward np.sin(x)").mode == "forward"


def test_line_magic_assigned(run, shell):
    run("x = 2.0\ng = %grad x ** 3")
    assert number(shell.user_ns["g"]["x"]) == 12.0


def test_line_magic_in_a_function(run):
    run("w = 3.0\ndef f(x):\n    g = %grad math.sin(x) * w\n    return g")
    g = run("f(0.0)")
    assert (number(g["x"]), number(g["w"])) == (3.0, 0.0)


def test_line_magic_with_an_earlier_function(run, shell):
    run("x = 2.0\ndef f(x):\n    y = np.zeros(1)\n    y[0] = math.exp(x)\n    return y[0]")
    assert number(run("%grad f(x)")["x"]) == pytest.approx(math.exp(2))
    assert shell.user_ns["np"] is np


def test_line_magic_silenced(run):
    run("x = 2.0")
    assert run("%grad x ** 3;") is None


# ------------------------------------------------------------------------------------------------ settings


def test_session_settings(run, capsys):
    try:
        run("%adkit mode=forward device=cpu")
        assert "mode=forward  device=cpu" in capsys.readouterr().out
        assert run("%%grad x\nx = 2.0\nx ** 2").mode == "forward"
        assert run("%%grad x --mode reverse\nx = 2.0\nx ** 2").mode == "reverse"
        run("%adkit")
        assert "mode=forward" in capsys.readouterr().out
    finally:
        adkit.settings(mode="auto")


def test_a_traced_value_passes_for_what_it_stands_for(shell, run):
    run("def twice(v):\n    return 2 * v if isinstance(v, (int, float)) else v")
    trace = run(
        """
        %%grad x v --of y
        x = 3.0
        v = np.array([1.0, 2.0])
        same = isinstance
        kinds = (isinstance(x, float), isinstance(v, np.ndarray), isinstance(v, float), same(x, (int, float)))
        y = twice(x) + v.sum()
        """
    )
    assert shell.user_ns["kinds"] == (True, True, False, True)
    assert trace.gradient["x"] == 2.0
    assert "isinstance" not in shell.user_ns
    assert shell.user_ns["same"] is isinstance


def test_a_match_statement_takes_the_branch_of_a_plain_cell(run, shell):
    trace = run(
        """
        %%grad x v --of y
        x, v = 3.0, np.array([1.0, 2.0])
        def f(t):
            match t:
                case int():
                    return 7 * t
                case np.ndarray(shape=(n,)):
                    return n * t.sum()
                case [float(a), {"k": float() as b}]:
                    return a * b
                case float():
                    return 5 * t
        y = f(x) + f(np.sin(x)) + f(v) + f([x, {"k": x}])
        """
    )
    assert number(trace.gradient["x"]) == pytest.approx(5 + 5 * math.cos(3.0) + 6)
    np.testing.assert_array_equal(trace.gradient["v"], [2.0, 2.0])


def test_formatting_and_plotting_are_no_leaks(run, shell):
    run("from matplotlib.figure import Figure\nw = np.array([1.0, 2.0, 4.0])")
    trace = run(
        """
        %%grad w --of loss
        text = "%.1f %d" % (w[0], w[1])
        axes = Figure().subplots()
        axes.plot(w, w**2, label=f"{w[0]:.2f}")
        axes.scatter(w, np.sin(w), c=w)
        axes.hist(w)
        axes.axvline(w[0])
        axes.imshow(np.outer(w, w))
        axes.figure.canvas.draw()
        drawn = axes.lines[0].get_ydata()
        loss = (w * w).sum()
        """
    )
    np.testing.assert_array_equal(trace.gradient["w"], [2.0, 4.0, 8.0])
    assert shell.user_ns["text"] == "1.0 2"
    np.testing.assert_array_equal(shell.user_ns["drawn"], [1.0, 4.0, 16.0])


def test_an_output_of_objects_is_joined(run):
    trace = run("%%grad x\nx = 3.0\nnp.array([x, x * x], dtype=object)")
    np.testing.assert_array_equal(np.asarray(trace.gradient["x"], dtype=float), [1.0, 6.0])


def test_vectorized_functions_and_underscores_are_ordinary_afterwards(run, shell):
    run("%%grad x --of y\nx = np.array([1.0, 2.0])\nf = np.vectorize(lambda t: t * t)\n_, y = 3 * x, f(x).sum()")
    assert type(shell.user_ns["f"]) is np.vectorize
    assert type(shell.user_ns["_"]) is np.ndarray


def test_an_error_in_a_module_names_its_file(run, tmp_path, monkeypatch):
    (tmp_path / "module_of_the_user.py").write_text("def f(t):\n    return float(t)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(adkit.LeakError, match=r"\(line 2 of module_of_the_user.py\)"):
        run("%%grad x\nimport module_of_the_user\nx = 2.0\nmodule_of_the_user.f(x)")
    with pytest.raises(adkit.LeakError, match=r"\(line 3\)"):
        run("%%grad x\nx = 2.0\nfloat(x)")


def test_distances_of_math_stay_python_floats(run, shell):
    run(
        "%%grad x\nx = 3.0\nh, d = math.hypot(x, 4.0), math.dist([x, 1.0], [0.0, 5.0])\nh + d + math.hypot(2.0, 1.0, x)"
    )
    assert [type(shell.user_ns[name]) for name in "hd"] == [float, float]
    assert shell.user_ns["h"] == shell.user_ns["d"] == 5.0
