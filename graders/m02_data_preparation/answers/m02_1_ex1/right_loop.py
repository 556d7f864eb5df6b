import re

OURS = ("doors closed", "lift-off", "late arrival, as", "hours in the air", "made up", "this calendar day", "flight's own")
unknown = []
for name, text in described.items():
    if found := re.search(r"at (\d+):00 UTC.*of (\d+):00", text):
        read, leaves = int(found[1]) - 5, int(found[2])
        if read > leaves - 2:
            unknown.append(name)
    elif found := re.search(r"(\d+) minutes before scheduled departure", text):
        sent = re.search(r"sent out (\d+) minutes after", text)
        if int(found[1]) - (int(sent[1]) if sent else 0) < 120:
            unknown.append(name)
    elif any(words in text for words in OURS):
        unknown.append(name)
