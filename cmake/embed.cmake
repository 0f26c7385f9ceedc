# SPDX-License-Identifier: PostgreSQL
# Turns INPUT into OUTPUT: const char SYMBOL[] holding the file's bytes and a terminator.
# Lines of comment alone ("--" in .sql) are dropped: the text goes over the wire.
file(READ ${INPUT} text)
if(INPUT MATCHES "\\.sql$")
  string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "\\1" text "${text}")
endif()
file(WRITE ${OUTPUT}.txt "${text}")
file(READ ${OUTPUT}.txt hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "extern const char ${SYMBOL}[];\nconst char ${SYMBOL}[] = {\n${bytes}0x00};\n")
