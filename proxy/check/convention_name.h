/* SPDX-License-Identifier: PostgreSQL */
/* Internal to the conventions of migration tools: those of the names of files. */
#ifndef CONVENTION_NAME_H
#define CONVENTION_NAME_H

#include "convention.h"

/* A file of len bytes without marks, by its path and by the settings that tools read beside it. */
struct part convention_by_name(const char *path, size_t len);

#endif
