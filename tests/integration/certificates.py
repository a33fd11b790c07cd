"""Certificates for tests, by openssl: NAME.crt and NAME.key in a folder."""
import shutil
import subprocess

from harness import Skip

KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes')
FOR_US = 'subjectAltName=IP:127.0.0.1,DNS:localhost'


def need_openssl():
    if not shutil.which('openssl'):
        raise Skip('there is no openssl')


def openssl(folder, *arguments):
    subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def make_issuer(folder, name='ca'):
    """A certificate that others are issued by."""
    openssl(folder, 'req', '-x509', *KEY, '-days', '2', '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.crt')


def issue(folder, name, *extensions):
    """A certificate for 127.0.0.1, by `ca`."""
    more = [word for extension in (FOR_US, *extensions) for word in ('-addext', extension)]
    openssl(folder, 'req', '-x509', *KEY, '-days', '2', '-subj', f'/CN={name}', *more, '-CA', 'ca.crt', '-CAkey', 'ca.key',
            '-keyout', f'{name}.key', '-out', f'{name}.crt')


def make_expired(folder, name):
    """One for 127.0.0.1 by itself, that was good until yesterday."""
    openssl(folder, 'req', *KEY, '-subj', f'/CN={name}', '-addext', FOR_US, '-keyout', f'{name}.key', '-out', 'request')
    openssl(folder, 'x509', '-req', '-in', 'request', '-signkey', f'{name}.key', '-days', '-1', '-copy_extensions', 'copy',
            '-out', f'{name}.crt')
