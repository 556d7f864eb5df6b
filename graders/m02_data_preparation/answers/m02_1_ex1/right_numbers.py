import re


def readable(text):
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    if "UTC" in text:
        return numbers[0] - 5 + 2 <= numbers[2]
    if "sent out" in text:
        return numbers[0] - numbers[1] >= 120
    if "forecast" in text:
        return numbers[0] >= 120
    always = ("timetable", "two airports", "Weekday", "calendar month before last", "last year")
    return any(words in text for words in always)


unknown = {name for name in described if not readable(described[name])}
