/* SPDX-License-Identifier: PostgreSQL */
/*
 * The process from start to end.  The main thread accepts, listens to signals, and stops things
 * in the order in which they hold on to each other: listeners, sessions, the change engine that
 * sessions wait for, workers, the log.
 */
#include "proxy.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "barred.h"
#include "barrier.h"
#include "cancel.h"
#include "debug_log.h"
#include "lane.h"
#include "lane_keeper.h"
#include "latency.h"
#include "listen.h"
#include "must.h"
#include "notify.h"
#include "proxy_internal.h"
#include "session.h"
#include "worker.h"

enum { DRAIN_POLL_MS = 20 };

struct service {
	struct proxy proxy;
	struct event_base *base;
	struct listeners *listeners;
	struct event *stop_signals[2], *reload_signal, *drain_poll;
	int64_t drain_left_ms; /* negative: for ever */
};

static unsigned cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void end_session(struct session *session)
{
	session_end(session, "the proxy stops");
}

static void each_session(struct worker *worker, void (*fn)(struct session *session))
{
	struct session *next;

	for (struct session *session = worker->sessions; session != NULL; session = next) {
		next = session->next;
		fn(session);
	}
}

static void drain_worker(struct worker *worker, void *arg)
{
	(void)arg;
	worker->draining = true;
	each_session(worker, session_drain);
}

/* arg: how many workers still have to come here. */
static void end_worker(struct worker *worker, void *arg)
{
	atomic_uint *left = arg;

	worker->draining = true;
	each_session(worker, end_session);
	atomic_fetch_sub(left, 1);
}

static void post_to_all(struct proxy *proxy, worker_fn *fn, void *arg)
{
	for (unsigned i = 0; i < proxy->n_workers; i++)
		worker_post(&proxy->workers[i], fn, arg);
}

static void ask_again(struct worker *worker, void *arg)
{
	(void)arg;
	barred_ask_again(worker);
}

static void on_barrier_lifted(void *proxy)
{
	post_to_all(proxy, ask_again, NULL);
}

static void on_drain_poll(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	unsigned left = atomic_load(&service->proxy.n_sessions);

	(void)fd;
	(void)what;
	if (service->drain_left_ms >= 0) {
		service->drain_left_ms -= DRAIN_POLL_MS;
		if (service->drain_left_ms < 0) {
			log_warn("%u sessions did not end in time and are cut off", left);
			left = 0;
		}
	}
	if (left == 0)
		event_base_loopbreak(service->base);
}

static void drain(struct service *service)
{
	struct proxy *proxy = &service->proxy;
	int timeout_ms = proxy->settings.config->drain_timeout_ms;
	struct timeval poll = {0, DRAIN_POLL_MS * 1000};

	log_info("stopping: %u sessions may finish their transactions",
		atomic_load(&proxy->n_sessions));
	notify_stopping();
	atomic_store(&proxy->draining, true);
	listen_close(service->listeners);
	service->listeners = NULL;
	service->drain_left_ms = timeout_ms > 0 ? timeout_ms : -1;
	post_to_all(proxy, drain_worker, NULL);
	event_add(service->drain_poll, &poll);
}

static void on_stop_signal(evutil_socket_t signal, short what, void *arg)
{
	struct service *service = arg;

	(void)what;
	log_info("received %s", sigabbrev_np((int)signal));
	if (atomic_load(&service->proxy.draining))
		event_base_loopbreak(service->base);
	else
		drain(service);
}

static void on_reload_signal(evutil_socket_t signal, short what, void *arg)
{
	struct service *service = arg;

	(void)signal;
	(void)what;
	if (atomic_load(&service->proxy.draining))
		return;
	notify_reloading();
	proxy_reload(&service->proxy);
	notify_ready();
}

static void open_loop(struct service *service)
{
	struct event_config *config = event_config_new();

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	service->base = event_base_new_with_config(config);
	event_config_free(config);
	service->stop_signals[0] = evsignal_new(service->base, SIGTERM, on_stop_signal, service);
	service->stop_signals[1] = evsignal_new(service->base, SIGINT, on_stop_signal, service);
	service->reload_signal = evsignal_new(service->base, SIGHUP, on_reload_signal, service);
	service->drain_poll = event_new(service->base, -1, EV_PERSIST, on_drain_poll, service);
	event_add(service->stop_signals[0], NULL);
	event_add(service->stop_signals[1], NULL);
	event_add(service->reload_signal, NULL);
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
}

static void close_loop(struct service *service)
{
	event_free(service->stop_signals[0]);
	event_free(service->stop_signals[1]);
	event_free(service->reload_signal);
	event_free(service->drain_poll);
	event_base_free(service->base);
	libevent_global_shutdown();
}

