"""How dates and numbers are written for readers of each kind that config/local_formats.py tells apart.

Django looks for a name in the module of the kind, then in `en`, then in its own. Dates name the month in a
word: 7/4 is two days. All are those of CLDR 48, as `Intl` in browsers has them.
"""
