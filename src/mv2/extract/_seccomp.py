"""A filter of system calls for this process, on Linux: no network, no new processes, no changes to files.

A deny list: what is not named stays allowed, so that libraries can read files, start threads
and take memory. Refused calls fail with EPERM. What is set can never be taken back.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE = 0, 4
_FIRST_ARGUMENT = 16
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLONE_THREAD = 0x10000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2

# Number of each call on x86-64 and on ARM 64; None where it does not exist.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    # processes, and those of others
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "kcmp": (312, 272),
    "setns": (308, 268),
    "unshare": (272, 97),
    # files
    "creat": (85, None),
    "truncate": (76, 45),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "acct": (163, 89),
    # shared with other processes
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # the kernel's own
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "iopl": (172, None),
    "ioperm": (173, None),
}
# Their arguments cannot be looked at, so programs must fall back to the older calls.
_UNKNOWN: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),
    "openat2": (437, 437),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _TGKILL, _IOCTL = (56, 220), (234, 131), (16, 29)
_FCNTL, _PRCTL, _PRLIMIT = (72, 25), (157, 167), (302, 261)
# Signals of files that go to other processes: F_SETOWN, F_SETSIG, F_SETOWN_EX.
_SIGNALS_OF_FILES = (8, 10, 15)
# To outlive the program: PR_SET_PDEATHSIG.
_DEATH_SIGNAL = 1
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; others change files that are open to be read.
_HARMLESS_CONTROLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse_calls() -> str | None:
    """Set the filter for this process, for good.

    Returns:
        None when it is set, else why it could not be.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or sys.maxsize < 1 << 32:
        return "there is no system call filter for this platform"
    library = ctypes.CDLL(None, use_errno=True)
    code = b"".join(_instructions(*machine))
    program = _Program(length=len(code) // 8, instructions=code)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    if library.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    return None


def _instructions(column: int, architecture: int) -> list[bytes]:
    code = [
        _do(_LOAD, _ARCHITECTURE),
        _do(_EQUAL, architecture, 1, 0),
        _do(_RETURN, _KILL),
        _do(_LOAD, _NUMBER),
    ]
    if column == 0:
        # The second table of calls of x86-64 has other numbers.
        code += [_do(_AT_LEAST, 0x40000000, 0, 1), _do(_RETURN, _EPERM)]
    for answer, calls in ((_EPERM, _REFUSED), (_ENOSYS, _UNKNOWN)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                code += [_do(_EQUAL, number, 0, 1), _do(_RETURN, answer)]
    code += _by_argument(_OPEN[column], 1, _ANY_BIT, _WRITES, refuse=True)
    code += _by_argument(_OPENAT[column], 2, _ANY_BIT, _WRITES, refuse=True)
    code += _by_argument(_CLONE[column], 0, _ANY_BIT, _CLONE_THREAD, refuse=False)
    code += _by_argument(_TGKILL[column], 0, _EQUAL, os.getpid(), refuse=False)
    code += _by_argument(_PRLIMIT[column], 0, _EQUAL, 0, refuse=False)
    code += _by_argument(_PRCTL[column], 0, _EQUAL, _DEATH_SIGNAL, refuse=True)
    code += _by_argument(_FCNTL[column], 1, _EQUAL, *_SIGNALS_OF_FILES, refuse=True)
    code += _by_argument(_IOCTL[column], 1, _EQUAL, *_HARMLESS_CONTROLS, refuse=False)
    return [*code, _do(_RETURN, _ALLOW)]


def _by_argument(number: int | None, place: int, test: int, *values: int, refuse: bool) -> list[bytes]:
    """Refuse a call, or allow only that, whose argument passes the test with any of the values."""
    if number is None:
        return []
    first, second = (_EPERM, _ALLOW) if refuse else (_ALLOW, _EPERM)
    tests = [part for value in values for part in (_do(test, value, 0, 1), _do(_RETURN, first))]
    return [
        _do(_EQUAL, number, 0, len(tests) + 2),
        _do(_LOAD, _FIRST_ARGUMENT + 8 * place),
        *tests,
        _do(_RETURN, second),
    ]


def _do(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
