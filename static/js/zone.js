// Tell the server by which clock this person lives: it writes its times by it (config/local_time.py).

const YEAR = 365 * 24 * 3600;
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

if (timeZone) document.cookie = `timezone=${timeZone}; path=/; max-age=${YEAR}; samesite=lax`;
