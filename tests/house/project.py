"""What the checks of this folder share: the project's files."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(pattern):
    """Names, relative to the project, of its files that match; generated ones are not among them."""
    listed = subprocess.run(['git', '-C', str(ROOT), 'ls-files', '--cached', '--others', '--exclude-standard'],
                            capture_output=True, text=True, check=True).stdout
    return sorted({name for name in listed.split('\n') if re.search(pattern, name) and (ROOT / name).is_file()})
