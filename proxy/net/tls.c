/* SPDX-License-Identifier: PostgreSQL */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

/* length-prefixed, as it is on the wire */
static const unsigned char alpn_wire[] = "\x0a" TLS_ALPN;
enum { ALPN_WIRE_BYTES = sizeof(alpn_wire) - 1 };

static int fail(char **error, const char *what, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (asprintf(error, "%s %s: %s", what, file, reason == NULL ? "unknown error" : reason) < 0)
		*error = NULL;
	ERR_clear_error();
	return -1;
}

/*
 * A client that offers protocols must offer ours, as PostgreSQL 17 demands: it keeps another
 * protocol's client from being talked into sending its request here (ALPACA).
 */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *offered, unsigned offered_len, void *arg)
{
	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)out, out_len, alpn_wire, ALPN_WIRE_BYTES,
		    offered, offered_len) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* No resumption, as in PostgreSQL: a session is too long to gain by it. */
static SSL_CTX *new_context(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return context;
}

static int load_pair(SSL_CTX *context, const char *cert, const char *key, char **error)
{
	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		return fail(error, "cannot load the certificate", cert);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return fail(error, "cannot load the private key", key);
	if (SSL_CTX_check_private_key(context) != 1)
		return fail(error, "the private key does not belong to the certificate", cert);
	return 0;
}

static int demand_client_certificates(SSL_CTX *context, const char *ca, char **error)
{
	STACK_OF(X509_NAME) * names;

	if (SSL_CTX_load_verify_file(context, ca) != 1)
		return fail(error, "cannot load the CA of client certificates", ca);
	names = SSL_load_client_CA_file(ca);
	if (names == NULL)
		return fail(error, "cannot load the CA of client certificates", ca);
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

static int set_up_clients(SSL_CTX *context, const struct config *config, char **error)
{
	SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
	if (load_pair(context, config->client_tls_cert, config->client_tls_key, error) != 0)
		return -1;
	if (config->client_tls_ca == NULL)
		return 0;
	return demand_client_certificates(context, config->client_tls_ca, error);
}

static int trust(SSL_CTX *context, const char *ca, char **error)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (ca == NULL)
		return SSL_CTX_set_default_verify_paths(context) == 1
			       ? 0
			       : fail(error, "cannot load", "the system's CA certificates");
	if (SSL_CTX_load_verify_file(context, ca) != 1)
		return fail(error, "cannot load the server's CA", ca);
	return 0;
}

static void expect_host(SSL_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return;
	ERR_clear_error(); /* not an address */
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set1_host(param, host, 0);
}

static int set_up_server(SSL_CTX *context, const struct config *config, char **error)
{
	SSL_CTX_set_alpn_protos(context, alpn_wire, ALPN_WIRE_BYTES);
	if (config->server_tls_cert != NULL &&
		load_pair(context, config->server_tls_cert, config->server_tls_key, error) != 0)
		return -1;
	if (config->server_tls < SERVER_TLS_VERIFY_CA)
		return 0;
	if (config->server_tls == SERVER_TLS_VERIFY_FULL)
		expect_host(context, config->server_host);
	return trust(context, config->server_tls_ca, error);
}

typedef int set_up_fn(SSL_CTX *context, const struct config *config, char **error);

static int make(const SSL_METHOD *method, set_up_fn *set_up, const struct config *config,
	SSL_CTX **out, char **error)
{
	SSL_CTX *context = new_context(method);

	*out = NULL;
	if (context == NULL)
		return fail(error, "cannot make", "a TLS context");
	if (set_up(context, config, error) != 0) {
		SSL_CTX_free(context);
		return -1;
	}
	*out = context;
	return 0;
}

int tls_for_clients(const struct config *config, SSL_CTX **out, char **error)
{
	*out = NULL;
	if (config->client_tls == TLS_DISABLE)
		return 0;
	return make(TLS_server_method(), set_up_clients, config, out, error);
}

int tls_for_server(const struct config *config, SSL_CTX **out, char **error)
{
	*out = NULL;
	if (config->server_tls == SERVER_TLS_DISABLE)
		return 0;
	return make(TLS_client_method(), set_up_server, config, out, error);
}
