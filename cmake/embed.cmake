# SPDX-License-Identifier: PostgreSQL
# Turns INPUT into OUTPUT: const char SYMBOL[] holding the file's bytes and a terminator.
# Lines of comment alone ("--" in .sql) are dropped: the text goes over the wire.
file(READ ${INPUT} text)
if(INPUT MATCHES "\\.sql$")
  string(FIND "${text}" "-- embed: qualify-operators" qualify)
  # SHORT: without what stands from "-- rare {" to "-- } instead:", with what that line goes on to say.
  string(FIND "${text}" "-- rare {" from)
  while(SHORT AND NOT from EQUAL -1)
    string(SUBSTRING "${text}" 0 ${from} head)
    string(SUBSTRING "${text}" ${from} -1 text)
    string(FIND "${text}" "-- } instead:" to)
    math(EXPR to "${to} + 13")
    string(SUBSTRING "${text}" ${to} -1 text)
    string(CONCAT text "${head}" "${text}")
    string(FIND "${text}" "-- rare {" from)
  endwhile()
  string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "\\1" text "${text}")
  # A file that asks for it runs under search_paths of strangers: each operator between blanks becomes pg_catalog's.
  if(NOT qualify EQUAL -1)
    string(REGEX REPLACE " (=|<>|<=|>=|<|>|[+]|-|[*]|/|[|][|]|->>|->|~) " " OPERATOR(pg_catalog.\\1) " text "${text}")
  endif()
endif()
file(WRITE ${OUTPUT}.txt "${text}")
file(READ ${OUTPUT}.txt hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "extern const char ${SYMBOL}[];\nconst char ${SYMBOL}[] = {\n${bytes}0x00};\n")