/* Production traffic does not depend on it, so its absence is no reason not to start. */
static void start_engine(struct proxy *proxy)
{
	struct config *config = proxy->settings.config;
	char *error = NULL;

	if (config->control_conninfo == NULL)
		return;
	proxy->engine = change_engine_start(config, &error);
	if (proxy->engine == NULL)
		log_warn("no change engine, so what would be phased is refused: %s",
			error == NULL ? "unknown error" : error);
	if (proxy->engine != NULL) {
		change_engine_resume(proxy->engine, proxy->latency, proxy->barriers);
		lane_keeper_start(proxy->engine, proxy->lanes);
	}
	free(error);
}

static void make_workers(struct proxy *proxy)
{
	unsigned n = proxy->settings.config->workers;

	proxy->n_workers = n > 0 ? n : cores();
	proxy->workers = must(calloc(proxy->n_workers, sizeof(proxy->workers[0])));
	proxy->latency = latency_board_new(proxy->n_workers);
}

static void start_workers(struct proxy *proxy)
{
	for (unsigned i = 0; i < proxy->n_workers; i++)
		worker_start(&proxy->workers[i], proxy, i);
}

static void announce(const struct service *service)
{
	static const char *const tls[] = {
		"no TLS", "TLS, not verified", "TLS, CA verified", "TLS, CA and name verified"};
	const struct proxy *proxy = &service->proxy;
	const struct config *config = proxy->settings.config;
	char *listeners = listen_describe(service->listeners);

	log_info("phasegate " PHASEGATE_VERSION " in %s mode: listening on %s; server %s:%u (%s); "
		 "%u workers",
		config->policy.observe ? "OBSERVE" : "enforce", listeners, config->server_host,
		config->server_port, tls[config->server_tls], proxy->n_workers);
	if (config->policy.observe)
		log_warn("OBSERVE mode: statements are judged and logged, and ALL of them are "
			 "forwarded unchanged");
	free(listeners);
}

/* Everything that can fail, before the first thread runs. */
static int prepare(struct service *service, struct config *config, char **error)
{
	struct proxy *proxy = &service->proxy;
	bool observe = config->policy.observe;

	if (proxy_settings_make(config, &proxy->settings, error) != 0)
		return -1;
	proxy->log = policy_log_open(config, error);
	if (proxy->log == NULL)
		return -1;
	service->listeners = listen_open(proxy, service->base, config, error);
	if (service->listeners == NULL)
		return -1;
	if (policy_log_event(proxy->log, "start", "phasegate " PHASEGATE_VERSION, observe) != 0)
		return 0;
	*error = strdup("the policy log cannot be written");
	return -1;
}

static void run(struct service *service)
{
	make_workers(&service->proxy);
	start_workers(&service->proxy);
	start_engine(&service->proxy); /* it posts to workers, at once where it resumes a change */
	announce(service);
	notify_ready();
	event_base_dispatch(service->base);
}

/* As a kill would end it, for which the records are made. */
static _Noreturn void leave_engine_behind(struct proxy *proxy)
{
	log_warn("the change engine waits for a server that does not answer, and is left behind; "
		 "its changes go on from their records");
	policy_log_event(proxy->log, "stop", "the change engine did not end in time",
		proxy->settings.config->policy.observe);
	policy_log_close(proxy->log);
	_exit(0);
}

/* Sessions forget the changes they wait for, so the engine has to outlive them; it posts to
 * workers, so they outlive it. */
static void stop(struct proxy *proxy)
{
	atomic_uint left = proxy->n_workers;

	post_to_all(proxy, end_worker, &left);
	while (atomic_load(&left) > 0)
		usleep(1000);
	if (proxy->engine != NULL && change_engine_stop(proxy->engine) < 0)
		leave_engine_behind(proxy);
	for (unsigned i = 0; i < proxy->n_workers; i++)
		worker_join(&proxy->workers[i]);
	free(proxy->workers);
	latency_board_free(proxy->latency);
	policy_log_event(proxy->log, "stop", "all sessions have ended",
		proxy->settings.config->policy.observe);
	log_info("stopped");
}

int proxy_serve(const char *config_path, struct config *config)
{
	struct service service = {.proxy = {.config_path = config_path}};
	struct proxy *proxy = &service.proxy;
	char *error = NULL;
	int status = 1;

	pthread_mutex_init(&proxy->config_lock, NULL);
	proxy->cancels = cancel_registry_new();
	proxy->lanes = lanes_new();
	proxy->barriers = barriers_new(on_barrier_lifted, proxy);
	raise_descriptor_limit();
	open_loop(&service);
	if (prepare(&service, config, &error) == 0) {
		run(&service);
		stop(proxy);
		status = 0;
	} else {
		proxy_print_problems(error);
	}
	free(error);
	listen_close(service.listeners);
	if (proxy->log != NULL)
		policy_log_close(proxy->log);
	proxy_settings_release(&proxy->settings);
	cancel_registry_free(proxy->cancels);
	lanes_free(proxy->lanes);
	barriers_free(proxy->barriers);
	close_loop(&service);
	pthread_mutex_destroy(&proxy->config_lock);
	return status;
}
