/* SPDX-License-Identifier: PostgreSQL */
/* What systemd is told of our state (Type=notify-reload); nothing without NOTIFY_SOCKET. */
#ifndef NOTIFY_H
#define NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
