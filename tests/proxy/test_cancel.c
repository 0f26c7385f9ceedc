/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "cancel.h"

static struct cancel_registry *registry;

static void begin(void)
{
	registry = cancel_registry_new();
}

static void end(void)
{
	cancel_registry_free(registry);
}

TestSuite(cancel, .init = begin, .fini = end);

static struct cancel_key enter(uint32_t pid, uint64_t session, size_t secret_len)
{
	struct cancel_key key = {.pid = pid, .session = session, .secret_len = secret_len};

	memset(key.server_secret, (int)session, secret_len);
	cancel_register(registry, &key);
	return key;
}

static uint64_t find(const struct cancel_key *key)
{
	struct cancel_key found;

	if (!cancel_find(registry, key->pid, key->client_secret, key->secret_len, &found))
		return 0;
	cr_expect_eq(memcmp(found.server_secret, key->server_secret, key->secret_len), 0);
	return found.session;
}

Test(cancel, the_right_key_finds_its_session)
{
	struct cancel_key one = enter(100, 1, 4);
	struct cancel_key two = enter(200, 2, 32);

	cr_expect_eq(find(&one), 1);
	cr_expect_eq(find(&two), 2);
	cr_expect_neq(memcmp(two.client_secret, two.server_secret, 32), 0);
}

Test(cancel, a_wrong_key_finds_nothing)
{
	struct cancel_key key = enter(100, 1, 4);
	struct cancel_key found;

	for (size_t i = 0; i < 4; i++) {
		struct cancel_key wrong = key;

		wrong.client_secret[i] ^= 1;
		cr_expect_eq(find(&wrong), 0, "byte %zu", i);
	}
	cr_expect_not(cancel_find(registry, 100, key.server_secret, 4, &found));
	cr_expect_not(cancel_find(registry, 100, key.client_secret, 3, &found));
	cr_expect_not(cancel_find(registry, 100, key.client_secret, 5, &found));
	cr_expect_not(cancel_find(registry, 101, key.client_secret, 4, &found));
}

/* The same process id three times, forgotten in each order. */
Test(cancel, process_ids_may_repeat)
{
	static const int orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct cancel_key keys[3];

		for (int k = 0; k < 3; k++)
			keys[k] = enter(100, (uint64_t)k + 1, 16);
		for (int gone = 0; gone < 3; gone++) {
			int k = orders[i][gone];

			cr_expect_eq(find(&keys[k]), (uint64_t)k + 1);
			cancel_forget(registry, 100, (uint64_t)k + 1);
			cr_expect_eq(find(&keys[k]), 0);
			for (int later = gone + 1; later < 3; later++)
				cr_expect_eq(find(&keys[orders[i][later]]),
					(uint64_t)orders[i][later] + 1);
		}
	}
}

Test(cancel, forgetting_what_is_not_there_is_harmless)
{
	struct cancel_key key = enter(100, 1, 4);

	cancel_forget(registry, 100, 2);
	cancel_forget(registry, 7, 1);
	cr_expect_eq(find(&key), 1);
}

Test(cancel, many)
{
	static struct cancel_key keys[2000];

	for (size_t i = 0; i < 2000; i++)
		keys[i] = enter((uint32_t)(i % 700) + 1, i + 1, 4);
	for (size_t i = 0; i < 2000; i += 2)
		cancel_forget(registry, keys[i].pid, i + 1);
	for (size_t i = 0; i < 2000; i++)
		cr_expect_eq(find(&keys[i]), i % 2 == 0 ? 0 : i + 1, "%zu", i);
}
