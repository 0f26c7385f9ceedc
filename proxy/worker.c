/* SPDX-License-Identifier: PostgreSQL */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "barred.h"
#include "latency.h"
#include "must.h"
#include "proxy.h"
#include "session.h"
#include "stmt.h"

struct worker_task {
	struct worker_task *next;
	worker_fn *fn;
	void *arg;
};

static void give_up(const char *what, int error)
{
	fprintf(stderr, "phasegate: cannot start a worker: %s: %s\n", what, strerror(error));
	exit(1);
}

static void *made(void *result, const char *what)
{
	if (result == NULL)
		give_up(what, errno);
	return result;
}

static struct worker_task *take_tasks(struct worker *worker)
{
	struct worker_task *tasks;

	pthread_mutex_lock(&worker->tasks_lock);
	tasks = worker->tasks;
	worker->tasks = NULL;
	worker->tasks_end = &worker->tasks;
	pthread_mutex_unlock(&worker->tasks_lock);
	return tasks;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	struct worker_task *task, *next;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (task = take_tasks(worker); task != NULL; task = next) {
		next = task->next;
		task->fn(worker, task->arg);
		free(task);
	}
}

void worker_post(struct worker *worker, worker_fn *fn, void *arg)
{
	struct worker_task *task = must(malloc(sizeof(*task)));
	uint64_t one = 1;
	bool first;

	*task = (struct worker_task){.fn = fn, .arg = arg};
	pthread_mutex_lock(&worker->tasks_lock);
	first = worker->tasks == NULL;
	*worker->tasks_end = task;
	worker->tasks_end = &task->next;
	pthread_mutex_unlock(&worker->tasks_lock);
	/* cannot fail: the counter is read back long before it is full */
	if (first && write(worker->wake_fd, &one, sizeof(one)) < 0)
		abort();
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	worker->tick++;
	latency_tick(worker->latency, atomic_load(&worker->proxy->latency->watchers) > 0);
	session_sweep(worker);
}

static void on_barrier_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	barred_ask_again(arg);
}

/* One call of libevent for the whole life; only while stopping it is asked after every round. */
static void *run(void *arg)
{
	struct worker *worker = arg;

	event_base_dispatch(worker->base);
	while (worker->sessions != NULL)
		event_base_loop(worker->base, EVLOOP_ONCE);
	return NULL;
}

static struct event_base *new_base(void)
{
	struct event_config *config = made(event_config_new(), "event loop");
	struct event_base *base;

	/* Only its own thread touches the base; others write to wake_fd. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = made(event_base_new_with_config(config), "event loop");
	event_config_free(config);
	return base;
}

/* Signals are for the main thread. */
static void start_thread(struct worker *worker)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attributes);
	error = pthread_attr_setstacksize(&attributes, PARSE_STACK_BYTES);
	if (error != 0)
		give_up("stack", error);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&worker->thread, &attributes, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error != 0)
		give_up("thread", error);
}

void worker_start(struct worker *worker, struct proxy *proxy, unsigned index)
{
	struct timeval second = {1, 0};

	*worker = (struct worker){
		.proxy = proxy,
		.index = index,
		.latency = &proxy->latency->workers[index],
	};
	worker->scratch = must(malloc(WORKER_SCRATCH_BYTES));
	worker->base = new_base();
	pthread_mutex_init(&worker->tasks_lock, NULL);
	worker->tasks_end = &worker->tasks;
	worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->wake_fd < 0)
		give_up("eventfd", errno);
	worker->wake_event = made(
		event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, on_wake, worker),
		"event");
	worker->tick_event =
		made(event_new(worker->base, -1, EV_PERSIST, on_tick, worker), "event");
	worker->barrier_timer = made(evtimer_new(worker->base, on_barrier_time, worker), "event");
	event_add(worker->wake_event, NULL);
	event_add(worker->tick_event, &second);
	start_thread(worker);
}

static void stop(struct worker *worker, void *arg)
{
	(void)arg;
	worker->draining = true;
	event_base_loopbreak(worker->base);
}

void worker_join(struct worker *worker)
{
	worker_post(worker, stop, NULL);
	pthread_join(worker->thread, NULL);
	on_wake(worker->wake_fd, EV_READ, worker); /* what came too late still frees its argument */
	assert(worker->sessions == NULL);
	event_free(worker->barrier_timer);
	event_free(worker->tick_event);
	event_free(worker->wake_event);
	event_base_free(worker->base);
	close(worker->wake_fd);
	pthread_mutex_destroy(&worker->tasks_lock);
	free(worker->scratch);
}
