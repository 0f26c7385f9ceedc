/* SPDX-License-Identifier: PostgreSQL */
#include <criterion/criterion.h>
#include <string.h>

#include "buffer.h"

Test(buffer, empty_ones_own_nothing)
{
	struct buffer buffer = {0};

	buffer_append(&buffer, NULL, 0);
	cr_expect_null(buffer.data);
	buffer_append(&buffer, "abc", 3);
	cr_expect_eq(buffer_len(&buffer), 3);
	buffer_consume(&buffer, 3);
	cr_expect_null(buffer.data);
	cr_expect_eq(buffer_len(&buffer), 0);
}

Test(buffer, keeps_order_across_growth_and_reuse)
{
	struct buffer buffer = {0};
	unsigned put = 0, got = 0;

	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 97; i++) {
			uint8_t byte = (uint8_t)put++;

			buffer_append(&buffer, &byte, 1);
		}
		for (int i = 0; i < 83; i++) {
			cr_assert_eq(*buffer_at(&buffer), (uint8_t)got, "byte %u", got);
			got++;
			buffer_consume(&buffer, 1);
		}
	}
	cr_expect_eq(buffer_len(&buffer), put - got);
	buffer_clear(&buffer);
}

Test(buffer, reserved_room_counts_when_it_is_filled)
{
	struct buffer buffer = {0};
	uint8_t *room;

	buffer_append(&buffer, "head", 4);
	room = buffer_reserve(&buffer, 5000);
	memset(room, 'x', 5000);
	cr_expect_eq(buffer_len(&buffer), 4);
	buffer_grew(&buffer, 5000);
	cr_expect_eq(buffer_len(&buffer), 5004);
	cr_expect_eq(memcmp(buffer_at(&buffer), "headxxxx", 8), 0);
	buffer_clear(&buffer);
}

/* A long-lived stream must not creep through memory. */
Test(buffer, reuses_its_memory_instead_of_growing)
{
	struct buffer buffer = {0};

	buffer_append(&buffer, "0123456789", 10);
	for (int i = 0; i < 10000; i++) {
		buffer_append(&buffer, "0123456789", 10);
		buffer_consume(&buffer, 10);
	}
	cr_expect_leq(buffer.capacity, 512);
	buffer_clear(&buffer);
}
