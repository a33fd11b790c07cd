"""A file system whose one file is there, is run, and then cannot be read any more: FUSE, by the kernel's own protocol."""
import ctypes
import os
import pathlib
import struct
import tempfile
import threading

from harness import Skip

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET = (
    1, 2, 3, 14, 15, 18, 25, 26, 27, 28, 29, 34, 36, 38, 42)
NO_REPLY = {FORGET, BATCH_FORGET, INTERRUPT}
EMPTY_REPLY = {RELEASE, RELEASEDIR, FLUSH, ACCESS, READDIR, DESTROY}
DIRECT_IO, KEEP_CACHE = 1, 2  # of an open file
ENOENT, ENOSYS = 2, 38
MNT_FORCE, MNT_DETACH = 1, 2
ROOT_NODE, FILE_NODE = 1, 2
FOREVER = 3600  # seconds for which the kernel remembers an answer

libc = ctypes.CDLL(None, use_errno=True)


class StuckFiles:
    """Holds `name`, a copy of a program. Use it in a `with`: at its end all hanging reads fail."""

    def __init__(self, name, program):
        self.name = name.encode()
        self.content = pathlib.Path(program).read_bytes()
        self.stuck = False
        self.waiting = 0  # reads that get no answer

    def __enter__(self):
        try:
            self.device = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise Skip(f'no FUSE: {error}') from error
        self.folder = tempfile.mkdtemp(prefix='weir-stuck-')
        # Python stands still until a child of its own has become another program; the file is served by Python.
        self.command = ['/bin/sh', '-c', 'exec "$0"', f'{self.folder}/{self.name.decode()}']
        options = f'fd={self.device},rootmode=40755,user_id=0,group_id=0,allow_other'.encode()
        if libc.mount(b'stuck', self.folder.encode(), b'fuse', 0, options) != 0:
            reason = os.strerror(ctypes.get_errno())
            os.close(self.device)
            os.rmdir(self.folder)
            raise Skip(f'no FUSE mount: {reason}')
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.let_go()
        os.rmdir(self.folder)

    def stick(self):
        """From now on what is not in the page cache cannot be read, and who opens the file anew does not get that either."""
        self.stuck = True

    def let_go(self):
        """Ends the file system: reads that hang fail."""
        libc.umount2(self.folder.encode(), MNT_FORCE | MNT_DETACH)
        self.thread.join(10)
        if self.device >= 0:
            os.close(self.device)
            self.device = -1

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 20)
            except OSError:
                return  # unmounted
            _, opcode, unique, node = struct.unpack_from('=IIQQ', request)
            if opcode in NO_REPLY:
                continue
            if opcode == READ and self.stuck:
                self.waiting += 1
                continue
            error, body = self.answer(opcode, node, request[40:])
            try:
                os.write(self.device, struct.pack('=IiQ', 16 + len(body), -error, unique) + body)
            except OSError:
                pass  # who asked has ended

    def answer(self, opcode, node, body):
        if opcode == INIT:
            _, _, readahead, _ = struct.unpack_from('=IIII', body)
            return 0, struct.pack('=IIIIHHIIHHI28x', 7, 31, readahead, 0, 16, 12, 1 << 16, 1, 0, 0, 0)
        if opcode == LOOKUP:
            if body.rstrip(b'\0') != self.name:
                return ENOENT, b''
            return 0, struct.pack('=QQQQII', FILE_NODE, 0, FOREVER, FOREVER, 0, 0) + self.attributes(FILE_NODE)
        if opcode == GETATTR:
            return 0, struct.pack('=QII', FOREVER, 0, 0) + self.attributes(node)
        if opcode == OPEN:
            return 0, struct.pack('=QII', 0, KEEP_CACHE | (DIRECT_IO if self.stuck else 0), 0)
        if opcode == OPENDIR:
            return 0, struct.pack('=QII', 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from('=QQI', body)
            return 0, self.content[offset:offset + size]
        return (0, b'') if opcode in EMPTY_REPLY else (ENOSYS, b'')

    def attributes(self, node):
        is_file = node == FILE_NODE
        size = len(self.content) if is_file else 0
        mode = 0o100755 if is_file else 0o040755
        return struct.pack('=QQQQQQIIIIIIIIII', node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
