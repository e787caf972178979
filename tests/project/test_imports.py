"""`import adkit` must stay light and must work where the optional packages do not exist (Pyodide)."""

import subprocess
import sys
import textwrap

OPTIONAL = ("IPython", "ipywidgets", "ipykernel", "matplotlib", "llvmlite", "cupy", "dask", "torch", "jax")


def _python(code: str) -> str:
    """Run code in a fresh interpreter, and give what it prints."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_fresh_import_brings_no_optional_package() -> None:
    printed = _python(f"""
        import sys
        import adkit
        print(*sorted(set({OPTIONAL!r}) & set(sys.modules)))
    """)
    assert printed == ""


def test_a_gradient_is_taken_without_any_optional_package() -> None:
    printed = _python(f"""
        import sys
        for name in {OPTIONAL!r}:
            sys.modules[name] = None  # an import of it now raises ImportError
        import numpy as np
        import adkit
        print(adkit.grad(lambda x: np.sin(x) * x)(0.0))
        print(str(adkit.trace(lambda x: np.sin(x) * x)(1.0)) != "")
    """)
    assert printed == "0.0\nTrue"


def test_the_extension_loads_without_matplotlib_and_ipywidgets() -> None:
    printed = _python("""
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        sys.modules["ipywidgets"] = sys.modules["matplotlib"] = None
        shell.run_line_magic("load_ext", "adkit")
        print("grad" in shell.magics_manager.magics["cell"], "adkit" in shell.magics_manager.magics["line"])
    """)
    assert printed.splitlines()[-1] == "True True"
