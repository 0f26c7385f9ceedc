# SPDX-License-Identifier: PostgreSQL
"""Throwaway servers and proxies, for the end-to-end tests, the demo and the bench."""
