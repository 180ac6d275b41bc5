"""Formulas of valis: reading them, evaluating them with units and worst cases, spelling them."""
