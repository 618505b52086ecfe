"""The words that go out, by hazard, level, layer and channel: the scheme's templates filled with plain facts.

Pure. Text of a message that came in is inserted as data and never used as a template. It must not read
files, look at a clock or know a number or a person. `compose.text(templates, facts)`,
`sms.sms_parts(text)`.
"""
