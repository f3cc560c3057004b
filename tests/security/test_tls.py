"""Over TLS, PostgreSQL, the broker and the mail server are believed only by a certificate of the named authority.

The wheels of PostgreSQL and Valkey have no TLS of their own: here a TLS front stands before the real servers.
"""

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from deploy.embedded.servers import free_port
from services.notify.mailer.smtp import Interrupted, connection
from shared.settings import Settings, settings
from tests.security.certificates import Certificates, make_certificates
from tests.security.tls_front import tls_front


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def postgres(stack_servers: object, certificates: Certificates) -> Iterator[str]:
    """The address of PostgreSQL behind TLS, without a word about certificates."""
    with tls_front(certificates, urlsplit(settings().database_url).port or 5432, asks_first=True) as port:
        yield f"postgresql://127.0.0.1:{port}/ses"


@pytest.fixture
def broker(stack_servers: object, certificates: Certificates) -> Iterator[str]:
    with tls_front(certificates, urlsplit(settings().redis_url).port or 6379) as port:
        yield f"rediss://127.0.0.1:{port}/0"


def database_of(url: str) -> str:
    return Settings(database_url=url, database_passwords=settings().database_passwords).database_url_of("rates")


def broker_of(url: str) -> str:
    return Settings(redis_url=url, redis_passwords=settings().redis_passwords).redis_url_of("rates")


def test_a_service_signs_in_to_postgresql_over_verified_tls(postgres: str, certificates: Certificates) -> None:
    url = database_of(f"{postgres}?sslmode=verify-full&sslrootcert={certificates.authority}")
    with psycopg.connect(url) as connected:
        assert connected.execute("select current_user").fetchone() == ("ses_rates",)
        assert connected.pgconn.ssl_in_use


def test_postgresql_with_a_certificate_of_nobody_known_is_refused(postgres: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(database_of(f"{postgres}?sslmode=verify-full&sslrootcert=system"))


def test_postgresql_without_tls_is_refused_where_tls_is_asked_for(stack_servers: object) -> None:
    url = settings().database_url_of("rates") + "&sslmode=require"
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        psycopg.connect(url)


def test_a_service_signs_in_to_the_broker_over_verified_tls(broker: str, certificates: Certificates) -> None:
    with redis.Redis.from_url(broker_of(f"{broker}?ssl_ca_certs={certificates.authority}")) as client:
        assert client.llen("rates.events") == 0


def test_a_broker_with_a_certificate_of_nobody_known_is_refused(broker: str) -> None:
    with redis.Redis.from_url(broker_of(broker)) as client, pytest.raises(redis.exceptions.ConnectionError):
        client.llen("rates.events")


@pytest.fixture
def mail_server(certificates: Certificates) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    controller.start()
    yield port
    controller.stop()


def test_mails_go_out_over_verified_tls_and_not_at_all_to_a_server_of_nobody_known(
    mail_server: int, certificates: Certificates
) -> None:
    with connection(f"smtp+starttls://127.0.0.1:{mail_server}?cafile={certificates.authority}") as server:
        assert server.smtp.noop()[0] == 250
    with pytest.raises(Interrupted, match="certificate"), connection(f"smtp+starttls://127.0.0.1:{mail_server}"):
        pytest.fail("it was believed")
