"""Texts that are hard to tokenise, written for these tests, and strings drawn from mixed Unicode ranges."""

import random

# A few sentences a language: what the small tokenizers are trained on, and real text to compare on.
SENTENCES = {
    "en": ["The ferry leaves at half past seven, but don't count on it when there's fog.",
           "She kept every letter he'd written, sorted by colour rather than by date!",
           "Is 3,141.59 close enough to a thousand times pi? We'll see; they've asked 27 people."],
    "de": ["Die Bäckerei öffnet früh, und trotzdem ist das Roggenbrot um neun schon ausverkauft.",
           "Über den Flüssen hängt Nebel; große Schiffe fahren heute nicht, hieß es am Straßenrand.",
           "Warum fährt der letzte Zug ausgerechnet dann, wenn das Konzert gerade anfängt?"],
    "ro": ["Bunica a pus țuica în pivniță și a închis ușa cu două lacăte vechi.",
           "Mâine dimineață plecăm la munte, dacă nu ninge prea tare peste noapte.",
           "Copiii învață să înoate în lacul de lângă moară, sub ochii bunicului."],
    "tr": ["İstanbul'da yağmur başlayınca balıkçılar köprünün altına sığındı.",
           "Çocuklar güneş batana kadar ağaçların gölgesinde oyun oynadılar.",
           "Işıklar söndü, ama şarkı söylemeye devam ettik; kimse eve gitmek istemedi."],
    "ru": ["Поезд опоздал на сорок минут, и мы успели выпить чаю на перроне.",
           "Соседка научила меня печь пирог с капустой, но секрет теста не раскрыла.",
           "Ёжик перебежал дорогу; водитель объехал его и улыбнулся."],
    "ar": ["وصلت القافلة إلى الواحة قبل غروب الشمس بقليل.",
           "كتب الطالب رسالةً طويلة إلى جدّته، ثم نسي أن يرسلها.",
           "هل تفتح المكتبة أبوابها يوم الجمعة؟ لا أعرف، سأسأل."],
    "hi": ["बारिश रुकते ही बच्चे गली में क्रिकेट खेलने निकल पड़े।",
           "दादी ने पुराने संदूक से पीतल की घंटी निकालकर मुझे दी।",
           "क्या यह रास्ता नदी तक जाता है, या हमें पुल से होकर जाना होगा?"],
    "th": ["แม่ค้าขายมะม่วงสุกอยู่ริมคลองทุกเช้าวันเสาร์",
           "ฝนตกหนักจนรถไฟต้องหยุดวิ่งไปสองชั่วโมง",
           "น้องสาวของฉันกำลังฝึกเป่าขลุ่ยเพลงใหม่"],
    "zh": ["奶奶把晒干的桂花装进玻璃罐里,说冬天泡茶最香。",
           "火车穿过隧道以后,窗外忽然出现了一片大海。",
           "你明天下午三点有空吗?我想请你帮忙修一下自行车。"],
    "ja": ["駅前のパン屋は、雨の日だけカレーパンを半額にしている。",
           "祖父の古いカメラで撮った写真には、知らない町が写っていた。",
           "コーヒーを二杯飲んでも、まだ眠い。"],
    "ko": ["할머니는 장독대 옆에서 고추를 말리고 계셨다.",
           "막차를 놓친 우리는 강변을 따라 집까지 걸어갔다.",
           "내일 비가 오면 소풍을 다음 주로 미루기로 했어요."],
}
TRAINING = [sentence for sentences in SENTENCES.values() for sentence in sentences]

