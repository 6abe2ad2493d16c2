"""1 234,5 with a narrow space that does not break; some of these languages have a wider one."""

DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u202f"
INTL_LOCALE = "fr"
