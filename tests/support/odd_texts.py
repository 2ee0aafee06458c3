"""Texts that are not the news item that everybody tries first."""

from __future__ import annotations

NOTE = (
    "The boiler in greenhouse 4 failed again on Sunday night, and the engineer cannot come before Thursday morning. "
    "Please move the citrus seedlings to greenhouse 2 by tonight, because the forecast says minus three.\n"
)

# Each has ten words or more.
LONG_ENOUGH = {
    "paragraphs": f"{NOTE}\nThe orchids can stay where they are; Tom has borrowed two heaters for them.\n\n{NOTE}",
    "bullets": "For Monday:\n- order two new filters\n* clean the tank behind the shed\n• ring the supplier about it\n",
    "e-mail headers": f"From: Ingrid <ingrid@nursery.example>\nTo: team@nursery\nSubject: Boiler\n\nHi,\n\n{NOTE}",
    "addresses of the web": "See https://status.example/a?b=c#d and http://x.example/z for the outage that began at "
    "noon, or write to ops@example.org today.",
    "code": "def area(r):\n    return 3.14 * r ** 2\n\n\nfor radius in range(10):\n    print(area(radius), file=log)\n",
    "emoji": "🚀🚀 Launch day!!! 🎉 We shipped the new release to 4,000 customers 😀 and nothing broke yet 🤞🏽👩‍🔧.",
    "CRLF": NOTE.replace("\n", "\r\n") + "\r\nThe key is on its hook.\r\n",
    "no final stop": "the pump in the second bay stopped at two because its bearing was vibrating above the limit",
    "capitals": NOTE.upper(),
    "byte-order mark and zero width": "\ufeff\u200b" + NOTE.replace(" ", " \u200b").replace("o", "o\u2060") + "\u200d",
    "soft hyphens": NOTE.replace("ee", "e\u00ade"),
    "no-break spaces": NOTE.replace(" ", "\u00a0"),
    "combining marks": "The cafe\u0301 in Zu\u0308rich served cre\u0300me bru\u0302le\u0301e to us on Sunday.",
    "one letter under many marks": "The e" + "\u0301" * 500 + " key opens the old tank in the yard behind the station.",
    "right to left": "ثم ذهب الرجل إلى السوق واشترى الخبز والحليب والسكر والشاي من المتجر الكبير في المدينة.",
    "both directions": "The word \u202eשלום\u202c means peace, and the guide wrote it on the wall of the station.",
    "table": "| part | number | price |\n|---|---|---|\n| bolts M8 | 200 | 14.20 |\n| nuts M8 | 400 | 9.10 |\n",
    "shopping list": "milk\nbread\n6 eggs\nbutter\ncoffee beans\na new filter\nonions\nrice\nsoap\ntwo lemons\n",
    "hostile control characters": "\x1b[31mALERT\x1b[0m pump \x07B stopped\x08\x7f at \x1b]0;owned\x07 02:26 because "
    "bearing 2 was vibrating above the limit.\x9b2J",
    "nested brackets": "(" * 5000 + "The pump stopped at two because the bearing was vibrating" + ")" * 5000,
    "brackets around every word": "(pump " * 2000 + "[valve] " + "bearing) " * 2000,
    "quotation marks that never close": "“" * 2000 + "the pump stopped at two and the key is on its hook” said Tom's '",
    "stops without words between": "The pump stopped" + " . ! ? …" * 1000 + " and Tom put the key back on its hook.",
    "markup": "<html><body><p>The pump in bay 3 <b>stopped</b> at two &amp; Tom put the key back.</p></body></html>",
    "format characters of other tools": "A {pump} %s stopped {0} at $HOME, and \\n Tom put ${key} on its `hook` today.",
    "a lone letter a line": "\n".join("abcdefghijklmnopqrstuvwxyz"),
    "phrases of Chinese": "今天 天气 很好 我们 去 公园 散步 然后 回家 吃饭 看书 睡觉。",
    "one token of 200 KB": "The key is " + "QUJD" * 50_000 + " and it must be stored in the safe by noon, please.",
    "5,000 words without a stop": " ".join(f"pump {number % 97} stopped" for number in range(1667)),
    "10,000 lines of one word": "\n".join(f"part{number % 991}" for number in range(10_000)),
}  # fmt: skip

# Each has a word, but fewer than ten.
TOO_SHORT = {
    "one word": "Stop",
    "a word among punctuation": "— ... !!! stop ???",
    "a word among zero-width characters": "\u200b \ufeff \u200d stop \u2060",
    "a figure": "42",
    "a greeting": "Hello there, Tom!",
    "Chinese without blanks": "今天天气很好。我们去公园散步。",
    "one letter of another plane": "𐍈",
}

WITHOUT_WORDS = {
    "punctuation": "?! ... — ;;; ()",
    "emoji alone": "🚀🚀 👍🏽",
    "white space": " \t\r\n \u00a0\u2003",
    "zero-width characters": "\ufeff\u200b\u200d",
}