# What tokenizers trip over. Special tokens of all families stand in the texts too.
HARD = [
    "", " ", "   ", "\t", "\n", "\r\n", "\x00", ".", "a", " a", "a ", "  two  spaces  ", "tab\tand\nline\r\nends \r\n here",
    "nul\x00inside and \x00 alone", "controls \x01\x02\x1b[31m\x7f\x85 end", "soft\u00adhyphen zero\u200bwidth\u200cnon\u200djoiner \ufeffbom",
    "no\u00a0break and\u3000ideographic\u2003em \u202fnarrow\u1680ogham\u2028line\u2029paragraph", "\u00a0 \u3000 \u2009",
    "👩‍👩‍👧‍👦 family, 👋🏽 wave, 🏳️‍🌈 flag, 🇷🇴🇩🇪 letters, 1️⃣ keycap", "emoji🙂between🙃words ☃️ ⛄", "🙂" * 40,
    "e\u0301 a\u0308\u0323 \u0301 lone accent, n\u0303o", " \u0301after a space", "a \u0301b \u0e33c \u093fd", "Zalgo: h\u0321\u0322\u0323\u0324e\u0300\u0301\u0302",
    "İstanbul ISTANBUL ıi ǅ ß ẞ ﬁ ﬂ ŉ ſ K Å", "ＦＵＬＬｗｉｄｔｈ １２３ ½ ² ③ ㎏ ㍿", "don't  stop...   believin'?! we'll they're I'm he'd you've 's 't",
    "co-op [MASK] [SEP] [CLS] [PAD] [UNK]", "<s> </s> <pad><unk> <mask>", "a <mask> b  <mask>  c\u00a0<mask>d<mask>", "x </s> y</s>z </s>",
    "<|endoftext|> a <|endoftext|>b<|endoftext|> ", "en_XX ro_RO text en_XXx ro_RO", "[mask] [ MASK ] <S> < s > [MASK][MASK]", "▁ under▁score ▁▁ a ▁b",
    "1,234.56 $9.99 50% #tag @user http://a.example/c?d=e&f=%20", "C:\\path\\file.txt /usr/lib ~x `code` ^ | {json: [1, 2]}", "Ġ Ċ Ã© byte letters",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101 + " end", "中文 和 日本語 한국어 mixed with English,русский и العربية",
    "ก็ เก็บ ที่ นี้ ำ", "각 ᄀ ᆨ ᄀ ᅡ ᆨ 가", "क्षि त्र ज्ञ ि", "\u202eright to left\u202c \u2067isolate\u2069", "\u0600 \u06dd \u070f", "\U0001d4d0\U0001d504 \U00020000 \U000e0001 \U0010ffff",
    "\ue000 private \ufdd0 \uffff non-characters \ufffd",
]


def long_lines():
    """Two lines of 100 kB: without a space, and with."""
    every = "".join(TRAINING).replace(" ", "")
    spaced = " ".join(TRAINING)
    return [cut(every * 40, 100_000), cut((spaced + " ") * 40, 100_000)]


def cut(text, size):
    return text.encode()[:size].decode(errors="ignore")


RANGES = [(0x20, 0x7E)] * 6 + [(0x00, 0x1F), (0x80, 0xFF), (0x100, 0x24F), (0x250, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x700, 0x74F),
                               (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x24FF),
                               (0x2580, 0x27BF), (0x3000, 0x30FF), (0x4E00, 0x4EFF), (0xAC00, 0xACFF), (0xE000, 0xE0FF), (0xFB00, 0xFDFF),
                               (0xFE00, 0xFFFF), (0x1D400, 0x1D4FF), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1F6FF), (0xE0000, 0xE007F)]
PIECES = [" ", "  ", " ", " ", "\n", "\r\n", "\u00a0", "\u3000", "\u200d", "\u0301", "\ufe0f", "[MASK]", "<mask>", "</s>", "<|endoftext|>", "ro_RO",
          "▁", "'s", "'ll", "...", "\x00"]


def fuzz(count, seed):
    """Strings of words of mixed ranges, in which single spaces between words, the common case, are frequent."""
    draw = random.Random(seed)

    def letter(low, high):
        while True:
            code = draw.randint(low, high)
            if not 0xD800 <= code <= 0xDFFF:
                return chr(code)

    def word():
        if draw.random() < 0.25:
            return draw.choice(PIECES)
        low, high = draw.choice(RANGES)
        return "".join(letter(low, high) for _ in range(draw.randint(1, 8)))

    texts = []
    for _ in range(count):
        words = [word() for _ in range(draw.randint(0, 14))]
        texts.append("".join(w + (" " if draw.random() < 0.6 else "") for w in words))
    return texts
